// #region sessions
// sessions.ts
import { createSessions, json, jsonLog, TIMEOUTS } from 'edge-session'
import { accounts } from 'edge-session/accounts'
import { renewing } from 'edge-session/renew'
import { durableObjectStore, SessionObject } from 'edge-session/store/durable-object'
import { userIndex, UserObject } from 'edge-session/store/user-index'

export { SessionObject, UserObject } // and export both from the Worker's main module

export const sessions = createSessions({
  ...TIMEOUTS.aal2, // 24 hours in all, one hour idle
  data: json<{ cart: string[] }>(),
  secrets: (env: Env) => [env.SESSION_SECRET],
  store: (env) => durableObjectStore(env.SESSIONS),
  use: [accounts({ index: (env) => userIndex(env.USERS) }), renewing({ everySeconds: 15 * 60 })],
  onEvent: jsonLog,
})
// #endregion sessions

export interface Env {
  SESSION_SECRET: string
  SESSIONS: DurableObjectNamespace<SessionObject>
  USERS: DurableObjectNamespace<UserObject>
}
