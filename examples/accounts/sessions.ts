// #region sessions
// sessions.ts
import { createSessions, jsonLog, TIMEOUTS } from 'edge-session'
import { durableObjectStore, SessionObject } from 'edge-session/store/durable-object'
import { userIndex, UserObject } from 'edge-session/store/user-index'

export { SessionObject, UserObject } // and export both from the Worker's main module

export const sessions = createSessions<{ cart: string[] }, Env>({
  ...TIMEOUTS.aal2, // 24 hours in all, one hour idle
  secrets: (env) => [env.SESSION_SECRET],
  store: (env) => durableObjectStore(env.SESSIONS),
  users: (env) => userIndex(env.USERS),
  renewEvery: 15 * 60,
  onEvent: jsonLog,
})
// #endregion sessions

export interface Env {
  SESSION_SECRET: string
  SESSIONS: DurableObjectNamespace<SessionObject>
  USERS: DurableObjectNamespace<UserObject>
}
