import { createSessions, json } from 'edge-session'
import { accounts } from 'edge-session/accounts'
import { adopting } from 'edge-session/adopt'
import {
  reactRouterCookie,
  reactRouterIdCookie,
  type RouterSession,
} from 'edge-session/migrate/react-router'
import { durableObjectStore, type SessionObject } from 'edge-session/store/durable-object'

export { SessionObject } from 'edge-session/store/durable-object'

interface Env {
  readonly SESSION_SECRET: string
  /** What the cookie's `secrets` had in it. */
  readonly ROUTER_SECRET: string
  readonly SESSIONS: DurableObjectNamespace<SessionObject>
  /** The namespace of `createWorkersKVSessionStorage`. */
  readonly SESSION_KV: KVNamespace
}

interface Data {
  cart: string[]
}

interface Flash {
  notice: string
}

/** What the old application has kept in its session. */
interface OldData {
  readonly userId?: string
  readonly cart?: string[]
}

// #region cookie
const inCookie = reactRouterCookie({
  name: '__session',
  secrets: (env: Env) => [env.ROUTER_SECRET],
  load: ({ data: { userId, cart = [] }, flash }: RouterSession<OldData>) => ({
    data: { cart },
    flash,
    ...(userId !== undefined && { userId }),
  }),
  identity: () => crypto.randomUUID(),
})
// #endregion cookie

const inKv = reactRouterIdCookie({
  name: '__session_id',
  secrets: (env: Env) => [env.ROUTER_SECRET],
  readData: (id, env) => env.SESSION_KV.get(id, 'json'),
  load: ({ data: { userId }, flash }: RouterSession<OldData>) =>
    userId === undefined ? undefined : { userId, flash },
})

const { withSession } = createSessions({
  data: json<Data, Flash>(),
  secrets: (env: Env) => [env.SESSION_SECRET],
  store: (env) => durableObjectStore(env.SESSIONS),
  use: [accounts(), adopting(inCookie, inKv)],
})

export default {
  fetch: withSession(async ({ session }) => {
    const { cart = [] } = await session.all()
    return { user: session.userId ?? null, cart, ...(await session.flashes()) }
  }),
}
