import { createSessions, json } from 'edge-session'
import { accounts } from 'edge-session/accounts'
import { adopting } from 'edge-session/adopt'
import { tornadoCookie } from 'edge-session/migrate/tornado'
import { durableObjectStore, type SessionObject } from 'edge-session/store/durable-object'

export { SessionObject } from 'edge-session/store/durable-object'

interface Env {
  readonly SESSION_SECRET: string
  /** Tornado's `cookie_secret`. */
  readonly COOKIE_SECRET: string
  readonly SESSIONS: DurableObjectNamespace<SessionObject>
}

interface Data {
  theme: string
  visits: number
}

// #region adopt
const { withSession } = createSessions({
  data: json<Data>(),
  secrets: (env: Env) => [env.SESSION_SECRET],
  store: (env) => durableObjectStore(env.SESSIONS),
  use: [
    accounts(),
    adopting(
      tornadoCookie({
        name: 'user',
        secret: (env: Env) => env.COOKIE_SECRET,
        load: (user) => ({ userId: user, data: { theme: 'dark' } }),
      }),
    ),
  ],
})
// #endregion adopt

export default {
  fetch: withSession(async ({ session, url }) => {
    const { pathname } = new URL(url)
    if (pathname === '/sign-out') await session.signOut()
    if (pathname === '/visit') await session.increment('visits')
    if (pathname !== '/') return 'ok'
    await session.load()
    return { user: session.userId ?? null, id: session.id, ...(await session.all()) }
  }),
}
