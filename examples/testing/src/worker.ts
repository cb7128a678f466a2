import { csrfGuard } from 'edge-session/guard/csrf'
import { requireUser } from 'edge-session/guard/require-user'
import { AutoRouter } from 'itty-router'

import { sessions } from './sessions.ts'

export { SessionObject } from 'edge-session/store/durable-object'
export { UserObject } from 'edge-session/store/user-index'

const { withSession } = sessions
const ownPages = csrfGuard()
const signedIn = requireUser({ loginUrl: '/login' })
const withTwoFactors = requireUser({ aal: 2 })

const router = AutoRouter()
export default router

router.get(
  '/cart',
  withSession(async ({ session }) => (await session.get('cart')) ?? []),
)

router.post(
  '/cart/:item',
  withSession(
    ownPages(({ session, params: { item } }) =>
      session.update('cart', (cart = []) => [...cart, String(item)]),
    ),
  ),
)

router.get('/login', () => new Response('Who are you?'))

router.post(
  '/login',
  withSession(
    ownPages(async ({ session, url }) => {
      await session.signIn('ada')
      session.flash('notice', 'Welcome, Ada.')
      return Response.redirect(new URL('/account', url).href, 303)
    }),
  ),
)

router.get(
  '/account',
  withSession(
    signedIn(async ({ session }) => ({ user: session.userId, ...(await session.flashes()) })),
  ),
)

router.post(
  '/pay',
  withSession(ownPages(withTwoFactors(({ session }) => ({ paidBy: session.userId })))),
)

router.post(
  '/sign-out',
  withSession(
    ownPages(async ({ session }) => {
      await session.signOut()
      return { signedOut: true }
    }),
  ),
)
