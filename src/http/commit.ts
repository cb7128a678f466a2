import { SessionError } from '../errors.ts'
import { controlsOf, type Session } from '../session/session.ts'
import type { Settings } from './options.ts'
import { lateWriteResponse, withSessionHeaders } from './respond.ts'
import type { Visit } from './visit.ts'

/**
 * Writes what the session has recorded, and gives the response to send. Throws what the store throws; a write that came
 * too late is answered by 409 instead, or dropped, by `lateWrites`.
 */
export async function commit<Env, Data extends object, Flash extends object>(
  settings: Settings<Env>,
  session: Session<Data, Flash>,
  visit: Visit,
  response: Response,
): Promise<Response> {
  const { finish, discard } = controlsOf(session)
  try {
    await finish()
  } catch (error) {
    discard()
    if (!isLateWrite(error, visit)) throw error
    if (!settings.dropsLateWrites) return respond(settings, visit, lateWriteResponse())
  }
  return respond(settings, visit, response)
}

/** The response with the cookie that the visit has come to. */
export async function respond<Env>(
  settings: Settings<Env>,
  visit: Visit,
  response: Response,
): Promise<Response> {
  return withSessionHeaders(response, visit, settings.cookie.name, await visit.cookie())
}

/** Whether the error says that the session ended elsewhere; what this request did to its own session is a fault of the program. */
export function isLateWrite(error: unknown, visit: Visit): boolean {
  return error instanceof SessionError && error.code === 'ERR_SESSION_ENDED' && visit.isOver
}
