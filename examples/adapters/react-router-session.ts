// app/session.server.ts
import { env } from 'cloudflare:workers'
import { createSessions, type Session } from 'edge-session'
import { sessionMiddleware } from 'edge-session/adapter/react-router'
import { durableObjectStore } from 'edge-session/store/durable-object'
import { createContext } from 'react-router'

const sessions = createSessions<{ cart: string[] }, Cloudflare.Env>({
  secrets: (own) => [own.SESSION_SECRET],
  store: (own) => durableObjectStore(own.SESSIONS),
})
export const sessionContext = createContext<Session<{ cart: string[] }>>()
export const middleware = sessionMiddleware(sessions, { context: sessionContext, env: () => env })
