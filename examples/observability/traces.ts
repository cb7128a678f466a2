import { createSessions, jsonLog } from 'edge-session'
import { durableObjectStore, SessionObject } from 'edge-session/store/durable-object'
import { tracing } from 'edge-session/tracing'

export { SessionObject } // bound as SESSIONS in wrangler.toml

// #region traces
const { withSession } = createSessions({
  secrets: (env: Env) => [env.SESSION_SECRET],
  store: (env) => durableObjectStore(env.SESSIONS),
  onEvent: jsonLog,
  use: [tracing()],
})
// #endregion traces

export default {
  fetch: withSession(async ({ session }) => ({ visits: await session.increment('visits') })),
}

export interface Env {
  SESSION_SECRET: string
  SESSIONS: DurableObjectNamespace<SessionObject>
}
