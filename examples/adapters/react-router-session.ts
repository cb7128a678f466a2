// app/session.server.ts
import { env } from 'cloudflare:workers'
import { createSessions, json, type Session } from 'edge-session'
import { type AccountMethods, accounts } from 'edge-session/accounts'
import { sessionMiddleware } from 'edge-session/adapter/react-router'
import { durableObjectStore } from 'edge-session/store/durable-object'
import { createContext } from 'react-router'

type Data = { cart: string[] }

const sessions = createSessions({
  data: json<Data>(),
  secrets: (own: Cloudflare.Env) => [own.SESSION_SECRET],
  store: (own) => durableObjectStore(own.SESSIONS),
  use: [accounts()], // for requireUser below
})
export const sessionContext = createContext<Session<Data> & AccountMethods>()
export const middleware = sessionMiddleware(sessions, { context: sessionContext, env: () => env })
