import { clearCookie, serializeCookie } from '../codec/cookie.ts'
import { openToken, signToken, type Token } from '../codec/token.ts'
import type { Await } from '../record/store.ts'
import { withHeadersOf } from './problem.ts'
import type { RequestSession } from './request-session.ts'
import type { Live } from './state.ts'

/** What happens to the browser's cookie: it gets a new token, the same one with news, or none any more. */
type CookieChange = 'issue' | 'refresh' | 'clear'

/**
 * The response with what the browser has to learn of its session: one Set-Cookie for its name, the handler's others kept,
 * and `Cache-Control: private, no-store` whatever the handler allowed, since a cached copy would hand one visitor's session
 * to another (OWASP; RFC 9111 section 7.3). `Vary: Cookie` if the session was used.
 */
export function withSessionHeaders(session: RequestSession, response: Response): Await<Response> {
  const change = cookieChange(session)
  if (change !== undefined) return withCookie(session, response, change)
  return session.headers.length > 0 ? withHeaders(session, response) : withVary(session, response)
}

/** What happens to the cookie; `undefined` if the browser's is right as it is. */
function cookieChange(session: RequestSession): CookieChange | undefined {
  const { state, token, arrival } = session
  if (state.is === 'destroyed' || state.is === 'ended') {
    return arrival.hasCookie && session.canKeep ? 'clear' : undefined
  }
  if (token === undefined) return undefined
  if (token !== arrival.token) return 'issue'
  return isDue(session) ? 'refresh' : undefined
}

/** True if the browser's token has to be sent again, with what the store has said. */
function isDue({ state, arrival, store, settings: { context } }: RequestSession): boolean {
  if (state.is !== 'live') return arrival.isOldKey
  // The browser may hold the next token by now, and the former one is good for moments only.
  if (state.status.renewal === 'done') return false
  if (arrival.isOldKey) return true
  if (bookmarkOf(state) !== state.token.bookmark) return true
  // If the store keeps no time of use, the token is the only record.
  const interval = store.can.recordUse ? context.idle / 2 : context.touch
  return state.askedAt - state.token.usedAt >= interval
}

async function withCookie(
  session: RequestSession,
  response: Response,
  change: CookieChange,
): Promise<Response> {
  const { settings, arrival } = session
  const token = change === 'clear' ? undefined : tokenToSend(session)
  const theirs = valueOn(response, settings.cookie.name)
  if (theirs !== undefined && (await isKept(session, theirs, change, token))) {
    return withHeaders(session, response)
  }
  if (change === 'refresh' && arrival.isOldKey)
    session.report({ type: 're-signed', id: session.id })
  const cookie =
    token === undefined ? clearCookie(settings.cookie) : await setCookie(session, token)
  return withHeaders(session, response, cookie)
}

/**
 * The token's next bookmark, which never goes back. A store that gives none has the token drop it: what is written now,
 * another version of the Worker must not take for known.
 */
function bookmarkOf({ status, token }: Live): number | undefined {
  const { bookmark } = status
  return bookmark === undefined ? undefined : Math.max(bookmark, token.bookmark ?? 0)
}

/** The token with what the store has said of the session. */
function tokenToSend({ state, token: present }: RequestSession): Token | undefined {
  if (state.is !== 'live') return present
  const { bookmark: _, ...token } = state.token
  const bookmark = bookmarkOf(state)
  const usedAt = Math.max(token.usedAt, state.usedAt)
  return { ...token, usedAt, ...(bookmark !== undefined && { bookmark }) }
}

/** The Set-Cookie value that gives the browser this token. */
async function setCookie(
  { settings: { cookie, context, now }, keyring }: Pick<RequestSession, 'settings' | 'keyring'>,
  token: Token,
): Promise<string> {
  const value = await signToken(keyring, cookie.name, token)
  return serializeCookie(cookie, value, (token.createdAt + context.absolute - now()) / 1000)
}

/** The Set-Cookie value that says where the session stands, whether the browser knows it or not; empty for no session. */
export async function currentCookie(session: RequestSession): Promise<string> {
  const { settings, state, arrival } = session
  const change = cookieChange(session)
  if (change === 'clear') return clearCookie(settings.cookie)
  const token = state.is === 'presented' || state.is === 'live' ? tokenToSend(session) : undefined
  if (token === undefined) return ''
  if (change === 'refresh' && arrival.isOldKey)
    session.report({ type: 're-signed', id: session.id })
  return setCookie(session, token)
}

/**
 * True if a cookie of our name that is on the response already stays, because another layer has given it for a newer
 * session or token. A token that this request was given replaces any other.
 */
async function isKept(
  session: RequestSession,
  value: string,
  change: CookieChange,
  ours: Token | undefined,
): Promise<boolean> {
  // Another layer has signed the visitor out.
  if (value === '') return change !== 'issue'
  const opened = await openToken(session.keyring, session.settings.cookie.name, value)
  if (!opened.ok) return false
  const isSame = session.store.idOf(opened.token.handle) === session.id
  if (change === 'refresh') return ours === undefined || !isOlder(opened.token, ours)
  if (change === 'issue' && !isSame) session.report({ type: 'cookie-conflict', id: session.id })
  return change === 'clear' && !isSame
}

/** True if a token is the same as ours, and knows less. */
function isOlder({ handle, secret, usedAt, bookmark = -1 }: Token, ours: Token): boolean {
  const isSame = handle === ours.handle && secret === ours.secret
  return isSame && (usedAt < ours.usedAt || bookmark < (ours.bookmark ?? -1))
}

/** The value of the last cookie of this name that a response sets, empty if it clears it; `undefined` if there is none. */
function valueOn(response: Response, cookieName: string): string | undefined {
  const start = `${cookieName}=`
  const setting = response.headers.getSetCookie().findLast((each) => each.startsWith(start))
  return setting?.slice(start.length).split(';', 1).join('')
}

/**
 * Has a visitor who came without a session write to the one that another layer has made for this very response: a browser
 * keeps one cookie of a name.
 */
export async function joinOther(session: RequestSession, response: Response): Promise<void> {
  const { settings, keyring, arrival } = session
  const value = valueOn(response, settings.cookie.name)
  const opened =
    value === undefined ? undefined : await openToken(keyring, settings.cookie.name, value)
  if (opened?.ok !== true) return
  session.arrival = { ...arrival, token: opened.token }
  session.state = { is: 'presented', token: opened.token }
}

/** A response of ours with the cookie and the headers for browsers of the one that it replaces. */
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

/** A copy of the response with the session's headers. */
function withHeaders(session: RequestSession, response: Response, cookie?: string): Response {
  // A copy always: an application may send one Response object to many visitors.
  const result = new Response(response.body, response)
  const { headers } = result
  if (cookie !== undefined) {
    const start = `${session.settings.cookie.name}=`
    const others = headers.getSetCookie().filter((value) => !value.startsWith(start))
    headers.delete('Set-Cookie')
    for (const value of [...others, cookie]) headers.append('Set-Cookie', value)
  }
  for (const [name, value] of session.headers) {
    if (name !== 'Set-Cookie') headers.set(name, value)
    else if (!hasCookie(headers, value)) headers.append(name, value)
  }
  if (headers.has('Set-Cookie')) {
    headers.set('Cache-Control', 'private, no-store')
    for (const name of CACHE_HEADERS) headers.delete(name)
  }
  return withVary(session, result)
}

/** True if the handler has set this other cookie itself. */
function hasCookie(headers: Headers, setting: string): boolean {
  const start = setting.slice(0, setting.indexOf('=') + 1)
  return headers.getSetCookie().some((value) => value.startsWith(start))
}

/** Headers that caches heed before Cache-Control (RFC 9213; Cloudflare: CDN-Cache-Control). */
const CACHE_HEADERS = ['CDN-Cache-Control', 'Cloudflare-CDN-Cache-Control', 'Surrogate-Control']

function withVary({ isUsed }: RequestSession, response: Response): Response {
  if (!isUsed) return response
  const vary = response.headers.get('Vary')
  if (vary !== null && /(^|[\s,])(cookie|\*)($|[\s,])/i.test(vary)) return response
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
