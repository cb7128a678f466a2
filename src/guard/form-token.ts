/** The number of characters searched at a time. */
const WINDOW = 65_536
/**
 * The number of characters at the end of a window that are searched again with the next one, more than any match has.
 */
const OVERLAP = 4000
/**
 * This many chunks are searched as they arrive, and after that one per this many bytes, so that small chunks do not
 * cost more.
 */
const PIECES = 32
const PIECE_BYTES = 1000

/** The result of a search for a form's token. */
export interface FormToken {
  readonly token?: string
  /** The number of bytes searched, if the form is longer and no token was found in them. */
  readonly limit?: number
}

/**
 * Returns the first value of this form field that can be a token, from a copy of the body. Searches the first 64 kB of
 * a URL-encoded form and the first 1 MB of a multipart form, counted while reading, and stops after the token. Only a
 * window of the body is held here. The runtime keeps what was read, for the handler.
 */
export async function tokenInForm(request: Request, field: string): Promise<FormToken> {
  const form = formOf(request.headers.get('content-type') ?? '', field)
  if (form === undefined || request.bodyUsed) return {}
  try {
    const reader = request.clone().body?.getReader()
    if (reader === undefined) return {}
    const found = await search(reader, form)
    // Not awaited, since it waits until the other copy is read.
    reader.cancel().catch(() => undefined)
    return found
  } catch {
    // A form that cannot be read has no token.
    return {}
  }
}

/** The format of a form. */
interface Form {
  /** The number of bytes to search. In a form with files, the token must come first. */
  readonly limit: number
  /** The text to add before and after the body, so that its first and last fields look like the others. */
  readonly start: string
  readonly end: string
  readonly tokenIn: (text: string) => string | undefined
}

async function search(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  { limit, start, end, tokenIn }: Form,
): Promise<FormToken> {
  let text = start
  let bytes = 0
  for (let searches = 0; ;) {
    // oxlint-disable-next-line no-await-in-loop -- a stream is read in order
    const { done, value = NOTHING } = await reader.read()
    // An announced length is ignored: it may be missing or wrong.
    const piece = value.subarray(0, limit - bytes)
    bytes += piece.length
    const isCut = bytes === limit
    const isLast = done || isCut
    text += textOf(piece)
    if (!isLast && isTooSoon(text, searches - bytes / PIECE_BYTES)) continue
    searches += 1
    const token = tokenIn(isLast ? text + end : text)
    if (token !== undefined) return { token }
    if (isCut) return { limit }
    if (done) return {}
    text = text.slice(-OVERLAP)
  }
}

/** True if the text can wait for more chunks, because there were more searches than chunks of the usual size. */
function isTooSoon(text: string, excess: number): boolean {
  return text.length < WINDOW && excess > PIECES
}

/** Returns the form of a content type, or `undefined` if it has none. */
function formOf(type: string, field: string): Form | undefined {
  if (/^application\/x-www-form-urlencoded\b/i.test(type)) return urlencoded(field)
  const [, quoted, bare] = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(type) ?? []
  const boundary = quoted ?? bare
  const isMultipart = /^multipart\/form-data\b/i.test(type)
  return isMultipart && boundary !== undefined ? multipart(boundary, field) : undefined
}

/** URL Standard, section 5. */
function urlencoded(field: string): Form {
  const name = Array.from(bytesOf(field), (byte) => {
    const hex = byte.toString(16).padStart(2, '0')
    const digits = hex.replaceAll(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`)
    const space = byte === 0x20 ? '|\\+' : ''
    return `(?:${escaped(textOf(Uint8Array.of(byte)))}|%${digits}${space})`
  })
  const pair = new RegExp(`&${name.join('')}=((?:[\\w-]|%[0-9A-Fa-f]{2}){86,128})&`)
  const tokenIn = (text: string): string | undefined => {
    const value = pair.exec(text)?.[1]
    return value === undefined ? undefined : decodeURIComponent(value)
  }
  return { limit: 64_000, start: '&', end: '&', tokenIn }
}

/** RFC 7578. */
function multipart(boundary: string, field: string): Form {
  const delimiter = escaped(`\r\n--${boundary}`)
  // Limits the number and length of lines, so that a body without an empty line does not cost more than its length.
  const lines = '((?:[^\\r\\n]{1,400}\\r\\n){1,4})'
  const part = new RegExp(`${delimiter}\\r\\n${lines}\\r\\n([\\w-]{86,128})(?=${delimiter})`, 'g')
  const name = textOf(bytesOf(field))
  const tokenIn = (text: string): string | undefined => {
    for (const [, headers = '', value] of text.matchAll(part)) {
      const [, quoted, bare] =
        /^content-disposition:.*;\s*name=(?:"([^"]*)"|([^;\s]*))\s*$/im.exec(headers) ?? []
      if ((quoted ?? bare) === name) return value
    }
    return undefined
  }
  return { limit: 1_000_000, start: '\r\n', end: '', tokenIn }
}

const NOTHING = new Uint8Array()
const latin1 = new TextDecoder('latin1')

/** Returns a text with one character per byte. */
function textOf(bytes: Uint8Array): string {
  return latin1.decode(bytes)
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** Returns the text escaped for a regular expression. */
function escaped(text: string): string {
  return text.replaceAll(
    /\W/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
