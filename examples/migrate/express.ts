import { createSessions, json } from 'edge-session'
import { accounts } from 'edge-session/accounts'
import { adopting } from 'edge-session/adopt'
import { expressCookie } from 'edge-session/migrate/express'
import { durableObjectStore, type SessionObject } from 'edge-session/store/durable-object'

export { SessionObject } from 'edge-session/store/durable-object'

interface Env {
  readonly SESSION_SECRET: string
  /** What express-session was given as `secret`. */
  readonly EXPRESS_SECRET: string
  /** Where the Express application answers this Worker, and the key that it asks for. */
  readonly EXPRESS_ORIGIN: string
  readonly EXPRESS_KEY: string
  readonly SESSIONS: DurableObjectNamespace<SessionObject>
}

interface Data {
  cart: string[]
}

interface ExpressSession {
  readonly cart?: string[]
  readonly user?: string
}

const { withSession } = createSessions({
  data: json<Data>(),
  secrets: (env: Env) => [env.SESSION_SECRET],
  store: (env) => durableObjectStore(env.SESSIONS),
  use: [
    accounts(),
    adopting(
      // #region adopt
      expressCookie({
        name: 'connect.sid',
        secrets: (env: Env) => [env.EXPRESS_SECRET],
        load: async (id, env: Env) => {
          const address = `${env.EXPRESS_ORIGIN}/session-data/${encodeURIComponent(id)}`
          const headers = { Authorization: `Bearer ${env.EXPRESS_KEY}` }
          const response = await fetch(address, { headers })
          if (response.status === 404) return undefined
          if (!response.ok) throw new Error(`The old application answered ${response.status}.`)
          const { user, cart = [] } = await response.json<ExpressSession>()
          return { data: { cart }, ...(user !== undefined && { userId: user }) }
        },
      }),
      // #endregion adopt
    ),
  ],
})

export default {
  fetch: withSession(async ({ session, url }) => {
    if (new URL(url).pathname !== '/cart') return new Response('Not found', { status: 404 })
    await session.load()
    return { user: session.userId ?? null, id: session.id, cart: (await session.get('cart')) ?? [] }
  }),
}
