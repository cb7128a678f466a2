import { createSessions, jsonLog } from 'edge-session'
import { durableObjectStore, SessionObject } from 'edge-session/store/durable-object'
import { AutoRouter } from 'itty-router'
export { SessionObject } // bound as SESSIONS in wrangler.toml

type Env = { SESSION_SECRET: string; SESSIONS: DurableObjectNamespace<SessionObject> }
const { withSession } = createSessions<{ visits: number }, Env>({
  secrets: (env) => [env.SESSION_SECRET], // the first signs, all verify
  store: (env) => durableObjectStore(env.SESSIONS),
  onEvent: jsonLog, // why a visitor has no session, in the Worker's log
})
const visits = withSession(async ({ session }) => ({ visits: await session.increment('visits') }))

const router = AutoRouter()
router.get('/', visits)
export default router
