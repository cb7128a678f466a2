import { parseCookieDate } from './cookie-date.ts'

/** A cookie as a browser keeps it (RFC 6265bis section 5.7). */
export interface Cookie {
  readonly name: string
  readonly value: string
  readonly domain: string
  /** True if subdomains do not get it, because there was no Domain attribute. */
  readonly hostOnly: boolean
  readonly path: string
  readonly secure: boolean
  readonly httpOnly: boolean
  readonly sameSite: 'Strict' | 'Lax' | 'None'
  readonly partitioned: boolean
  /** When it expires, in milliseconds since 1970. `Infinity` for a session cookie. */
  readonly expiresAt: number
}

/** RFC 6265bis section 5.5: the maximum lifetime of a cookie. */
const MAX_AGE_CAP_SECONDS = 400 * 86_400
/** RFC 6265bis section 5.6: a longer attribute is ignored. */
const MAX_ATTRIBUTE_BYTES = 1024

/**
 * Parses a Set-Cookie header of a response from this address (RFC 6265bis sections 5.6 and 5.7), even if a browser
 * would not keep the cookie. `now` is in milliseconds since 1970.
 */
export function parseSetCookie(
  setCookie: string,
  { hostname, pathname }: URL,
  now: number,
): Cookie {
  const [pair = ''] = setCookie.split(';', 1)
  const attributes = attributesOf(setCookie)
  const equals = pair.indexOf('=')
  // A single dot is a domain that matches no host in browsers. In the RFC it is an empty one.
  const domain =
    attributes
      .get('domain')
      ?.replace(/^\.(?=.)/, '')
      .toLowerCase() ?? ''
  const path = attributes.get('path') ?? ''
  return {
    name: equals < 0 ? '' : trimmed(pair.slice(0, equals)),
    value: trimmed(pair.slice(equals + 1)),
    domain: domain === '' ? hostname : domain,
    hostOnly: domain === '',
    path: path.startsWith('/') ? path : pathname.replace(/(.)\/[^/]*$|[^/]*$/, '$1'),
    secure: attributes.has('secure'),
    httpOnly: attributes.has('httponly'),
    sameSite: sameSiteOf(attributes.get('samesite')),
    partitioned: attributes.has('partitioned'),
    expiresAt: expiryOf(attributes, now),
  }
}

/**
 * Returns the attributes by lower-case name. The last one with a name counts. In browsers that includes a Max-Age that
 * is not a number, which hides an earlier one.
 */
export function attributesOf(setCookie: string): ReadonlyMap<string, string> {
  return new Map(setCookie.split(';').slice(1).map(attributeOf).filter(isShort))
}

function attributeOf(part: string): [name: string, value: string] {
  const equals = part.indexOf('=')
  const end = equals < 0 ? part.length : equals
  return [trimmed(part.slice(0, end)).toLowerCase(), trimmed(part.slice(end + 1))]
}

function isShort([, value]: readonly [string, string]): boolean {
  return byteLength(value) <= MAX_ATTRIBUTE_BYTES
}

/**
 * Returns the number of bytes of a part of a header. workerd decodes a header from UTF-8. Node, Bun and Deno return
 * each byte as a character.
 */
export function byteLength(text: string): number {
  if (/^[\0-\x7F]*$/.test(text)) return text.length
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0))
  const isText = /[^\0-\xFF]/.test(text) || !isUtf8(bytes)
  return isText ? new TextEncoder().encode(text).length : bytes.length
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    return true
  } catch {
    return false
  }
}

/** Returns the text without spaces and tabs at its ends. No other character counts as blank here. */
function trimmed(text: string): string {
  return text.replaceAll(/^[ \t]+|[ \t]+$/g, '')
}

/** Lax if the value is absent or unknown (RFC 6265bis section 5.6.7, and the browsers' default). */
function sameSiteOf(value = ''): Cookie['sameSite'] {
  const known = (['Strict', 'Lax', 'None'] as const).find(
    (each) => each.toLowerCase() === value.toLowerCase(),
  )
  return known ?? 'Lax'
}

/** Max-Age takes precedence over Expires. A value that is not a number or not a date is ignored. */
function expiryOf(attributes: ReadonlyMap<string, string>, now: number): number {
  const cap = now + MAX_AGE_CAP_SECONDS * 1000
  const maxAge = attributes.get('max-age') ?? ''
  if (/^-?\d+$/.test(maxAge)) {
    return Number(maxAge) <= 0 ? -Infinity : Math.min(now + Number(maxAge) * 1000, cap)
  }
  const expires = parseCookieDate(attributes.get('expires') ?? '')
  return expires === undefined ? Infinity : Math.min(expires, cap)
}
