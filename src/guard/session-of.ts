import { SessionError } from '../errors.ts'
import { Session } from '../session/session.ts'

/** The session that `withSession` has put on a request. Throws `ERR_OPTION` where it has not. */
export function sessionOf<Data extends object, Flash extends object>(request: {
  readonly session: Session<Data, Flash>
}): Session<Data, Flash> {
  const { session }: { readonly session: unknown } = request
  if (session instanceof Session) return request.session
  throw new SessionError(
    'ERR_OPTION',
    'A guard stands inside withSession: withSession(requireUser()(handler)).',
  )
}
