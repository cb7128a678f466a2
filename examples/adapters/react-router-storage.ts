// app/sessions.server.ts
import { env } from 'cloudflare:workers'
import { createSessions } from 'edge-session'
import { sessionStorage } from 'edge-session/adapter/react-router-storage'
import { durableObjectStore } from 'edge-session/store/durable-object'

type Data = { userId: string }
type Flash = { error: string }

const sessions = createSessions<Data, Cloudflare.Env, Flash>({
  secrets: (own) => [own.SESSION_SECRET],
  store: (own) => durableObjectStore(own.SESSIONS),
})
export const { getSession, commitSession, destroySession } = sessionStorage(sessions, () => env)
