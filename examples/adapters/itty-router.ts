import { createSessions } from 'edge-session'
import { sessionHooks } from 'edge-session/adapter/itty-router'
import { durableObjectStore, SessionObject } from 'edge-session/store/durable-object'
import { AutoRouter, error } from 'itty-router'
export { SessionObject } // bound as SESSIONS in wrangler.toml

type Env = { SESSION_SECRET: string; SESSIONS: DurableObjectNamespace<SessionObject> }
const sessions = createSessions<{ visits: number }, Env>({
  secrets: (env) => [env.SESSION_SECRET],
  store: (env) => durableObjectStore(env.SESSIONS),
})

const router = AutoRouter(sessionHooks(sessions, { catch: error }))
router.get('/', async ({ session }) => ({ visits: await session.increment('visits') }))
export default router
