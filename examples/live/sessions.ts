import { createSessions, json } from 'edge-session'
import { accounts } from 'edge-session/accounts'
// #region object
import { sockets } from 'edge-session/live/object'
import { durableObjectStore, extendSessionObject } from 'edge-session/store/durable-object'

export class SessionObject extends extendSessionObject(sockets) {}
// #endregion object

import type { Room } from './room.ts'

export interface Env {
  SESSION_SECRET: string
  SESSIONS: DurableObjectNamespace<SessionObject>
  ROOMS: DurableObjectNamespace<Room>
}

export const sessions = createSessions({
  data: json<{ theme: string; cart: string[] }>(),
  secrets: (env: Env) => [env.SESSION_SECRET],
  store: (env) => durableObjectStore(env.SESSIONS),
  use: [accounts()],
})
