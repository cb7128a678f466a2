import { createSessions, json } from 'edge-session'
import { accounts } from 'edge-session/accounts'
import { durableObjectStore, type SessionObjectNamespace } from 'edge-session/store/durable-object'
import { userIndex, type UserObjectNamespace } from 'edge-session/store/user-index'

export interface Data {
  cart: readonly string[]
}

export interface Flash {
  notice: string
}

export interface Env {
  readonly SESSION_SECRET: string
  readonly SESSIONS: SessionObjectNamespace
  readonly USERS: UserObjectNamespace
}

export const sessions = createSessions({
  data: json<Data, Flash>(),
  secrets: (env: Env) => [env.SESSION_SECRET],
  store: (env) => durableObjectStore(env.SESSIONS),
  use: [accounts({ index: (env) => userIndex(env.USERS) })],
  idleTimeout: 30 * 60,
})
