import { SessionError } from '../errors.ts'
import type { Settings } from './options.ts'
import { lateWriteResponse, unavailableResponse, withSessionHeaders } from './respond.ts'
import { isStoreFailure } from './store-caller.ts'
import type { Visit } from './visit.ts'

/**
 * Writes what the visit's session has recorded, and gives the response to send. A write that came too late is answered by
 * 409 instead, or dropped, by `lateWrites`; a store that failed, by `onStoreFailure`. Throws what is neither.
 */
export function commit(
  settings: Settings<never>,
  visit: Visit,
  response: Response,
): Response | Promise<Response> {
  if (visit.isUntouched) {
    visit.copy.seal()
    return response
  }
  const writing = visit.copy.finish()
  if (writing === undefined && visit.isFinished) return withCookie(settings, visit, response)
  return finished(settings, visit, response, writing)
}

async function finished(
  settings: Settings<never>,
  visit: Visit,
  response: Response,
  writing: Promise<void> | undefined,
): Promise<Response> {
  const answer = await settle(settings, visit, writing)
  return answer ?? withCookie(settings, visit, response)
}

/**
 * Writes what the visit's session has recorded; from its call on every change throws. Gives what to answer instead where
 * that failed, and `undefined` where the response may leave, by `withCookie`. Throws as `commit` does.
 */
export async function settle(
  settings: Settings<never>,
  visit: Visit,
  writing: Promise<void> | undefined = visit.copy.finish(),
): Promise<Response | undefined> {
  try {
    await writing
    if (!visit.isFinished) await visit.finish()
  } catch (error) {
    const answer = await answerError(settings, visit, error)
    if (!settings.dropsLateWrites || !isLate(visit, error)) return answer
  }
  return undefined
}

/** The answer to an error of the session's: that it ended elsewhere, or that its store failed. Throws any other again. */
export async function answerError(
  settings: Settings<never>,
  visit: Visit,
  error: unknown,
): Promise<Response> {
  // Without a cookie: whatever token this request has got, what should have gone with it may not be there.
  if (isStoreFailure(error)) return storeFailureResponse(settings, visit, error)
  if (!isLate(visit, error)) throw error
  visit.copy.discard()
  return withCookie(settings, visit, lateWriteResponse())
}

/** Whether the session was ended elsewhere; what this request did to its own is a fault of the program. */
function isLate(visit: Visit, error: unknown): boolean {
  return error instanceof SessionError && error.code === 'ERR_SESSION_ENDED' && visit.isOver
}

async function storeFailureResponse(
  { onStoreFailure }: Settings<never>,
  visit: Visit,
  error: SessionError,
): Promise<Response> {
  if (typeof onStoreFailure === 'string') return unavailableResponse()
  return onStoreFailure(error, visit.request)
}

/** The response with what the browser has to learn of its session, its cookie above all. */
export function withCookie(
  { cookie: { name }, clearSiteData }: Settings<never>,
  { session, isUsed, isSignedOut, oldCookies }: Visit,
  response: Response,
): Response | Promise<Response> {
  const about = {
    isUsed,
    cookieName: name,
    cleared: oldCookies?.cleared ?? [],
    clearSiteData: isSignedOut ? clearSiteData : undefined,
  }
  const cookie = session.cookie()
  return cookie instanceof Promise
    ? cookie.then((setCookie) => withSessionHeaders(response, { ...about, setCookie }))
    : withSessionHeaders(response, { ...about, setCookie: cookie })
}
