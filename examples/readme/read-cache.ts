import { createSessions } from 'edge-session'
import { cached } from 'edge-session/store/cached'
import { durableObjectStore, type SessionObject } from 'edge-session/store/durable-object'

interface Data {
  visits: number
}

interface Env {
  SESSION_SECRET: string
  SESSIONS: DurableObjectNamespace<SessionObject>
}

// #region read-cache
const sessions = createSessions<Data, Env>({
  secrets: (env) => [env.SESSION_SECRET],
  store: (env) => cached(durableObjectStore(env.SESSIONS), { maxAgeSeconds: 30 }),
})
// #endregion read-cache

export default {
  fetch: sessions.withSession(async ({ session, method, url }) => {
    const fresh = new URL(url).searchParams.has('fresh')
    await session.load({ fresh })
    return method === 'POST' ? session.increment('visits') : ((await session.get('visits')) ?? 0)
  }),
} satisfies ExportedHandler<Env>
