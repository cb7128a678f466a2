import { openToken } from '../codec/token.ts'
import type { RequestSession } from './request-session.ts'
import { valueOn } from './response.ts'

/**
 * Makes a visitor without a session write to the session that another layer created for this response, since a browser
 * keeps one cookie per name.
 */
export async function joinOther(session: RequestSession, response: Response): Promise<void> {
  const { settings, keyring, arrival } = session
  const value = valueOn(response, settings.cookie.name)
  const opened =
    value === undefined ? undefined : await openToken(keyring, settings.cookie.name, value)
  if (opened?.ok !== true) return
  session.arrival = { ...arrival, token: opened.token }
  session.state = { is: 'presented', token: opened.token }
}
