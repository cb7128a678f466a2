import { AutoRouter } from 'itty-router'

import { createSessions } from '../src/index.ts'
import { durableObjectStore, SessionObject } from '../src/store/durable-object.ts'

export { SessionObject }

interface Env {
  SESSION_SECRET: string
  SESSIONS: DurableObjectNamespace<SessionObject>
}
interface Data {
  cart: string[]
  visits: number
  user: { name: string }
}

const { withSession } = createSessions<Data, Env>({
  secrets: (env) => [env.SESSION_SECRET],
  store: (env) => durableObjectStore(env.SESSIONS),
  idleTimeout: 30 * 60,
  absoluteTimeout: 12 * 3600,
})

const router = AutoRouter()
router.get(
  '/',
  withSession(async ({ session }) => ({ visits: await session.increment('visits') })),
)
router.post(
  '/cart/:item',
  withSession(async ({ session, params }) => {
    await session.update('cart', (cart = []) => [...cart, params.item])
    return Response.json(await session.get('cart'))
  }),
)
router.get(
  '/all',
  withSession(async ({ session }) => session.all()),
)
export default router
