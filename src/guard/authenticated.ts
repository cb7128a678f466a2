import { requireUser, type RequireUserOptions, type UserGuard } from './require-user.ts'

export interface AuthenticatedOptions extends Omit<RequireUserOptions, 'status' | 'redirects'> {
  /** The address of the sign-in page. Tornado's setting `login_url`. */
  readonly loginUrl: string
}

/**
 * Returns `requireUser` with the behavior of Tornado's `@authenticated` (tornado.web.authenticated). Without a
 * signed-in user, every GET and HEAD is redirected to `loginUrl?next=…`, regardless of what the client accepts. Any
 * other request gets 403.
 */
export function authenticated(options: AuthenticatedOptions): UserGuard {
  return requireUser({ ...options, status: 403, redirects: 'reads' })
}
