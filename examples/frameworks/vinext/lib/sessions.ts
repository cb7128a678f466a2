import { createSessions, json } from 'edge-session'
import { accounts } from 'edge-session/accounts'
import { durableObjectStore } from 'edge-session/store/durable-object'
import { userIndex } from 'edge-session/store/user-index'

interface Data {
  count: number
  a: string
  b: string
}

interface Flash {
  notice: string
}

export const sessions = createSessions({
  data: json<Data, Flash>(),
  secrets: (env: Env) => [env.SESSION_SECRET],
  store: (env) => durableObjectStore(env.SESSIONS),
  use: [accounts({ index: (env: Env) => userIndex(env.USERS) })],
})
