import { SessionError, type SessionErrorCode } from '../errors.ts'
import type { Await } from '../record/store.ts'
import type { Entered } from './origin.ts'
import { DETAILS, type Problem, problemOf, refuse } from './problem.ts'
import type { RequestSession } from './request-session.ts'
import {
  currentCookie,
  isDestroyed,
  withCaching,
  withSessionHeaders,
  withSuccessor,
} from './response.ts'
import { isResponse, responseOf } from './result.ts'
import { endedError } from './state.ts'
import { isStoreFailure } from './store-client.ts'
import { endSession } from './token-changes.ts'

/**
 * Returns the response to a session error: the session ended elsewhere, its store failed, or it would become too large.
 * Rethrows any other error.
 */
async function answerError(
  session: RequestSession,
  error: unknown,
  replaced: Response | undefined,
): Promise<Response> {
  await session.drop()
  // A commit that lost against other requests is not a fault of the program. A failed `update()` throws in the handler.
  if (isStoreFailure(error) || hasCode(error, 'ERR_CONFLICT')) {
    return answerStoreFailure(session, error, replaced)
  }
  const problem = problemFor(session, error)
  if (problem === undefined) throw error
  if (hasCode(error, 'ERR_TOO_LARGE')) session.report({ type: 'too-large', id: session.id })
  // An inner handler has already dropped its own changes. The session may still exist for the outer one.
  if (session.isOver || session.depth <= 1) session.dictionary.discard()
  return withSessionHeaders(
    session,
    withSuccessor(session, replaced, await refuse(session, problem, session.request)),
  )
}

/** Returns the problem for an error of the request, or `undefined` for a fault of the program. */
function problemFor(session: RequestSession, error: unknown): Problem | undefined {
  const isOwn =
    isLate(session, error) || hasCode(error, 'ERR_TOO_LARGE') || hasCode(error, 'ERR_SPECULATIVE')
  return isOwn ? problemOf(error.status, error.code, DETAILS[error.code]) : undefined
}

async function answerStoreFailure(
  session: RequestSession,
  error: SessionError,
  replaced: Response | undefined,
): Promise<Response> {
  const { onStoreFailure } = session.settings
  const made: unknown =
    typeof onStoreFailure === 'string' ? undefined : await onStoreFailure(error, session.request)
  const response = isResponse(made)
    ? responseOf(made)
    : await refuse(session, problemOf(503, 'ERR_STORE', DETAILS.ERR_STORE), session.request)
  const instead = withSuccessor(session, replaced, response)
  // A token that the store has already issued is the only one that still works, and a destroyed session's token is
  // dead.
  const mustTell = session.isIssued || isDestroyed(session.state)
  return mustTell ? withSessionHeaders(session, instead) : withCaching(session, instead)
}

function hasCode<Code extends SessionErrorCode>(
  error: unknown,
  code: Code,
): error is SessionError & { readonly code: Code } {
  return error instanceof SessionError && error.code === code
}

/** True if the session was ended elsewhere. If this request ended it, the error is a fault of the program. */
function isLate(
  { isOver }: RequestSession,
  error: unknown,
): error is SessionError & { readonly code: 'ERR_SESSION_ENDED' } {
  return hasCode(error, 'ERR_SESSION_ENDED') && isOver
}

/** Returns the response to a session error, without writing recorded changes, or `undefined` for any other error. */
async function ownAnswer(
  session: RequestSession,
  error: unknown,
  replaced?: Response,
): Promise<Response | undefined> {
  const isOwn = isStoreFailure(error) || problemFor(session, error) !== undefined
  return isOwn ? answerError(session, error, replaced) : undefined
}

/**
 * Writes the recorded changes, for a framework that sends the response itself. From this call on, every change throws.
 * Returns the response to send instead if the write failed, or `undefined` if the response may be sent, with `send`.
 * Throws the same errors as `commit`.
 */
export async function settle(
  session: RequestSession,
  replaced?: Response,
): Promise<Response | undefined> {
  try {
    await session.complete()
    return undefined
  } catch (error) {
    return insteadOf(session, error, replaced)
  }
}

/**
 * Returns the response to send instead of the handler's after a failed write, or `undefined` if a late write is
 * dropped.
 */
async function insteadOf(
  session: RequestSession,
  error: unknown,
  replaced: Response | undefined,
): Promise<Response | undefined> {
  const instead = await answerError(session, error, replaced)
  return session.settings.dropsLateWrites && isLate(session, error) ? undefined : instead
}

/** Returns the response to send after a failed write. */
export async function afterFailedWork(
  session: RequestSession,
  error: unknown,
  response: Response,
): Promise<Response> {
  return (await insteadOf(session, error, response)) ?? withSessionHeaders(session, response)
}

interface Failing {
  /** The framework's response to the error. */
  readonly response?: Response
  readonly isLast?: boolean
  /** The handler that failed. By default the innermost. */
  readonly entered?: Entered
}

/**
 * Returns the response to an error, without writing recorded changes. A session error becomes a 409 or 413 response, or
 * the response of `onStoreFailure`. For any other error, returns the framework's response with the cookie of the
 * changes already written; without such a response the error is rethrown. Later changes throw, unless `isLast` is false
 * because the framework asks the application for a response.
 */
export async function fail(
  session: RequestSession,
  error: unknown,
  { response, isLast = true, entered }: Failing = {},
): Promise<Response> {
  discardOf(session, entered)
  const own = await ownAnswer(session, error, response)
  const isOutermost = session.depth <= 1
  if (isOutermost && isLast) session.dictionary.seal()
  if (own !== undefined) return own
  if (response !== undefined) return isOutermost ? afterFailure(session, response) : response
  if (isOutermost) await abandon(session)
  throw error
}

/** Drops the recorded changes of a failed handler, by default the innermost one. */
export function discardOf(session: RequestSession, entered: Entered | undefined): void {
  const innermost = session.entered.at(-1)
  // While another handler runs for the same request, nothing is dropped.
  if (entered !== undefined && entered !== innermost) return
  const { savepoint } = innermost ?? {}
  if (savepoint !== undefined && !session.isGone) return session.dictionary.rollback(savepoint)
  session.dictionary.discard()
  // Also drops the message that began a session after the end.
  if (isDestroyed(session.state)) session.state = { is: 'destroyed', token: undefined }
}

/**
 * Ends a session that no browser can reach after an error without our response: the browser does not get its new token.
 */
async function abandon(session: RequestSession): Promise<void> {
  await session.drop()
  if (!session.isIssued || session.isHeld || session.state.is !== 'live') return
  await session.change(() => endSession(session)).catch(() => undefined)
}

/** Returns the framework's response to an error, with the cookie of the changes already written. */
async function afterFailure(session: RequestSession, response: Response): Promise<Response> {
  try {
    const instead = await settle(session, response)
    return instead ?? (await withSessionHeaders(session, response))
  } catch {
    // The framework has answered the first error. Later session errors are already responses.
    return withSessionHeaders(session, response)
  }
}

/** Returns the response with the headers of the session. Call it after `settle`. */
export function send(session: RequestSession, response: Response): Await<Response> {
  return withSessionHeaders(session, response)
}

/**
 * Returns the Set-Cookie value for a framework that asks for it, after `settle`, or an empty text if there is no
 * session.
 */
export function cookieOf(session: RequestSession): Promise<string> {
  return currentCookie(session)
}

/** Returns the error if the session ended elsewhere while this request used it, otherwise `undefined`. */
export function lateError({ isOver }: RequestSession): SessionError | undefined {
  return isOver ? endedError() : undefined
}
