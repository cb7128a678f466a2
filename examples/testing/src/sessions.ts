import { createSessions } from 'edge-session'
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

export const sessions = createSessions<Data, Env, Flash>({
  secrets: (env) => [env.SESSION_SECRET],
  store: (env) => durableObjectStore(env.SESSIONS),
  users: (env) => userIndex(env.USERS),
  idleTimeout: 30 * 60,
})
