import { problem } from './problem.ts'

/** What a response has to say of its request's session. */
interface SessionHeaders {
  readonly isUsed: boolean
  readonly cookieName: string
  readonly setCookie: string | undefined
  readonly clearSiteData: string | undefined
  /** The Set-Cookie values that clear old applications' cookies. */
  readonly cleared: readonly string[]
}

/**
 * The response with the session's cookie on it, if there is one to send: one Set-Cookie for its name, the handler's others
 * kept, and `Cache-Control: private, no-store` whatever the handler allowed, since a cached copy would hand one visitor's
 * session to another (OWASP; RFC 9111 section 7.3). `Vary: Cookie` when the session was used.
 */
export function withSessionHeaders(
  response: Response,
  { isUsed, cookieName, setCookie, clearSiteData, cleared }: SessionHeaders,
): Response {
  let result = response
  if (clearSiteData !== undefined) {
    result = new Response(result.body, result)
    result.headers.set('Clear-Site-Data', clearSiteData)
  }
  if (setCookie !== undefined || cleared.length > 0) {
    // A copy always: an application may send one Response object to many visitors.
    result = new Response(result.body, result)
    if (setCookie !== undefined) setOneCookie(result.headers, cookieName, setCookie)
    for (const value of cleared) clearOther(result.headers, value)
    result.headers.set('Cache-Control', 'private, no-store')
    for (const name of CACHE_HEADERS) result.headers.delete(name)
  }
  return isUsed ? withVary(result) : result
}

/** What caches heed before Cache-Control (RFC 9213; Cloudflare: CDN-Cache-Control). */
const CACHE_HEADERS = ['CDN-Cache-Control', 'Cloudflare-CDN-Cache-Control', 'Surrogate-Control']

function setOneCookie(headers: Headers, cookieName: string, setCookie: string): void {
  const others = headers.getSetCookie().filter((value) => !value.startsWith(`${cookieName}=`))
  headers.delete('Set-Cookie')
  for (const value of [...others, setCookie]) headers.append('Set-Cookie', value)
}

/** Clears another cookie, unless the handler has set it itself. */
function clearOther(headers: Headers, clear: string): void {
  const start = clear.slice(0, clear.indexOf('=') + 1)
  if (headers.getSetCookie().some((value) => value.startsWith(start))) return
  headers.append('Set-Cookie', clear)
}

function withVary(response: Response): Response {
  const vary = response.headers.get('Vary') ?? ''
  if (/(^|[\s,])(cookie|\*)($|[\s,])/i.test(vary)) return response
  try {
    response.headers.append('Vary', 'Cookie')
    return response
  } catch {
    // A redirect's or a fetched response's headers can't be changed.
    const copy = new Response(response.body, response)
    copy.headers.append('Vary', 'Cookie')
    return copy
  }
}

/** What a request gets whose session was over before its changes were written (RFC 9110 section 15.5.10). */
export function lateWriteResponse(): Response {
  return problem(
    409,
    'Conflict',
    'ERR_SESSION_ENDED',
    'The session ended while this request was using it. Nothing was saved. Try again.',
  )
}

/** What a request gets whose session can't be reached (RFC 9110 sections 15.6.4 and 10.2.3). */
export function unavailableResponse(): Response {
  return problem(
    503,
    'Service Unavailable',
    'ERR_STORE',
    'The session cannot be reached at the moment. Try again.',
    { 'Retry-After': RETRY_AFTER_SECONDS },
  )
}

/** The runtime has already tried for some time; a page that is loaded anew by hand comes about as late. */
const RETRY_AFTER_SECONDS = '5'
