import { SessionError } from '../errors.ts'
import type { Await } from '../record/store.ts'
import { dictionaryOf, Session } from '../session/session.ts'
import type { Settings } from './options.ts'
import { RequestSession } from './request-session.ts'

/**
 * The properties that one wrapper sets on a request for the next. They are properties because routers pass on proxies
 * of a request.
 */
interface Carrier {
  session?: unknown
  [mark: symbol]: unknown
}

/** Shares the session with other calls that open the same request in the meantime. */
export function shared(
  request: Request,
  { mark }: Settings,
  opening: Promise<RequestSession>,
): Promise<RequestSession> {
  const carrier = carrierOf(request)
  carrier[mark] = opening
  opening.then(
    (opened) => (carrier[mark] = opened),
    () => (carrier[mark] = undefined),
  )
  return opening
}

export function openedOn(request: Request, { mark }: Settings): Await<RequestSession> | undefined {
  const carrier = carrierOf(request)
  const { session } = carrier
  if (session instanceof Session) {
    const shown = requestSessionOf(session)
    if (shown.settings.mark === mark) return shown
  }
  // The mark belongs to this layer only, and so does the value under it.
  return carrier[mark] as Await<RequestSession> | undefined
}

/** Stores a session that is not `request.session` for the next wrappers of its layer. */
export function keep(request: Request, session: RequestSession): void {
  carrierOf(request)[session.settings.mark] = session
}

/** Returns the same request, typed to carry a session. */
export function carrierOf(request: object): Carrier {
  return request as Carrier
}

/** Returns the request session of a public session. Throws `ERR_OPTION` for anything else. */
export function requestSessionOf(session: object): RequestSession {
  const port = session instanceof Session ? dictionaryOf(session).port : undefined
  if (port instanceof RequestSession) return port
  throw new SessionError(
    'ERR_OPTION',
    'This is not a session. Use request.session inside withSession(handler), or what open() returns.',
  )
}
