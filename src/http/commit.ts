import { SessionError } from '../errors.ts'
import type { Settings } from './options.ts'
import { lateWriteResponse, withSessionHeaders } from './respond.ts'
import type { Visit } from './visit.ts'

/**
 * Writes what the visit's session has recorded, and gives the response to send. Throws what the store throws; a write
 * that came too late is answered by 409 instead, or dropped, by `lateWrites`.
 */
export async function commit(
  settings: Settings<never>,
  visit: Visit,
  response: Response,
): Promise<Response> {
  try {
    await visit.copy.finish()
    await visit.finish()
  } catch (error) {
    const late = await answerLateWrite(settings, visit, error)
    if (!settings.dropsLateWrites) return late
  }
  return withCookie(settings, visit, response)
}

/** The 409 for an error that says that the session ended elsewhere; any other error is thrown again. */
export async function answerLateWrite(
  settings: Settings<never>,
  visit: Visit,
  error: unknown,
): Promise<Response> {
  // What this request did to its own session is a fault of the program.
  const isLate = error instanceof SessionError && error.code === 'ERR_SESSION_ENDED' && visit.isOver
  if (!isLate) throw error
  visit.copy.discard()
  return withCookie(settings, visit, lateWriteResponse())
}

async function withCookie(
  settings: Settings<never>,
  visit: Visit,
  response: Response,
): Promise<Response> {
  return withSessionHeaders(response, visit.isUsed, settings.cookie.name, await visit.cookie())
}
