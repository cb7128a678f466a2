/** A cookie as a browser keeps it (RFC 6265bis section 5.7). */
export interface Cookie {
  readonly name: string
  readonly value: string
  readonly domain: string
  /** Whether subdomains do not get it: there was no Domain attribute. */
  readonly hostOnly: boolean
  readonly path: string
  readonly secure: boolean
  readonly httpOnly: boolean
  readonly sameSite: 'Strict' | 'Lax' | 'None'
  readonly partitioned: boolean
  /** When it goes, in milliseconds since 1970; `Infinity` for one that goes with the browser's session. */
  readonly expiresAt: number
}

/** RFC 6265bis section 5.5: no cookie lives longer. */
const MAX_AGE_CAP_SECONDS = 400 * 86_400
/** RFC 6265bis section 5.6: a longer attribute is ignored. */
const MAX_ATTRIBUTE_LENGTH = 1024

/**
 * What a Set-Cookie header of a response from this address asks for (RFC 6265bis sections 5.6 and 5.7), whether or not a
 * browser would keep it. `now` is in milliseconds since 1970.
 */
export function parseSetCookie(
  setCookie: string,
  { hostname, pathname }: URL,
  now: number,
): Cookie {
  const [pair = '', ...parts] = setCookie.split(';')
  const attributes = new Map(parts.map(attributeOf).filter(isShort))
  const equals = pair.indexOf('=')
  const domain = attributes.get('domain')?.replace(/^\./, '').toLowerCase() ?? ''
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

function attributeOf(part: string): [name: string, value: string] {
  const equals = part.indexOf('=')
  const end = equals < 0 ? part.length : equals
  return [trimmed(part.slice(0, end)).toLowerCase(), trimmed(part.slice(end + 1))]
}

function isShort([, value]: readonly [string, string]): boolean {
  return value.length <= MAX_ATTRIBUTE_LENGTH
}

/** Without spaces and tabs at its ends; those alone count as blanks here. */
function trimmed(text: string): string {
  return text.replaceAll(/^[ \t]+|[ \t]+$/g, '')
}

/** Lax where nothing is said, or nothing known (RFC 6265bis section 5.6.7, and what browsers do by default). */
function sameSiteOf(value = ''): Cookie['sameSite'] {
  const known = (['Strict', 'Lax', 'None'] as const).find(
    (each) => each.toLowerCase() === value.toLowerCase(),
  )
  return known ?? 'Lax'
}

/** Max-Age counts before Expires; what is neither a number nor a date is ignored. */
function expiryOf(attributes: ReadonlyMap<string, string>, now: number): number {
  const cap = now + MAX_AGE_CAP_SECONDS * 1000
  const maxAge = attributes.get('max-age') ?? ''
  if (/^-?\d+$/.test(maxAge)) {
    return Number(maxAge) <= 0 ? -Infinity : Math.min(now + Number(maxAge) * 1000, cap)
  }
  const expires = Date.parse(attributes.get('expires') ?? '')
  return Number.isNaN(expires) ? Infinity : Math.min(expires, cap)
}
