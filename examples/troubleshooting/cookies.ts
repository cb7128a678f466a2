import { createSessions, type Sessions } from 'edge-session'
import { durableObjectStore, SessionObject } from 'edge-session/store/durable-object'
export { SessionObject }

export interface Env {
  SESSION_SECRET: string
  SESSIONS: DurableObjectNamespace<SessionObject>
  PLAIN_HTTP?: 'yes'
}

interface Data {
  visits: number
}

type VisitSessions = Sessions<Data, Env, Record<string, unknown>>

// #region plain-http
/** `sessionsFor(env)`, with `import { env } from 'cloudflare:workers'`. */
export function sessionsFor({ PLAIN_HTTP }: Env): VisitSessions {
  return createSessions<Data, Env>({
    secrets: (env) => [env.SESSION_SECRET],
    store: (env) => durableObjectStore(env.SESSIONS),
    // PLAIN_HTTP=yes stands in .dev.vars, and nowhere else.
    cookie: PLAIN_HTTP === 'yes' ? { name: 'session', secure: false } : {},
  })
}
// #endregion plain-http

// #region subdomains
export const onAllSubdomains = createSessions<Data, Env>({
  secrets: (env) => [env.SESSION_SECRET],
  store: (env) => durableObjectStore(env.SESSIONS),
  cookie: { name: '__Secure-session', domain: 'shop.example' },
})
// #endregion subdomains

// #region iframe
export const inFrames = createSessions<Data, Env>({
  secrets: (env) => [env.SESSION_SECRET],
  store: (env) => durableObjectStore(env.SESSIONS),
  cookie: { name: '__Host-embedded', sameSite: 'None', partitioned: true },
})
// #endregion iframe
