import { type BoundMethods, DEVICE, type Device } from '../bound.ts'
import { acceptsHtml } from '../codec/accepts-html.ts'
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
  /** With `unbound: 'refuse'`: the seconds after a sign-in in which the browser may still register. Default 60. */
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
 * It signs nobody in, so it stands beside `requireUser`.
 *
 * A bound session without a valid cookie of the device is nothing unusual: browsers do not renew it for a link on
 * another site. Such a navigation gets a page that loads the address again, and then the browser renews the cookie. A
 * page that still has none is redirected to `loginUrl`, and any other request gets 401, by `onRefused`.
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
    const own = requestSessionOf(session)
    await own.session.load({ fresh })
    // Before, the time of the sign-in is not known.
    const { [DEVICE]: device } = session as { readonly [DEVICE]?: Device }
    if (device === undefined) throw noBoundError()
    const reason = await reasonFor(session.binding, device, own.settings.now())
    if (reason === undefined) return handler(request, env, ctx)
    own.report({ type: 'bound-refused', reason, id: own.id })
    if (!device.enforce) return handler(request, env, ctx)
    return refused(request, reason)
  }

  async function reasonFor(
    phase: BoundMethods['binding'],
    { signedInAt, hasCookie }: Device,
    now: number,
  ): Promise<'missing' | 'unbound' | undefined> {
    if (phase === 'bound') return (await hasCookie()) ? undefined : 'missing'
    const isNew = signedInAt !== undefined && now - signedInAt < graceSeconds * 1000
    return unbound === 'pass' || isNew ? undefined : 'unbound'
  }

  function refused(
    request: Request & { readonly session: object },
    reason: 'missing' | 'unbound',
  ): Response | Promise<Response> {
    const isPage = request.method === 'GET' && acceptsHtml(request.headers)
    if (isPage && reason === 'missing' && isFromElsewhere(request)) return againPage()
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

/** Returns a page that loads its own address again: now it is the site's own page that asks. */
function againPage(): Response {
  return new Response(
    '<!doctype html><html lang="en"><meta http-equiv="refresh" content="0"><title>One moment.</title>',
    {
      headers: { 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'private, no-store' },
    },
  )
}
