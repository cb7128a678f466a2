import type { AccountMethods } from '../accounts.ts'
import { SessionError } from '../errors.ts'
import { Session } from '../session/session.ts'

/** Returns the session that `withSession` has put on a request. Throws `ERR_OPTION` if there is none. */
export function sessionOf<S extends object>(request: { readonly session: S }): S {
  const { session }: { readonly session: unknown } = request
  if (session instanceof Session) return request.session
  throw new SessionError(
    'ERR_OPTION',
    'There is no session on the request. Put the guard inside withSession: withSession(requireUser()(handler)).',
  )
}

/** Returns a request's session if users can sign in to it. Throws `ERR_OPTION` for sessions without `accounts()`. */
export function accountSessionOf<S extends object>(request: {
  readonly session: S
}): S & AccountMethods {
  const session = sessionOf(request)
  if ('signIn' in session) return session as S & AccountMethods
  throw new SessionError(
    'ERR_OPTION',
    'Guards for users need accounts(). Write use: [accounts()] with edge-session/accounts.',
  )
}
