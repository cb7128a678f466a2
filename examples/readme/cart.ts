import { createSessions } from 'edge-session'
import { durableObjectStore, type SessionObject } from 'edge-session/store/durable-object'
import { AutoRouter } from 'itty-router'

interface Env {
  SESSION_SECRET: string
  SESSIONS: DurableObjectNamespace<SessionObject>
}

const { withSession } = createSessions<{ cart: string[] }, Env>({
  secrets: (env) => [env.SESSION_SECRET],
  store: (env) => durableObjectStore(env.SESSIONS),
})

export const router = AutoRouter()
router.post(
  '/cart/:item',
  withSession(async ({ session, params }) => {
    await session.update('cart', (cart = []) => [...cart, params.item])
    return Response.json(await session.get('cart'))
  }),
)
