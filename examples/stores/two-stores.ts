import { createSessions } from 'edge-session'
import { durableObjectStore, SessionObject } from 'edge-session/store/durable-object'
import { kvStore } from 'edge-session/store/kv'
export { SessionObject }

export interface Env {
  SESSION_SECRET: string
  SESSIONS: DurableObjectNamespace<SessionObject>
  SESSION_KV: KVNamespace
}

/** Who is signed in, and what must not be lost. */
export const sessions = createSessions<{ cart: string[] }, Env>({
  secrets: (env) => [env.SESSION_SECRET],
  store: (env) => durableObjectStore(env.SESSIONS),
})

// #region two
/** What every page reads and nobody misses: a theme, for a month. */
export const preferences = createSessions<{ theme: string }, Env>({
  secrets: (env) => [env.SESSION_SECRET],
  store: (env) => kvStore(env.SESSION_KV),
  cookie: { name: '__Host-preferences', persistent: true },
  idleTimeout: 30 * 86_400,
  absoluteTimeout: 30 * 86_400,
})

export const page = sessions.withSession(async (request, env) => {
  const preferred = await preferences.open(request, env)
  const theme = new URL(request.url).searchParams.get('theme')
  if (theme !== null) preferred.set('theme', theme)
  const shown = { theme: await preferred.get('theme'), cart: await request.session.get('cart') }
  return preferences.commit(preferred, Response.json(shown))
})
// #endregion two
