import { type BoundMethods, DEVICE, type Device } from '../bound.ts'
import { boundCookie } from '../bound/endpoints.ts'
import { acceptsHtml } from '../codec/accepts-html.ts'
import { type CookieAttributes, readCookies, serializeCookie } from '../codec/cookie.ts'
import { SessionError } from '../errors.ts'
import { requestSessionOf } from '../request/lifecycle.ts'
import { problemOf, refuse } from '../request/problem.ts'
import { redirectToLogin } from './login-redirect.ts'
import { sessionOf } from './session-of.ts'

export interface RequireBoundOptions {
  /**
   * How to treat a session that is not bound, because its browser cannot bind sessions or has not done so yet. Default
   * `pass`. `refuse` also refuses every browser that does not support binding, and visitors who have not signed in.
   */
  readonly unbound?: 'pass' | 'refuse'
  /**
   * The seconds after a sign-in in which every request of the session is accepted: the browser registers during that
   * time, and requests may be in flight without its cookie. A copy of an older cookie gains nothing from it. Default
   * 60. If clocks differ by more than that, there is no grace period.
   */
  readonly graceSeconds?: number
  /** The address of the sign-in page. A refused page request is redirected there, as with `requireUser`. */
  readonly loginUrl?: string
  /** Asks the store even if `cached` has a copy, so that a recent binding counts. */
  readonly fresh?: boolean
}

/** Wraps a handler inside `withSession`. Calls the handler only for requests from the session's own device. */
export type BoundGuard = <R extends Request, S extends BoundMethods, Env, Context, Result>(
  handler: (
    request: R & { readonly session: S },
    env: Env,
    ctx: Context,
  ) => Result | Promise<Result>,
) => (request: R & { readonly session: S }, env: Env, ctx: Context) => Promise<Response | Result>

/**
 * Returns a guard that accepts only requests from the device that the session is bound to:
 * `withSession(requireBound()(handler))`. It does not check that a user is signed in, so use it together with
 * `requireUser`.
 *
 * A bound session without a valid device cookie is normal: browsers do not renew it for a link from another site, or
 * while they have that of another session. Such a navigation gets a page that loads the same address again, for which
 * the browser renews the cookie. A page request that still has none is redirected to `loginUrl`, and any other request
 * gets 401, by `onRefused`. A tab sandboxed by another site never renews it: a short-lived cookie counts the reloads,
 * and the fifth in a row is the last.
 *
 * Throws `ERR_OPTION` for invalid options and for sessions without `bound()`, and `ERR_STORE` if the read fails.
 */
export function requireBound(options: RequireBoundOptions = {}): BoundGuard {
  const { unbound = 'pass', graceSeconds = 60, fresh = false, loginUrl } = options
  const isGrace = Number.isFinite(graceSeconds) && graceSeconds >= 0
  if (!isGrace || !['pass', 'refuse'].includes(unbound)) {
    throw new SessionError(
      'ERR_OPTION',
      "requireBound(): unbound must be 'pass' or 'refuse', and graceSeconds a number of seconds.",
    )
  }
  return (handler) => async (request, env, ctx) => {
    const session = sessionOf(request)
    if (!(DEVICE in session)) throw noBoundError()
    const own = requestSessionOf(session)
    await own.session.load({ fresh })
    // Only the store knows when the user signed in.
    const device = session[DEVICE] as Device
    const reason = await reasonFor(request, session.binding, device)
    if (reason === undefined) return handler(request, env, ctx)
    own.report({ type: 'bound-refused', reason, id: own.id })
    if (!device.enforce) return handler(request, env, ctx)
    // A cookie of another session, or one signed with a retired secret, would otherwise stay until it expires.
    device.forget()
    return refused(request, reason)
  }

  async function reasonFor(
    request: Guarded,
    phase: BoundMethods['binding'],
    { graceFrom, cookie }: Device,
  ): Promise<Reason | undefined> {
    const age = requestSessionOf(request.session).settings.now() - (graceFrom ?? -Infinity)
    // A request that left before the browser had its cookie may find the session bound. A copy of the cookies gains
    // nothing from this: a sign-in issues a new token.
    if (Math.abs(age) < graceSeconds * 1000) return undefined
    if (phase !== 'bound') return unbound === 'pass' ? undefined : 'unbound'
    const found = await cookie()
    if (found === 'valid') return undefined
    // Only a hint, which scripts can set too: it changes the message, but never accepts a request.
    if (request.headers.has('secure-session-skipped')) return 'skipped'
    const mayHelp = found === 'foreign' || isFromElsewhere(request)
    return mayHelp && mayReload(request) ? 'reload' : 'missing'
  }

  function refused(request: Guarded, reason: Reason): Response | Promise<Response> {
    if (reason === 'reload') return reloadPage(request)
    if (reason !== 'skipped' && isPage(request) && loginUrl !== undefined)
      return redirectToLogin(loginUrl, new URL(request.url))
    const problem = problemOf(401, 'ERR_BOUND', DETAILS[reason])
    return refuse(requestSessionOf(request.session), problem, request)
  }
}

type Guarded = Request & { readonly session: object }

/** Why a request was refused: the `reason` of the event. */
type Reason = 'reload' | keyof typeof DETAILS

const DETAILS = {
  missing: 'This session belongs to another device. Sign in again.',
  skipped: 'The browser could not prove its key. Try again in a few seconds.',
  unbound: 'This page needs a browser that can prove its device. Sign in with another browser.',
}

function noBoundError(): SessionError {
  return new SessionError(
    'ERR_OPTION',
    'requireBound() needs bound(). Write use: [accounts(), bound()] with edge-session/bound.',
  )
}

function isPage({ method, headers }: Request): boolean {
  return method === 'GET' && acceptsHtml(headers)
}

/**
 * True for a navigation that another site started, for which browsers do not renew the cookie (W3C: Fetch Metadata).
 */
function isFromElsewhere({ headers }: Request): boolean {
  return ['cross-site', 'same-site'].includes(headers.get('sec-fetch-site') ?? '')
}

/** As many links as a user may open at once: their tabs share the count. */
const MAX_RELOADS = 5
const RELOAD_SECONDS = 10

/** Returns the cookie that counts the reloads. */
function countCookie({ session }: Guarded): CookieAttributes {
  return boundCookie(requestSessionOf(session), 'again')
}

function mayReload(request: Guarded): boolean {
  return isPage(request) && reloadsOf(request) < MAX_RELOADS
}

/** Returns the number of reloads in a row, or NaN if the cookie is not a number. */
function reloadsOf(request: Guarded): number {
  const [value = '0'] = readCookies(request.headers.get('cookie'), countCookie(request).name)
  return Number(value)
}

/** Returns a page that loads its own address again, so that the request comes from the site itself. */
function reloadPage(request: Guarded): Response {
  const count = String(reloadsOf(request) + 1)
  const { pathname, search } = new URL(request.url)
  // Includes the address: without it, a browser at `/page#part` only goes to `#part`, and loads nothing (HTML:
  // navigate).
  const address = `.${pathname.slice(pathname.lastIndexOf('/'))}${search}`.replaceAll('&', '&amp;')
  return new Response(
    `<!doctype html><html lang="en"><meta http-equiv="refresh" content="0;url=${address}"><title>One moment.</title>`,
    {
      headers: {
        'Content-Type': 'text/html; charset=utf-8',
        'Cache-Control': 'private, no-store',
        'Set-Cookie': serializeCookie(countCookie(request), count, RELOAD_SECONDS),
      },
    },
  )
}
