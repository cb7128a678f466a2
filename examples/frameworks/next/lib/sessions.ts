import { createSessions, json } from 'edge-session'
import { accounts } from 'edge-session/accounts'
import { durableObjectStore, type SessionObjectNamespace } from 'edge-session/store/durable-object'
import { userIndex, type UserObjectNamespace } from 'edge-session/store/user-index'

interface Env {
  SESSION_SECRET: string
  SESSIONS: SessionObjectNamespace
  USERS: UserObjectNamespace
}

interface Data {
  count: number
  a: string
  b: string
}

interface Flash {
  notice: string
}

declare global {
  /** The `env` of OpenNext's context. */
  interface CloudflareEnv extends Env {}
}

export const sessions = createSessions({
  data: json<Data, Flash>(),
  secrets: (env: Env) => [env.SESSION_SECRET],
  store: (env) => durableObjectStore(env.SESSIONS),
  use: [accounts({ index: (env: Env) => userIndex(env.USERS) })],
})
