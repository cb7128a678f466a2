import { env } from 'cloudflare:workers'
import { createSessions, json, type SessionOf } from 'edge-session'
import { accounts } from 'edge-session/accounts'
import { sessionMiddleware } from 'edge-session/adapter/react-router'
import { durableObjectStore } from 'edge-session/store/durable-object'
import { userIndex } from 'edge-session/store/user-index'
import { createContext } from 'react-router'

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
  secrets: (own: Env) => [own.SESSION_SECRET],
  store: (own) => durableObjectStore(own.SESSIONS),
  use: [accounts({ index: (own: Env) => userIndex(own.USERS) })],
})

// #region middleware
export const sessionContext = createContext<SessionOf<typeof sessions>>()
export const middleware = sessionMiddleware(sessions, { context: sessionContext, env: () => env })
// #endregion middleware
