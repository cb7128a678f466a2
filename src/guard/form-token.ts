/** How much is searched at a time. */
const WINDOW = 65_536
/** The end of a window that is searched again with the next one: longer than any match. */
const OVERLAP = 4000
/** So many pieces are searched as they come, and then one for so many bytes, so that small ones do not cost more. */
const PIECES = 32
const PIECE_BYTES = 1000

/** The result of a search for a form's token. */
export interface FormToken {
  readonly token?: string
  /** How many bytes were searched, if the form has more and there was no token in them. */
  readonly limit?: number
}

/**
 * Returns the value of a form's field that a token can be, from a copy of the body; the first one, if there are more.
 * Searches the first 64 kB of a URL-encoded form and the first 1 MB of a multipart form, counted while reading, and
 * reads no further: not past the token either. Only a window of the body is held here. What was read is kept by the
 * runtime, for the handler.
 */
export async function tokenInForm(request: Request, field: string): Promise<FormToken> {
  const form = formOf(request.headers.get('content-type') ?? '', field)
  if (form === undefined || request.bodyUsed) return {}
  try {
    const reader = request.clone().body?.getReader()
    if (reader === undefined) return {}
    const found = await search(reader, form)
    // Not awaited, since it waits for the other copy.
    reader.cancel().catch(() => undefined)
    return found
  } catch {
    // An unreadable form has no token.
    return {}
  }
}

/** A kind of form. */
interface Form {
  /** How many bytes are searched. A form with files has to have its token before them. */
  readonly limit: number
  /** The text to put before and after the body, so that its first and last fields are like the others. */
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
    // No announced length counts: it may be absent or wrong.
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

/** True if a text can wait for more pieces, because there were more searches than pieces of the usual size. */
function isTooSoon(text: string, excess: number): boolean {
  return text.length < WINDOW && excess > PIECES
}

/** Returns the form of a content type, or `undefined` if it is not one. */
function formOf(type: string, field: string): Form | undefined {
  if (/^application\/x-www-form-urlencoded\b/i.test(type)) return urlencoded(field)
  const [, quoted, bare] = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(type) ?? []
  const boundary = quoted ?? bare
  const isMultipart = /^multipart\/form-data\b/i.test(type)
  return isMultipart && boundary !== undefined ? multipart(boundary, field) : undefined
}

/** The form of the URL Standard, section 5. */
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

/** The form of RFC 7578. */
function multipart(boundary: string, field: string): Form {
  const delimiter = escaped(`\r\n--${boundary}`)
  // Few and short lines, so that a body without an empty line does not cost more than its length.
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

/** Returns a text with a character for each byte. */
function textOf(bytes: Uint8Array): string {
  return latin1.decode(bytes)
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** Returns the pattern that matches this text. */
function escaped(text: string): string {
  return text.replaceAll(
    /\W/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
