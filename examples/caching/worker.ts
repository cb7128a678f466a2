import { WorkerEntrypoint } from 'cloudflare:workers'
import { createSessions } from 'edge-session'
import { accounts } from 'edge-session/accounts'
import { requireUser } from 'edge-session/guard/require-user'
import { durableObjectStore, SessionObject } from 'edge-session/store/durable-object'

import { pageFor } from './page.ts'
import { refusedSpeculation } from './speculation.ts'

export { SessionObject }

const { withSession } = createSessions({
  secrets: (env: Env) => [env.SESSION_SECRET],
  store: (env) => durableObjectStore(env.SESSIONS),
  use: [accounts()],
})

// #region entrypoints
/** Cached for a minute for each user, because `ctx.props` is part of the cache's key. It knows no session. */
export class Orders extends WorkerEntrypoint<Env, OrdersProps> {
  override fetch(): Response {
    const { userId } = this.ctx.props
    return Response.json(ordersOf(userId), { headers: { 'Cache-Control': 'public, max-age=60' } })
  }
}

/** Runs for every request, and alone reads the session. */
async function orders(userId: string, url: string, ctx: Context): Promise<Response> {
  // Without the cookie: the key has the path, the query and the props.
  const response = await ctx.exports.Orders({ props: { userId } }).fetch(new Request(url))
  // To the browser it is a signed-in page like any other, for which the library says no-store.
  const own = new Response(response.body, response)
  own.headers.delete('Cache-Control')
  return own
}
// #endregion entrypoints

const signedIn = requireUser()

const fetch = withSession(async (request, env: Env, ctx: Context) => {
  const { session, url } = request
  const { pathname, searchParams } = new URL(url)
  if (request.method === 'POST' && pathname === '/sign-in') {
    await session.signIn(searchParams.get('user') ?? '')
    return 'signed in'
  }
  if (request.method === 'POST' && pathname === '/sign-out') {
    await session.signOut()
    return 'signed out'
  }
  const guarded = signedIn((own) => {
    const { userId } = own.session
    const page = pathname === '/orders' ? orders : pageFor
    return refusedSpeculation(own) ?? page(userId, url, ctx)
  })
  return guarded(request, env, ctx)
})

export default { fetch }

export interface Env {
  SESSION_SECRET: string
  SESSIONS: DurableObjectNamespace<SessionObject>
}

interface OrdersProps {
  readonly userId: string
}

/** The part of the Worker's context that the recipe uses. `wrangler types` generates the type of `ctx.exports`. */
export interface Context {
  waitUntil(promise: Promise<unknown>): void
  passThroughOnException(): void
  readonly exports: {
    readonly Orders: (options: { props: OrdersProps }) => {
      fetch: (request: Request) => Promise<Response>
    }
  }
}

/** Stands for what takes long. */
function ordersOf(userId: string): unknown {
  return { userId, madeAt: crypto.randomUUID() }
}
