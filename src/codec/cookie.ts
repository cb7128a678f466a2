import { SessionError } from '../errors.ts'

/** The attributes of the session's cookie. Each has a default that the strictest common advice asks for. */
export interface CookieAttributes {
  /** Default `__Host-session`: a browser takes it only over https, for this very host, for all paths. */
  readonly name: string
  readonly path: string
  readonly domain: string | undefined
  readonly sameSite: 'Lax' | 'Strict' | 'None'
  readonly secure: boolean
  readonly httpOnly: boolean
  /** CHIPS: a separate cookie for each top-level site in which this one is embedded. */
  readonly partitioned: boolean
  /** Whether the cookie outlives the browser's own session, by a Max-Age up to the session's absolute timeout. */
  readonly persistent: boolean
}

/** RFC 6265bis section 5.5: browsers cap Max-Age at 400 days. */
const MAX_AGE_CAP_SECONDS = 400 * 86_400
/** One Cookie header can repeat a name: this many of its values are looked at, so that a flood costs no more. */
const MAX_SAME_NAME = 4

/**
 * The values of all cookies of this name in a Cookie header, in the header's order (RFC 6265 section 4.2), four at
 * most; empty where there is none. Browsers send two when two paths or domains have set one name (RFC 6265bis 8.6).
 */
export function readCookies(header: string | null, name: string): string[] {
  const values: string[] = []
  if (header === null) return values
  const start = `${name}=`
  let at = header.indexOf(start)
  while (at >= 0 && values.length < MAX_SAME_NAME) {
    const next = header.indexOf(';', at)
    const end = next < 0 ? header.length : next
    const before = withoutBlanks(header, 0, at)
    if (before === '' || before.endsWith(';')) {
      values.push(withoutBlanks(header, at + start.length, end).replace(/^[ \t]+/, ''))
    }
    at = header.indexOf(start, end)
  }
  return values
}

/**
 * A part of the header without the blanks at its end: space and tab only (RFC 6265bis section 5.6). What JavaScript calls
 * white space besides may begin a cookie's name; a browser sees no prefix in such a name, and takes it from any subdomain.
 */
function withoutBlanks(header: string, from: number, to: number): string {
  let end = to
  while (end > from && ' \t'.includes(header.charAt(end - 1))) end -= 1
  return header.slice(from, end)
}

/** The Set-Cookie value that stores a token; `maxAgeSeconds` counts for a persistent cookie only. */
export function serializeCookie(
  cookie: CookieAttributes,
  value: string,
  maxAgeSeconds: number,
): string {
  const maxAge = Math.max(0, Math.min(Math.floor(maxAgeSeconds), MAX_AGE_CAP_SECONDS))
  return `${cookie.name}=${value}${cookie.persistent ? `; Max-Age=${maxAge}` : ''}${attributeText(cookie)}`
}

/**
 * The Set-Cookie value that removes the cookie. A browser removes it only when name, domain and path are those it was
 * set with (RFC 6265bis section 5.7), and `Partitioned` too.
 */
export function clearCookie(cookie: CookieAttributes): string {
  return `${cookie.name}=; Max-Age=0${attributeText(cookie)}`
}

function attributeText(cookie: CookieAttributes): string {
  return (
    (cookie.domain === undefined ? '' : `; Domain=${cookie.domain}`) +
    `; Path=${cookie.path}` +
    (cookie.secure ? '; Secure' : '') +
    (cookie.httpOnly ? '; HttpOnly' : '') +
    `; SameSite=${cookie.sameSite}` +
    (cookie.partitioned ? '; Partitioned' : '')
  )
}

/**
 * Throws `ERR_OPTION` for a cookie that a browser would refuse, that would reach further than it looks, or that would
 * bring attributes of its own (RFC 6265bis sections 4.1.1, 4.1.3, 5.6 and 5.7). Browsers take the prefixes in any case of
 * letters (section 5.4). With a token of 200 bytes at most, name and value stay under 4,096 bytes together.
 */
export function checkCookie(cookie: CookieAttributes): void {
  const fault = faultsOf(cookie).find(([isWrong]) => isWrong)
  if (fault === undefined) return
  throw new SessionError('ERR_OPTION', `cookie ${JSON.stringify(cookie.name)}: ${fault[1]}`)
}

function faultsOf(cookie: CookieAttributes): [isWrong: boolean, advice: string][] {
  const { name, path, domain = 'localhost', sameSite, secure, httpOnly, partitioned } = cookie
  const isWide = path !== '/' || cookie.domain !== undefined
  const needsSecure = [/^__(host|http|secure)-/i.test(name), sameSite === 'None', partitioned]
  return [
    [!NAME.test(name), "a name has 1 to 3800 letters, digits or !#$%&'*+.^`|~_-"],
    [!PATH.test(path), 'path starts with / and has no ; in up to 1024 characters.'],
    [!DOMAIN.test(domain), 'domain is a host name, such as example.com.'],
    [!['Lax', 'Strict', 'None'].includes(sameSite), "sameSite is 'Lax', 'Strict' or 'None'."],
    [
      isWide && /^__host-/i.test(name),
      "__Host- needs path: '/' and no domain. Change them, or use the prefix __Secure-.",
    ],
    [
      !secure && needsSecure.includes(true),
      "the prefixes, sameSite: 'None' and partitioned need secure: true. For plain http use a name such as 'session'.",
    ],
    [!httpOnly && /^__(host-)?http-/i.test(name), '__Http- needs httpOnly: true.'],
  ]
}

const NAME = /^[\w!#$%&'*+.^`|~-]{1,3800}$/
const PATH = /^\/[ -:<-~]{0,1023}$/
const DOMAIN = /^[\w.-]{1,1024}$/
