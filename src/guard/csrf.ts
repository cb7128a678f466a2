import { decodeBase64url, encodeBase64url } from '../codec/base64url.ts'
import { sign } from '../codec/mac.ts'
import { familyOf } from '../codec/token.ts'
import { SessionError } from '../errors.ts'
import type { Credential } from '../record/store.ts'
import { requestSessionOf } from '../request/lifecycle.ts'
import { problemOf, refuse } from '../request/problem.ts'
import {
  forgetVisitor,
  hasSession,
  isSigned,
  type RequestSession,
  visitorFor,
  visitorsOf,
} from './csrf-visitor.ts'
import { tokenInForm } from './form-token.ts'
import { FOREIGN, isForeign, isHandshake, isOrigin } from './request-origin.ts'
import { sessionOf } from './session-of.ts'

export interface CsrfOptions {
  /**
   * Other origins that may send requests, such as `https://accounts.example` or an app's `capacitor://localhost`. Default
   * none.
   */
  readonly trustedOrigins?: readonly string[]
  /** The form field with the token. Default `csrf`. */
  readonly field?: string
  /** The header with the token, for requests by script. Default `X-CSRF-Token`. */
  readonly header?: string
  /**
   * True if every request that changes something needs the token, not only those without `Sec-Fetch-Site` and `Origin`.
   */
  readonly requireToken?: boolean
}

/** Wraps a handler inside `withSession`. Calls the handler only for requests that were not caused by another site. */
export type CsrfGuard = <R extends Request, S extends object, Env, Context, Result>(
  handler: (
    request: R & { readonly session: S },
    env: Env,
    ctx: Context,
  ) => Result | Promise<Result>,
) => (request: R & { readonly session: S }, env: Env, ctx: Context) => Promise<Response | Result>

/** Methods that change nothing (RFC 9110 section 9.2.1). */
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])
/** The length of a MAC, and of the mask that hides it. */
const MAC_BYTES = 32

/**
 * Returns a token for forms and scripts. It is bound to this session until the session ends, is regenerated or a user
 * signs in. For a visitor without a session, it is bound to a separate cookie, which the response sets, until a session
 * begins. The text differs each time, so that compression reveals nothing (BREACH). Call it after the last change of
 * the session's token and before the response is returned. Makes no store call. Throws `ERR_OPTION` for anything but a
 * session.
 */
export async function csrfToken(session: object): Promise<string> {
  const own = requestSessionOf(session)
  own.markUsed()
  await own.arrive()
  const subjects = [sessionSubject(own)]
  // This request may still begin a session, so the token is for both: the session, and no session.
  if (!hasSession(own) && own.canKeep) subjects.push(visitorSubject(own, await visitorFor(own)))
  forgetVisitor(own)
  const key = await own.keyring[0].keyFor('csrf')
  const macs = await Promise.all(subjects.map((subject) => sign(key, subject)))
  const mask = crypto.getRandomValues(new Uint8Array(MAC_BYTES))
  const parts = macs.flatMap((mac) => [...masked(decodeBase64url(mac), mask)])
  return encodeBase64url(Uint8Array.of(...mask, ...parts))
}

/**
 * Returns a guard against cross-site request forgery (OWASP): `withSession(csrfGuard()(handler))`. `Sec-Fetch-Site`
 * decides, or else `Origin`, as in Go's CrossOriginProtection. A request with neither needs the token, if the visitor
 * has a session. The token is read from the header, or else from the first 1 MB of a multipart form or 64 kB of a
 * URL-encoded form. A WebSocket handshake needs no token, but a foreign `Origin` is refused. A refused request gets 403
 * and an event. The handler can still read the body. Throws `ERR_OPTION` for an invalid trusted origin.
 */
export function csrfGuard(options: CsrfOptions = {}): CsrfGuard {
  const { trustedOrigins = [], requireToken = false } = options
  const wrong = trustedOrigins.find((origin) => !isOrigin(origin))
  if (wrong !== undefined) {
    throw new SessionError(
      'ERR_OPTION',
      `trustedOrigins has ${JSON.stringify(wrong)}. Write an origin as https://accounts.example, without a path.`,
    )
  }

  return (handler) => async (request, env, ctx) => {
    const isSafe = SAFE_METHODS.has(request.method)
    if (isSafe && !isHandshake(request)) return handler(request, env, ctx)
    const session = requestSessionOf(sessionOf(request))
    const foreign = isForeign(request, trustedOrigins)
    if (foreign === true) return refused(session, request, ['cross-origin', FOREIGN])
    const mayLose = foreign === undefined && session.hasCredentials
    // Scripts cannot add a token to a handshake, and a client that sends no Origin with it is not a browser.
    const needsToken = !isSafe && (requireToken || mayLose)
    const fault = needsToken ? await tokenFault(session, request, options) : undefined
    return fault === undefined
      ? handler(request, env, ctx)
      : refused(session, request, ['csrf', fault])
  }
}

const OUTDATED = 'The form is out of date. Load its page again.'

function refused(
  session: RequestSession,
  request: Request,
  [reason, detail]: readonly [reason: 'cross-origin' | 'csrf', detail: string],
): Promise<Response> {
  session.report({ type: 'refused', reason, id: session.id })
  const code = reason === 'csrf' ? 'ERR_CSRF' : 'ERR_CROSS_ORIGIN'
  return refuse(session, problemOf(403, code, detail), request)
}

/** Returns the fault of the request's token, or `undefined` if it is valid. */
async function tokenFault(
  session: RequestSession,
  request: Request,
  { header = 'X-CSRF-Token', field = 'csrf' }: CsrfOptions,
): Promise<string | undefined> {
  const sent = request.headers.get(header)
  const { token, limit } = sent === null ? await tokenInForm(request, field) : { token: sent }
  if (await isValid(session, token)) return undefined
  if (limit === undefined) return OUTDATED
  const place = `the first ${limit / 1000} kB of the form`
  return `There is no CSRF token in ${place}. Put the field ${field} first, or send ${header}.`
}

async function isValid(session: RequestSession, token: string | undefined): Promise<boolean> {
  session.markUsed()
  await session.arrive()
  forgetVisitor(session)
  // One or two MACs after the mask, in canonical base64url.
  if (token === undefined || !/^(?:[\w-]{85}[AQgw]|[\w-]{128})$/.test(token)) return false
  const bytes = decodeBase64url(token)
  const mask = bytes.slice(0, MAC_BYTES)
  const [own, visitors] = [1, 2].map((place) =>
    encodeBase64url(masked(bytes.slice(place * MAC_BYTES, (place + 1) * MAC_BYTES), mask)),
  )
  return (await isOfSession(session, own)) || (await isOfVisitor(session, visitors))
}

async function isOfSession(session: RequestSession, mac = ''): Promise<boolean> {
  const { arrival, keyring } = session
  if (hasSession(session)) return isSigned(keyring, mac, sessionSubject(session))
  // The session is over. The visitor's form and cookie are from before it.
  return arrival.token !== undefined && isSigned(keyring, mac, subjectOf(session, arrival.token))
}

/** True if the token is for a visitor without a session, and the visitor still has none. */
async function isOfVisitor(session: RequestSession, mac = ''): Promise<boolean> {
  if (mac === '') return false
  const verdicts = (await visitorsOf(session)).map((id) =>
    isSigned(session.keyring, mac, visitorSubject(session, id)),
  )
  if (!(await Promise.all(verdicts)).includes(true)) return false
  // The session in the cookie may be over.
  if (hasSession(session)) await session.session.load()
  return !hasSession(session)
}

/** Returns the subject of a session's tokens: this session, until the next `regenerate()`. */
function sessionSubject(session: RequestSession): string {
  const { is, token } = session.state
  // The browser still has this token, although the request continues without it.
  const isHidden = is === 'superseded' || is === 'unavailable'
  if (isHidden && token !== undefined) return subjectOf(session, token)
  const present = session.token ?? session.minted()
  // A new token that waits for the commit becomes the session's.
  const { secret } = (session.token && session.pending) ?? present
  return subjectOf(session, { ...present, secret })
}

function subjectOf({ settings, store }: RequestSession, { handle, secret }: Credential): string {
  return `csrf ${settings.cookie.name} ${store.idOf(handle)} ${familyOf(secret)}`
}

function visitorSubject({ settings }: RequestSession, id: string): string {
  return `csrf ${settings.cookie.name} ${id}`
}

function masked(bytes: Uint8Array, mask: Uint8Array): Uint8Array {
  return bytes.map((byte, index) => byte ^ (mask[index] ?? 0))
}
