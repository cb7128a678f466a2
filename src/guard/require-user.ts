import type { AccountMethods } from '../accounts.ts'
import { acceptsHtml } from '../codec/accepts-html.ts'
import { SessionError } from '../errors.ts'
import { requestSessionOf } from '../request/lifecycle.ts'
import { problemOf, refuse } from '../request/problem.ts'
import type { Aal } from '../session/account.ts'
import { redirectToLogin } from './login-redirect.ts'
import { accountSessionOf } from './session-of.ts'

export interface RequireUserOptions {
  /**
   * The address of the sign-in page. A page that needs a user redirects there, with its own path as `next`. If the
   * sign-in page is on another origin, `next` is the full address.
   */
  readonly loginUrl?: string
  /** The minimum authenticator assurance level of the sign-in (NIST SP 800-63B). */
  readonly aal?: Aal
  /**
   * The status for requests that are not for a page. Default 401, or 403 for one that would change something, as in
   * Tornado's `authenticated`.
   */
  readonly status?: 401 | 403
  /**
   * The requests that are redirected to `loginUrl`: `pages` (default) for GET and HEAD requests that accept HTML, or
   * `reads` for all GET and HEAD requests.
   */
  readonly redirects?: 'pages' | 'reads'
  /** Asks the store even if `cached` has a copy, so that a revoked session is never accepted. */
  readonly fresh?: boolean
}

/** The request of a handler behind a guard: its session has a signed-in user. */
export interface HasUser {
  readonly session: { readonly userId: string; readonly authenticatedAt: Date }
}

/**
 * Wraps a handler inside `withSession`. Calls the handler only for users that the guard accepts. Needs `accounts()`.
 */
export type UserGuard = <R extends Request, S extends AccountMethods, Env, Context, Result>(
  handler: (
    request: R & { readonly session: S } & HasUser,
    env: Env,
    ctx: Context,
  ) => Result | Promise<Result>,
) => (request: R & { readonly session: S }, env: Env, ctx: Context) => Promise<Response | Result>

/**
 * Returns a guard that accepts only signed-in users: `withSession(requireUser({ loginUrl: '/login' })(handler))`.
 * Without a signed-in user, a page request (a GET or HEAD that accepts HTML) is redirected to `loginUrl?next=…`. Any
 * other request gets 401 or 403, by `onRefused`. The guard reads the session, and the handler does not read it again.
 * Throws `ERR_OPTION` for an invalid `loginUrl`, and `ERR_STORE` if the read fails.
 */
export function requireUser(options: RequireUserOptions = {}): UserGuard {
  return guard(options, () => true)
}

/**
 * Returns a guard like `requireUser` that also requires a `signIn` less than `seconds` ago (OWASP ASVS 7.5.1:
 * re-authenticate before sensitive changes). Using the session does not count. Always asks the store.
 */
export function requireFresh(seconds: number, options: RequireUserOptions = {}): UserGuard {
  if (!(Number.isFinite(seconds) && seconds > 0)) {
    throw new SessionError('ERR_OPTION', 'requireFresh() needs a number of seconds above 0.')
  }
  return guard(
    { ...options, fresh: true },
    (authenticatedAt, now) => now - authenticatedAt.getTime() < seconds * 1000,
  )
}

function guard(
  options: RequireUserOptions,
  isFresh: (authenticatedAt: Date, now: number) => boolean,
): UserGuard {
  const { loginUrl, aal = 1, fresh = false } = options
  if (loginUrl?.includes('#') === true) {
    throw new SessionError(
      'ERR_OPTION',
      'loginUrl must not contain #: browsers do not send what follows it.',
    )
  }

  /** Returns the reason to refuse the request, or `undefined`. */
  function refusalFor(session: AccountMethods, now: number): string | undefined {
    if (session.authenticatedAt === undefined) return 'Sign in first.'
    if ((session.aal ?? 1) < aal) return 'Sign in with a stronger method.'
    return isFresh(session.authenticatedAt, now)
      ? undefined
      : 'Sign in again: your last sign-in is too long ago.'
  }

  return (handler) => async (request, env, ctx) => {
    const session = accountSessionOf(request)
    const own = requestSessionOf(session)
    await own.session.load({ fresh })
    const refusal = refusalFor(session, own.settings.now())
    if (refusal !== undefined) return refused(request, options, refusal)
    // The check above ensures this.
    return handler(request as typeof request & HasUser, env, ctx)
  }
}

function refused(
  request: Request & { readonly session: object },
  { loginUrl, status, redirects = 'pages' }: RequireUserOptions,
  detail: string,
): Response | Promise<Response> {
  const isRead = request.method === 'GET' || request.method === 'HEAD'
  const isPage = isRead && (redirects === 'reads' || acceptsHtml(request.headers))
  if (loginUrl !== undefined && isPage) return redirectToLogin(loginUrl, new URL(request.url))
  const problem = problemOf(status ?? (isRead ? 401 : 403), 'ERR_SIGN_IN', detail)
  return refuse(requestSessionOf(request.session), problem, request)
}
