import { createSessions, json, jsonLog } from 'edge-session'
import { accounts } from 'edge-session/accounts'
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

export const sessions = createSessions({
  data: json<Data, Flash>(),
  secrets: (env: Env) => [env.SESSION_SECRET],
  store: (env) => durableObjectStore(env.SESSIONS),
  use: [accounts()],
  onEvent: jsonLog,
})
