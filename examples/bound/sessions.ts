// #region sessions
// sessions.ts
import { createSessions, jsonLog } from 'edge-session'
import { accounts } from 'edge-session/accounts'
import { bound } from 'edge-session/bound'
import { bindings } from 'edge-session/bound/bindings'
import { durableObjectStore, extendSessionObject } from 'edge-session/store/durable-object'

/** Bound as SESSIONS in wrangler.toml, as before. Export it from the Worker's main module. */
export class SessionObject extends extendSessionObject(bindings) {}

export const device = bound()

export const sessions = createSessions({
  secrets: (env: Env) => [env.SESSION_SECRET],
  store: (env) => durableObjectStore(env.SESSIONS),
  use: [accounts(), device],
  onEvent: jsonLog,
})
// #endregion sessions

export interface Env {
  readonly SESSION_SECRET: string
  readonly SESSIONS: Parameters<typeof durableObjectStore>[0]
}
