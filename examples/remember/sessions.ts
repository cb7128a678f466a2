import { createSessions, TIMEOUTS } from 'edge-session'
import { accounts } from 'edge-session/accounts'
import { remembering } from 'edge-session/remember'
import { durableObjectStore, SessionObject } from 'edge-session/store/durable-object'

export { SessionObject } // and export it from the Worker's main module

// #region sessions
export const sessions = createSessions({
  ...TIMEOUTS.lowRisk, // everybody else: 8 hours in all, 30 minutes idle
  secrets: (env: Env) => [env.SESSION_SECRET],
  store: (env) => durableObjectStore(env.SESSIONS),
  use: [accounts({ remember: remembering() })], // 30 days
})
// #endregion sessions

interface Env {
  readonly SESSION_SECRET: string
  readonly SESSIONS: Parameters<typeof durableObjectStore>[0]
}
