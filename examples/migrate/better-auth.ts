import { betterAuth } from 'better-auth'
import { createSessions } from 'edge-session'
import { accounts } from 'edge-session/accounts'
import { adopting } from 'edge-session/adopt'
import { betterAuthCookie } from 'edge-session/migrate/better-auth'
import { durableObjectStore, SessionObject } from 'edge-session/store/durable-object'

export { SessionObject }

export interface Env {
  readonly SESSION_SECRET: string
  readonly BETTER_AUTH_SECRET: string
  readonly SESSIONS: DurableObjectNamespace<SessionObject>
  readonly DB: D1Database
}

/** better-auth with the options of the old application. Here it only finds sessions. */
const oldAuth = (env: Env) =>
  betterAuth({
    baseURL: 'https://app.example',
    secret: env.BETTER_AUTH_SECRET,
    database: env.DB,
    emailAndPassword: { enabled: true },
  })

const { withSession } = createSessions({
  secrets: (env: Env) => [env.SESSION_SECRET],
  store: (env) => durableObjectStore(env.SESSIONS),
  use: [
    accounts(),
    adopting(
      // #region adopt
      betterAuthCookie({
        name: '__Secure-better-auth.session_token', // on http: better-auth.session_token
        secrets: (env: Env) => env.BETTER_AUTH_SECRET,
        readSession: async (token, env) => {
          const { internalAdapter } = await oldAuth(env).$context
          return internalAdapter.findSession(token)
        },
        load: ({ session, user }) => ({ userId: user.id, authenticatedAt: session.createdAt }),
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
    return { user: session.userId ?? null }
  }),
}
