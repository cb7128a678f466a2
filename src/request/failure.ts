import { SessionError } from '../errors.ts'
import { lateWriteResponse, unavailableResponse } from './problem.ts'
import type { RequestSession } from './request-session.ts'
import { withSessionHeaders, withSuccessor } from './response.ts'
import { isStoreFailure } from './store-client.ts'

/** The answer to an error of the session's: that it ended elsewhere, or that its store failed. Throws any other again. */
export async function answerError(
  session: RequestSession,
  error: unknown,
  replaced: Response | undefined,
): Promise<Response> {
  if (isStoreFailure(error)) {
    // Without a cookie of this request's: what should have gone with its token may not be there.
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

/** True if the session was ended elsewhere; what this request did to its own is a fault of the program. */
export function isLate({ isOver }: RequestSession, error: unknown): boolean {
  return error instanceof SessionError && error.code === 'ERR_SESSION_ENDED' && isOver
}
