import { SessionError } from '../errors.ts'

/** The attributes of the session's cookie. The defaults follow the strictest common advice. */
export interface CookieAttributes {
  /** Default `__Host-session`. A browser accepts it only over https, for this host, for all paths. */
  readonly name: string
  readonly path: string
  /**
   * Default none: this host only. A request to a host outside the domain gets no cookie, and the event
   * `domain-mismatch`.
   */
  readonly domain: string | undefined
  /** In any case: `lax` is the same as `Lax`. */
  readonly sameSite: SameSite | Lowercase<SameSite> | Uppercase<SameSite>
  readonly secure: boolean
  readonly httpOnly: boolean
  /** CHIPS: a separate cookie for each top-level site that embeds this one. */
  readonly partitioned: boolean
  /**
   * Which cookies Chromium drops first when a registrable domain, including its subdomains, has more than 180. Other
   * browsers ignore it. Default `High`; `undefined` omits it.
   */
  readonly priority?: 'Low' | 'Medium' | 'High' | undefined
  /** True if the cookie outlives the browser session, with a Max-Age up to the absolute timeout. */
  readonly persistent: boolean
}

export type SameSite = 'Lax' | 'Strict' | 'None'

/** Returns the usual spelling of a SameSite value, or `undefined` if it is invalid. */
export function sameSiteOf(value: unknown): SameSite | undefined {
  const name = String(value).toLowerCase()
  return (['Lax', 'Strict', 'None'] as const).find((each) => each.toLowerCase() === name)
}

/** RFC 6265bis section 5.5: browsers cap Max-Age at 400 days. */
export const MAX_AGE_CAP_SECONDS: number = 400 * 86_400
/** A Cookie header can repeat a name. Checking only this many values limits the cost of a flood. */
const MAX_SAME_NAME = 4

/**
 * Returns the values of all cookies with this name, at most four, in the header's order (RFC 6265 section 4.2). Returns
 * an empty list if there is none. Browsers send two if two paths or domains have set the same name (RFC 6265bis section
 * 8.6). A comma ends a value, because workerd joins two Cookie headers with one. `isWhole` keeps the comma, for the
 * cookies of other programs.
 */
export function readCookies(header: string | null, name: string, isWhole = false): string[] {
  const values: string[] = []
  if (header === null) return values
  const start = `${name}=`
  let at = header.indexOf(start)
  while (at >= 0 && values.length < MAX_SAME_NAME) {
    const next = header.indexOf(';', at)
    const end = next < 0 ? header.length : next
    const before = withoutBlanks(header, 0, at)
    // A pair after a comma is ignored, since a subdomain can put a comma and a prefixed name into one of its own
    // values.
    if (before === '' || before.endsWith(';')) {
      const comma = isWhole ? -1 : header.slice(at, end).indexOf(',')
      const stop = comma < 0 ? end : at + comma
      values.push(withoutBlanks(header, at + start.length, stop).replace(/^[ \t]+/, ''))
    }
    at = header.indexOf(start, end)
  }
  return values
}

/**
 * Returns a part of the header without trailing spaces and tabs (RFC 6265bis section 5.6). A cookie's name may begin
 * with other JavaScript whitespace. Browsers do not see a prefix in such a name, and accept it from any subdomain.
 */
function withoutBlanks(header: string, from: number, to: number): string {
  let end = to
  while (end > from && ' \t'.includes(header.charAt(end - 1))) end -= 1
  return header.slice(from, end)
}

/** Returns the Set-Cookie value that stores a token. `maxAgeSeconds` applies to persistent cookies only. */
export function serializeCookie(
  cookie: CookieAttributes,
  value: string,
  maxAgeSeconds: number,
): string {
  const maxAge = Math.max(0, Math.min(Math.floor(maxAgeSeconds), MAX_AGE_CAP_SECONDS))
  return `${cookie.name}=${value}${cookie.persistent ? `; Max-Age=${maxAge}` : ''}${attributeText(cookie)}`
}

/**
 * Returns the Set-Cookie value that deletes the cookie. A browser deletes a cookie only if name, domain, path (RFC
 * 6265bis section 5.7) and `Partitioned` are the same.
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
    `; SameSite=${sameSiteOf(cookie.sameSite)}` +
    (cookie.partitioned ? '; Partitioned' : '') +
    (cookie.priority === undefined ? '' : `; Priority=${cookie.priority}`)
  )
}

/** The address of a request without a known one. Any `domain` matches it, and it cannot be resolved. */
export const UNKNOWN_ADDRESS = 'about:blank'

/**
 * True if browsers accept a cookie with this Domain attribute from a host (RFC 6265 sections 5.1.3, 5.2.3 and 5.3),
 * which is the `hostname` of a `URL`. A domain of one label counts as a public suffix. Other public suffixes are not
 * known.
 */
export function matchesDomain(host: string, attribute: string): boolean {
  const domain = attribute.replace(/^\./, '').toLowerCase()
  if (host === domain || host === '') return true
  return domain.includes('.') && host.endsWith(`.${domain}`) && !/^\d+(\.\d+){3}$/.test(host)
}

/**
 * Throws `ERR_OPTION` for a cookie that browsers would refuse, that would have a wider scope than it appears to, or
 * that would inject attributes (RFC 6265bis sections 4.1.1, 4.1.3, 5.6 and 5.7). Browsers match the prefixes without
 * regard to case (section 5.4). With a token of at most 200 bytes, name and value together stay under 4,096 bytes.
 */
export function checkCookie(cookie: CookieAttributes): void {
  const fault = faultsOf(cookie).find(([isWrong]) => isWrong)
  if (fault === undefined) return
  throw new SessionError('ERR_OPTION', `cookie ${JSON.stringify(cookie.name)}: ${fault[1]}`)
}

function faultsOf(cookie: CookieAttributes): [isWrong: boolean, advice: string][] {
  const { name, path, domain = 'localhost', secure, httpOnly, partitioned } = cookie
  const { priority = 'High' } = cookie
  const sameSite = sameSiteOf(cookie.sameSite)
  const isWide = path !== '/' || cookie.domain !== undefined
  const needsSecure = [/^__(host|http|secure)-/i.test(name), sameSite === 'None', partitioned]
  return [
    [!NAME.test(name), "a name must have 1 to 3800 letters, digits or !#$%&'*+.^`|~_-"],
    [!PATH.test(path), 'path must start with /, without ; in up to 1024 characters.'],
    [!DOMAIN.test(domain), 'domain must be a host name, such as example.com.'],
    [sameSite === undefined, "sameSite is 'Lax', 'Strict' or 'None'."],
    [!['Low', 'Medium', 'High'].includes(priority), "priority is 'Low', 'Medium' or 'High'."],
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
