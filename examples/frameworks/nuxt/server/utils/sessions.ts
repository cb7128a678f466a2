import { createSessions, json } from 'edge-session'
import { accounts } from 'edge-session/accounts'
import { nuxtSessions } from 'edge-session/adapter/nuxt'
import { developmentStore } from 'edge-session/store/development'
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

// #region sessions
// `nuxt dev` runs in Node, which has no Durable Objects.
const inNode = import.meta.dev ? developmentStore() : undefined

export const sessions = createSessions({
  data: json<Data, Flash>(),
  secrets: (env: Env) => [env.SESSION_SECRET],
  store: (env) => inNode ?? durableObjectStore(env.SESSIONS),
  use: [accounts(inNode ? {} : { index: (env: Env) => userIndex(env.USERS) })],
})

// Nuxt imports useEdgeSession(event) into every file of server/.
export const { plugin, useEdgeSession } = nuxtSessions(sessions)
// #endregion sessions
