import { requireBound } from 'edge-session/guard/require-bound'
import { requireUser } from 'edge-session/guard/require-user'
import { AutoRouter } from 'itty-router'

import { device, sessions } from './sessions.ts'

const { withSession } = sessions
const [signedIn, fromDevice] = [requireUser(), requireBound()]

const router = AutoRouter()
for (const { path, handler } of device.routes) router.post(path, withSession(handler))
router.get('/orders', withSession(fromDevice(signedIn(orders))))

router.post(
  '/login',
  withSession(async ({ session }) => {
    await session.signIn('ada')
    return 'Welcome'
  }),
)

export { SessionObject } from './sessions.ts'
export default router

function orders({ session }: { readonly session: { readonly userId: string } }): object {
  return { userId: session.userId, orders: [] }
}
