import { createSessions } from 'edge-session'
import { accounts } from 'edge-session/accounts'
import { durableObjectStore, type SessionObject } from 'edge-session/store/durable-object'

import type { Room } from './room.ts'

export interface Env {
  SESSION_SECRET: string
  SESSIONS: DurableObjectNamespace<SessionObject>
  ROOMS: DurableObjectNamespace<Room>
}

export const sessions = createSessions({
  secrets: (env: Env) => [env.SESSION_SECRET],
  store: (env) => durableObjectStore(env.SESSIONS),
  use: [accounts()],
  cookie: { sameSite: 'Strict' },
})

/** The part of the handshake that a socket keeps. */
export interface Handshake {
  readonly url: string
  readonly cookie: string
}

// #region user-of
/** Returns the user of a handshake's cookie as of now, or `undefined` if the session is over or has a new token. */
export async function userOf({ url, cookie }: Handshake, env: Env): Promise<string | undefined> {
  const session = await sessions.open(new Request(url, { headers: { Cookie: cookie } }), env)
  await session.load({ fresh: true })
  return session.userId
}
// #endregion user-of
