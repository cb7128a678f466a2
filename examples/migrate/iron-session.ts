import { createSessions, json } from 'edge-session'
import { accounts } from 'edge-session/accounts'
import { adopting } from 'edge-session/adopt'
import { ironSessionCookie } from 'edge-session/migrate/iron-session'
import { durableObjectStore, type SessionObject } from 'edge-session/store/durable-object'

export { SessionObject } from 'edge-session/store/durable-object'

interface Env {
  readonly SESSION_SECRET: string
  /** iron-session's password. */
  readonly IRON_PASSWORD: string
  readonly SESSIONS: DurableObjectNamespace<SessionObject>
}

interface Data {
  cart: string[]
}

/** What the old application has kept in its session. */
interface OldSession {
  readonly userId?: string
  readonly cart?: string[]
}

const { withSession } = createSessions({
  data: json<Data>(),
  secrets: (env: Env) => [env.SESSION_SECRET],
  store: (env) => durableObjectStore(env.SESSIONS),
  use: [
    accounts(),
    adopting(
      // #region adopt
      ironSessionCookie({
        name: 'app-session', // iron-session's cookieName
        password: (env: Env) => env.IRON_PASSWORD,
        load: ({ userId, cart = [] }: OldSession) => ({
          data: { cart },
          ...(userId !== undefined && { userId }),
        }),
      }),
      // #endregion adopt
    ),
  ],
})

export default {
  fetch: withSession(async ({ session, url }) => {
    if (new URL(url).pathname === '/sign-out') {
      await session.signOut()
      return 'ok'
    }
    await session.load()
    return { user: session.userId ?? null, cart: (await session.get('cart')) ?? [] }
  }),
}
