import { createSessions, json } from 'edge-session'
import { accounts } from 'edge-session/accounts'
import { durableObjectStore, type SessionObject } from 'edge-session/store/durable-object'
import { userIndex, type UserObject } from 'edge-session/store/user-index'

/** Written by hand, with the types of `@cloudflare/workers-types`. */
export interface Env {
  SESSION_SECRET: string
  SESSIONS: DurableObjectNamespace<SessionObject>
  USERS: DurableObjectNamespace<UserObject>
}

export interface Data {
  count: number
  a: string
  b: string
}

export interface Flash {
  notice: string
}

export const sessions = createSessions({
  data: json<Data, Flash>(),
  secrets: (env: Env) => [env.SESSION_SECRET],
  store: (env) => durableObjectStore(env.SESSIONS),
  use: [accounts({ index: (env: Env) => userIndex(env.USERS) })],
})
