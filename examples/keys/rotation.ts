import { createSessions, jsonLog, type Secrets } from 'edge-session'
import { durableObjectStore, SessionObject } from 'edge-session/store/durable-object'
export { SessionObject }

// #region secrets
export interface Env {
  SESSIONS: DurableObjectNamespace<SessionObject>
  SESSION_SECRET?: string // wrangler secret put SESSION_SECRET
  SESSION_SECRET_2?: string // wrangler secret put SESSION_SECRET_2
  SIGNING_SECRET?: '1' | '2' // a variable in wrangler.toml; not a secret
}

/** The secrets that there are, the one that signs first. */
export function secretsOf({ SESSION_SECRET, SESSION_SECRET_2, SIGNING_SECRET }: Env): Secrets {
  const both = [SESSION_SECRET, SESSION_SECRET_2]
  const [signing = '', other] = SIGNING_SECRET === '2' ? both.toReversed() : both
  return other === undefined ? [signing] : [signing, other]
}

export const { withSession } = createSessions<{ cart: string[] }, Env>({
  secrets: secretsOf,
  store: (env) => durableObjectStore(env.SESSIONS),
  onEvent: jsonLog,
})
// #endregion secrets
