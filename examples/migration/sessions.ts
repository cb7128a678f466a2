// #region sessions
import { createSessions, jsonLog } from 'edge-session'
import { durableObjectStore, SessionObject } from 'edge-session/store/durable-object'

export { SessionObject } // and export it from the Worker's main module

export interface Env {
  SESSION_SECRET: string // a new one
  SESSIONS: DurableObjectNamespace<SessionObject>
}

export interface Data {
  cart: string[]
}

export interface Flash {
  notice: string
}

export const sessions = createSessions<Data, Env, Flash>({
  secrets: (env) => [env.SESSION_SECRET],
  store: (env) => durableObjectStore(env.SESSIONS),
  onEvent: jsonLog,
})
// #endregion sessions
