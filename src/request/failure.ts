import { SessionError } from '../errors.ts'
import { lateWriteResponse, unavailableResponse } from './problem.ts'
import type { RequestSession } from './request-session.ts'
import { withSessionHeaders, withSuccessor } from './response.ts'
import { isStoreFailure } from './store-client.ts'

/**
 * Returns the response to a session error: the session ended elsewhere, or its store failed. Rethrows any other error.
 */
export async function answerError(
  session: RequestSession,
  error: unknown,
  replaced: Response | undefined,
): Promise<Response> {
  await session.drop()
  if (isStoreFailure(error)) {
    // The response has no cookie of this request: the data for its token may not be stored.
    const { onStoreFailure } = session.settings
    const made: unknown =
      typeof onStoreFailure === 'string' ? undefined : await onStoreFailure(error, session.request)
    const response = made instanceof Response ? made : unavailableResponse()
    return withSuccessor(session, replaced, response)
  }
  if (!isLate(session, error)) throw error
  session.dictionary.discard()
  return withSessionHeaders(session, withSuccessor(session, replaced, lateWriteResponse()))
}

/** True if the session was ended elsewhere. If this request ended it, the error is a fault of the program. */
export function isLate({ isOver }: RequestSession, error: unknown): boolean {
  return error instanceof SessionError && error.code === 'ERR_SESSION_ENDED' && isOver
}

/** Returns the response to an error of the session's own; nothing recorded is written. `undefined` for any other error. */
export async function ownAnswer(
  session: RequestSession,
  error: unknown,
  replaced?: Response,
): Promise<Response | undefined> {
  const isOwn = isStoreFailure(error) || isLate(session, error)
  return isOwn ? answerError(session, error, replaced) : undefined
}
