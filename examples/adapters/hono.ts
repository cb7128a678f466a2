import { createSessions } from 'edge-session'
import { sessionMiddleware } from 'edge-session/adapter/hono'
import { durableObjectStore, SessionObject } from 'edge-session/store/durable-object'
import { Hono } from 'hono'
export { SessionObject } // bound as SESSIONS in wrangler.toml

type Env = { SESSION_SECRET: string; SESSIONS: DurableObjectNamespace<SessionObject> }
const sessions = createSessions<{ visits: number }, Env>({
  secrets: (env) => [env.SESSION_SECRET],
  store: (env) => durableObjectStore(env.SESSIONS),
})

const app = new Hono<{ Bindings: Env }>()
  .use(sessionMiddleware(sessions))
  .get('/', async (c) => c.json({ visits: await c.var.session.increment('visits') }))
export default app
