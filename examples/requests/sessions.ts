import { createSessions, json } from 'edge-session'
import { accounts } from 'edge-session/accounts'
import { durableObjectStore, type SessionObject } from 'edge-session/store/durable-object'

export interface Env {
  SESSION_SECRET: string
  SESSIONS: DurableObjectNamespace<SessionObject>
}

export const sessions = createSessions({
  secrets: (env: Env) => [env.SESSION_SECRET],
  store: (env) => durableObjectStore(env.SESSIONS),
  data: json<{ unread: number }, { notice: string }>(),
  use: [accounts()],
})
