import { type BoundMethods, DEVICE, type Device } from '../bound.ts'
import { acceptsHtml } from '../codec/accepts-html.ts'
import { readCookies, serializeCookie } from '../codec/cookie.ts'
import { SessionError } from '../errors.ts'
import { requestSessionOf } from '../request/lifecycle.ts'
import { problemOf, refuse } from '../request/problem.ts'
import { redirectToLogin } from './login-redirect.ts'
import { sessionOf } from './session-of.ts'

export interface RequireBoundOptions {
  /**
   * What becomes of a session that is not bound, because its browser cannot do it or has not done it yet. Default `pass`.
   * `refuse` keeps out every browser that binds no sessions, and visitors who have not signed in.
   */
  readonly unbound?: 'pass' | 'refuse'
  /**
   * The seconds after a sign-in in which every request of the session is let in: the browser registers then, and requests
   * are out without its cookie. A copy of an older cookie gains nothing by it. Default 60.
   */
  readonly graceSeconds?: number
  /** The address of the sign-in page, where a page that is refused redirects, as with `requireUser`. */
  readonly loginUrl?: string
  /** Asks the store even if `cached` has a copy, so that a binding made a moment ago counts. */
  readonly fresh?: boolean
}

/** Wraps a handler inside `withSession`. It runs only for requests from the session's own device. */
export type BoundGuard = <R extends Request, S extends BoundMethods, Env, Context, Result>(
  handler: (
    request: R & { readonly session: S },
    env: Env,
    ctx: Context,
  ) => Result | Promise<Result>,
) => (request: R & { readonly session: S }, env: Env, ctx: Context) => Promise<Response | Result>

/**
 * Returns a guard that lets in requests from the device that the session is bound to: `withSession(requireBound()(handler))`.
 * It does not check that a user is signed in: use it together with `requireUser`.
 *
 * A bound session without a valid cookie of the device is nothing unusual: browsers do not renew it for a link on
 * another site. Such a navigation gets a page that loads the address again, and then the browser renews the cookie. A
 * page that still has none is redirected to `loginUrl`, and any other request gets 401, by `onRefused`. A tab that another
 * site has sandboxed never renews it: a short-lived cookie counts the reloads, and the fifth in a row is the last.
 *
 * Throws `ERR_OPTION` for options that cannot work and for sessions without `bound()`, and `ERR_STORE` if the read fails.
 */
export function requireBound(options: RequireBoundOptions = {}): BoundGuard {
  const { unbound = 'pass', graceSeconds = 60, fresh = false, loginUrl } = options
  const isGrace = Number.isFinite(graceSeconds) && graceSeconds >= 0
  if (!isGrace || !['pass', 'refuse'].includes(unbound)) {
    throw new SessionError(
      'ERR_OPTION',
      "requireBound(): unbound is 'pass' or 'refuse', and graceSeconds a number of seconds.",
    )
  }
  return (handler) => async (request, env, ctx) => {
    const session = sessionOf(request)
    if (!(DEVICE in session)) throw noBoundError()
    const own = requestSessionOf(session)
    await own.session.load({ fresh })
    // Only the store knows when the user has signed in.
    const device = session[DEVICE] as Device
    const reason = await reasonFor(session.binding, device, own.settings.now())
    if (reason === undefined) return handler(request, env, ctx)
    own.report({ type: 'bound-refused', reason, id: own.id })
    if (!device.enforce) return handler(request, env, ctx)
    // A cookie of another session, or one that a retired secret signed, would last until its own end.
    device.forget()
    return refused(request, reason)
  }

  async function reasonFor(
    phase: BoundMethods['binding'],
    { signedInAt, hasCookie }: Device,
    now: number,
  ): Promise<'missing' | 'unbound' | undefined> {
    // A request that left before the browser had its cookie may find the session bound. A copy of the cookies gains
    // nothing by it: a sign-in has a new token.
    if (signedInAt !== undefined && now - signedInAt < graceSeconds * 1000) return undefined
    if (phase === 'bound') return (await hasCookie()) ? undefined : 'missing'
    return unbound === 'pass' ? undefined : 'unbound'
  }

  function refused(
    request: Request & { readonly session: object },
    reason: 'missing' | 'unbound',
  ): Response | Promise<Response> {
    const isPage = request.method === 'GET' && acceptsHtml(request.headers)
    const again = isPage && reason === 'missing' ? againPage(request) : undefined
    if (again !== undefined) return again
    if (isPage && loginUrl !== undefined) return redirectToLogin(loginUrl, new URL(request.url))
    const problem = problemOf(401, 'ERR_BOUND', DETAILS[reason])
    return refuse(requestSessionOf(request.session), problem, request)
  }
}

const DETAILS = {
  missing: 'This session belongs to another device. Sign in again.',
  unbound:
    'This page is only for devices that can prove who they are. Sign in with another browser.',
}

function noBoundError(): SessionError {
  return new SessionError(
    'ERR_OPTION',
    'requireBound() needs bound(). Write use: [accounts(), bound()] with edge-session/bound.',
  )
}

/** True for a navigation that another site has begun. Browsers renew no cookie for it (W3C: Fetch Metadata). */
function isFromElsewhere({ headers }: Request): boolean {
  return ['cross-site', 'same-site'].includes(headers.get('sec-fetch-site') ?? '')
}

/** As many links as somebody opens at once: their tabs share the count. */
const MAX_RELOADS = 5
const RELOAD_SECONDS = 10

/**
 * Returns a page that loads its own address again, so that it is the site's own page that asks. `undefined` for a request
 * that is the site's own already, and after too many reloads: a sandboxed page stays one of another site.
 */
function againPage(request: Request & { readonly session: object }): Response | undefined {
  const { settings } = requestSessionOf(request.session)
  const name = `${settings.cookie.name}-again`
  const [value = '0'] = readCookies(request.headers.get('cookie'), name)
  const count = Number(value)
  // What is no number counts as too many.
  if (!isFromElsewhere(request) || !(count < MAX_RELOADS)) return undefined
  const cookie = { ...settings.cookie, name, persistent: true, priority: undefined }
  return new Response(
    '<!doctype html><html lang="en"><meta http-equiv="refresh" content="0"><title>One moment.</title>',
    {
      headers: {
        'Content-Type': 'text/html; charset=utf-8',
        'Cache-Control': 'private, no-store',
        'Set-Cookie': serializeCookie(cookie, String(count + 1), RELOAD_SECONDS),
      },
    },
  )
}
