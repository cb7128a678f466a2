import { requireUser, type RequireUserOptions, type UserGuard } from './require-user.ts'

export interface AuthenticatedOptions extends Omit<RequireUserOptions, 'status' | 'redirects'> {
  /** Where a visitor signs in. Tornado's setting `login_url`. */
  readonly loginUrl: string
}

/**
 * `requireUser` as Tornado's `@authenticated` has it (tornado.web.authenticated): every GET and HEAD of a visitor who is
 * not signed in is redirected to `loginUrl?next=…`, whatever the client takes, and anything else gets 403.
 */
export function authenticated(options: AuthenticatedOptions): UserGuard {
  return requireUser({ ...options, status: 403, redirects: 'reads' })
}
