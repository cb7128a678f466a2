import { clearCookie, MAX_AGE_CAP_SECONDS, serializeCookie } from '../codec/cookie.ts'
import { openToken, signToken, type Token } from '../codec/token.ts'
import type { Await } from '../record/store.ts'
import { timeoutsOf } from './open.ts'
import { withHeadersOf } from './problem.ts'
import type { RequestSession } from './request-session.ts'
import type { Live, SessionState } from './state.ts'

/** The change to the browser's cookie: a new token, the same token with new data, or removal. */
type CookieChange = 'issue' | 'refresh' | 'clear'

/**
 * Returns the response with the session's headers: one Set-Cookie with its name, and the handler's other cookies. With
 * any Set-Cookie, `Cache-Control` becomes `private, no-store`, since a cached copy would give one visitor's session to
 * another (OWASP; RFC 9111 section 7.3). If the session was used, `Vary` has `Cookie`, and `Cache-Control` says who may
 * keep the response, unless the handler has set it.
 */
export function withSessionHeaders(session: RequestSession, response: Response): Await<Response> {
  const change = cookieChange(session)
  if (change !== undefined) return withCookie(session, response, change)
  return session.headers.length > 0
    ? withHeaders(session, response)
    : withCaching(session, response)
}

/** Returns the change to the cookie, or `undefined` if the browser has the current one. */
function cookieChange(session: RequestSession): CookieChange | undefined {
  const { state, token, arrival } = session
  if (state.is === 'ended' || isDestroyed(state)) {
    return arrival.hasCookie && session.canKeep ? 'clear' : undefined
  }
  if (token === undefined) return undefined
  if (token !== arrival.token) return 'issue'
  return isDue(session) ? 'refresh' : undefined
}

/** True if this request destroyed the session and did not create another one. */
export function isDestroyed(state: SessionState): boolean {
  return state.is === 'destroyed' || (state.is === 'none' && state.hasEnded === true)
}

/** True if the token must be sent again, with the latest data from the store. */
function isDue(session: RequestSession): boolean {
  const { state, arrival, settings } = session
  const { context, cookie } = settings
  // With renewals, only the store knows if the token is still the latest.
  if (state.is !== 'live') return arrival.isOldKey && context.renew === undefined
  // The browser may already have the next token, and the previous one is only valid for a moment.
  if (state.status.renewal !== undefined) return false
  if (arrival.isOldKey) return true
  const { status, token } = state
  if (bookmarkOf(state) !== token.bookmark) return true
  // The browser has the Max-Age of the previous timeout.
  if (cookie.persistent && token.usedAt < (status.absoluteSince ?? 0)) return true
  return isUseDue(session, state)
}

/** True if the last use recorded in the token is too old. */
function isUseDue(session: RequestSession, { askedAt, token }: Live): boolean {
  const { store, settings, isUse } = session
  // A cookie does not live longer, however long the idle timeout is.
  const lifetime = Math.min(timeoutsOf(session).idle, MAX_AGE_CAP_SECONDS * 1000)
  // If the store does not record uses, the token is the only record.
  const interval = store.can.recordUse ? lifetime / 2 : settings.context.touch
  return askedAt - token.usedAt >= interval && isUse
}

async function withCookie(
  session: RequestSession,
  response: Response,
  change: CookieChange,
): Promise<Response> {
  const { settings } = session
  const token = change === 'clear' ? undefined : tokenToSend(session)
  const theirs = valueOn(response, settings.cookie.name)
  if (theirs !== undefined && (await isKept(session, theirs, change, token))) {
    return withHeaders(session, response)
  }
  const cookie =
    token === undefined ? clearCookie(settings.cookie) : await setCookie(session, token, change)
  session.isIssued = false
  return withHeaders(session, response, cookie)
}

/**
 * Returns the token's next bookmark, which never decreases. If the store returns none, the bookmark is dropped, because
 * another version of the Worker must not treat the current writes as known.
 */
function bookmarkOf({ status, token }: Live): number | undefined {
  const { bookmark } = status
  return bookmark === undefined ? undefined : Math.max(bookmark, token.bookmark ?? 0)
}

/** Returns the token with the latest data from the store. */
function tokenToSend(session: RequestSession): Token | undefined {
  const { state, token: present } = session
  if (state.is !== 'live') return present
  const { bookmark: _, isRemembered: __, ...token } = state.token
  const bookmark = bookmarkOf(state)
  const marked = bookmark !== undefined && { bookmark }
  const remembered = timeoutsOf(session) !== session.settings.context && { isRemembered: true }
  const usedAt = Math.max(token.usedAt, state.usedAt)
  return { ...token, usedAt, ...marked, ...remembered }
}

/** Returns the Set-Cookie value for this token. */
async function setCookie(
  session: RequestSession,
  token: Token,
  change?: CookieChange,
): Promise<string> {
  const { settings, keyring, arrival, id } = session
  if (change === 'refresh' && arrival.isOldKey) session.report({ type: 're-signed', id })
  const { cookie, now } = settings
  const value = await signToken(keyring, cookie.name, token)
  const persistent = cookie.persistent || token.isRemembered === true
  const maxAge = (token.createdAt + timeoutsOf(session).absolute - now()) / 1000
  return serializeCookie({ ...cookie, persistent }, value, maxAge)
}

/**
 * Returns the Set-Cookie value for the current state, even if the browser already has it, or an empty text if there is
 * no session.
 */
export async function currentCookie(session: RequestSession): Promise<string> {
  const { settings, state } = session
  const change = cookieChange(session)
  if (change === 'clear') return clearCookie(settings.cookie)
  const token = state.is === 'presented' || state.is === 'live' ? tokenToSend(session) : undefined
  if (token === undefined) return ''
  return setCookie(session, token, change)
}

/**
 * True if a cookie with our name that is already on the response stays, because another layer set it for a newer
 * session or token. A token issued in this request replaces any other.
 */
async function isKept(
  session: RequestSession,
  value: string,
  change: CookieChange,
  ours: Token | undefined,
): Promise<boolean> {
  // Another layer signed the user out.
  if (value === '') return change !== 'issue'
  const opened = await openToken(session.keyring, session.settings.cookie.name, value)
  if (!opened.ok) return false
  const isSame = session.store.idOf(opened.token.handle) === session.id
  if (change === 'refresh') return ours === undefined || !isOlder(opened.token, ours)
  if (change === 'issue' && !isSame) session.report({ type: 'cookie-conflict', id: session.id })
  return change === 'clear' && !isSame
}

/** True if a token is an older version of ours. */
function isOlder({ handle, secret, usedAt, bookmark = -1 }: Token, ours: Token): boolean {
  const isSame = handle === ours.handle && secret === ours.secret
  return isSame && (usedAt < ours.usedAt || bookmark < (ours.bookmark ?? -1))
}

/**
 * Returns the last value that a response sets for this cookie name, empty if it clears the cookie, or `undefined` if it
 * sets none.
 */
export function valueOn(response: Response, cookieName: string): string | undefined {
  const start = `${cookieName}=`
  const setting = response.headers.getSetCookie().findLast((each) => each.startsWith(start))
  return setting?.slice(start.length).split(';', 1).join('')
}

/** Returns our response with the session cookie and the `KEPT` headers of the replaced one. */
export function withSuccessor(
  { settings }: RequestSession,
  replaced: Response | undefined,
  response: Response,
): Response {
  if (replaced === undefined) return response
  const result = withHeadersOf(replaced, response)
  const start = `${settings.cookie.name}=`
  const theirs = replaced.headers.getSetCookie().filter((value) => value.startsWith(start))
  for (const value of theirs) result.headers.append('Set-Cookie', value)
  return result
}

/** Returns a copy of the response with the headers of the session. */
function withHeaders(session: RequestSession, response: Response, cookie?: string): Response {
  // A copy, because an application may send one Response object to many visitors.
  const result = new Response(response.body, response)
  const { headers } = result
  if (cookie !== undefined) {
    const start = `${session.settings.cookie.name}=`
    const others = headers.getSetCookie().filter((value) => !value.startsWith(start))
    headers.delete('Set-Cookie')
    for (const value of [...others, cookie]) headers.append('Set-Cookie', value)
  }
  for (const [name, value, applies] of session.headers) {
    if (applies?.(headers) === false) continue
    if (name !== 'Set-Cookie') headers.set(name, value)
    else if (!hasCookie(headers, value)) headers.append(name, value)
  }
  if (headers.has('Set-Cookie')) forbidStoring(headers)
  return withCaching(session, result)
}

/** True if the handler has set this other cookie itself. */
function hasCookie(headers: Headers, setting: string): boolean {
  const start = setting.slice(0, setting.indexOf('=') + 1)
  return headers.getSetCookie().some((value) => value.startsWith(start))
}

/** The headers that caches prefer over Cache-Control (RFC 9213; Cloudflare: CDN-Cache-Control). */
const CACHE_HEADERS = ['CDN-Cache-Control', 'Cloudflare-CDN-Cache-Control', 'Surrogate-Control']

/** A response with our default `Cache-Control`, or its request, since the response may have been copied. */
interface Defaulted {
  [DEFAULTED]?: boolean
}
const DEFAULTED = Symbol('default')
const NO_STORE = 'private, no-store'

/** The directives that decide whether a cache may store a response, or for how long (RFC 9111 sections 3 and 4.2.1). */
const STORAGE = /(^|[\s,])(public|private|no-store|no-cache|(s-)?max-?age)($|[\s,=])/i

/** Returns the response. If the session was used, its headers say who may keep it. */
export function withCaching(session: RequestSession, response: Response): Response {
  // No cache stores a 101, and a runtime may recognize it by identity.
  if (response.status === 101) return response
  try {
    return limitCaching(session, response)
  } catch {
    // The headers of a redirect or a fetched response are immutable.
    return limitCaching(session, new Response(response.body, response))
  }
}

function limitCaching(session: RequestSession, response: Response): Response {
  if (!session.isUsed) return response
  const { headers } = response
  const vary = headers.get('Vary')
  if (vary === null || !/(^|[\s,])(cookie|\*)($|[\s,])/i.test(vary)) {
    headers.append('Vary', 'Cookie')
  }
  const said = headers.get('Cache-Control') ?? ''
  if (STORAGE.test(said) && headers.has('Set-Cookie')) forbidStoring(headers)
  else setDefault(session, response, said)
  return response
}

/** Sets `Cache-Control` if the handler has not said who may keep the response. */
function setDefault(session: RequestSession, response: Response, said: string): void {
  const value = isAnonymous(session) ? 'private, no-cache' : NO_STORE
  const marked: Defaulted[] = [response as Defaulted, session.request as Defaulted]
  if (!STORAGE.test(said)) {
    response.headers.set('Cache-Control', said === '' ? value : `${said}, ${value}`)
    if (value !== NO_STORE) for (const each of marked) each[DEFAULTED] = true
  } else if (marked.some((each) => each[DEFAULTED] === true)) {
    // Another layer, or another visitor of a shared response, was anonymous.
    response.headers.set('Cache-Control', said.replace(/private, no-cache$/, value))
  }
}

/** Keeps a response with a cookie out of every cache, whatever the handler has allowed. */
function forbidStoring(headers: Headers): void {
  headers.set('Cache-Control', NO_STORE)
  for (const name of CACHE_HEADERS) headers.delete(name)
}

/** True if no user is signed in. A token whose session was not read may be a signed-in user's. */
function isAnonymous({ state }: RequestSession): boolean {
  return state.is === 'none' || (state.is === 'live' && state.status.account === undefined)
}
