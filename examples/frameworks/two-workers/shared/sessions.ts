import { createSessions, json } from 'edge-session'
import { accounts } from 'edge-session/accounts'
import { durableObjectStore, type SessionObjectNamespace } from 'edge-session/store/durable-object'
import { userIndex, type UserObjectNamespace } from 'edge-session/store/user-index'

/** What both Workers have: the same namespaces, and the same secret. */
interface Shared {
  readonly SESSION_SECRET: string
  readonly SESSIONS: SessionObjectNamespace
  readonly USERS: UserObjectNamespace
}

interface Data {
  count: number
  a: string
  b: string
}

interface Flash {
  notice: string
}

// One cookie, so the name, the timeouts and the secrets are those of both.
export const sessions = createSessions({
  data: json<Data, Flash>(),
  secrets: (env: Shared) => [env.SESSION_SECRET],
  store: (env) => durableObjectStore(env.SESSIONS),
  use: [accounts({ index: (env: Shared) => userIndex(env.USERS) })],
})
