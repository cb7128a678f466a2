// #region guard
import { requireBound } from 'edge-session/guard/require-bound'
import { requireUser } from 'edge-session/guard/require-user'
import { IttyRouter } from 'itty-router'

import { sessions } from './sessions.ts'

const signedIn = requireUser({ loginUrl: '/login' })
const fromDevice = requireBound({ loginUrl: '/login' })

const router = IttyRouter()
router.get('/orders', sessions.withSession(fromDevice(signedIn(orders))))
// #endregion guard

router.post(
  '/login',
  sessions.withSession(async (request) => {
    const user = await checkPassword(await request.formData())
    if (user === undefined) return new Response('Wrong name or password', { status: 401 })
    await request.session.signIn(user.id)
    return new Response(null, { status: 303, headers: { Location: '/orders' } })
  }),
)
router.post(
  '/logout',
  sessions.withSession(async ({ session }) => {
    await session.signOut()
    return new Response(null, { status: 303, headers: { Location: '/login' } })
  }),
)

router.get(
  '/device',
  sessions.withSession(async ({ session }) => {
    await session.load()
    return { binding: session.binding }
  }),
)

// #region fetch
export { SessionObject } from './sessions.ts'

// Around the whole fetch, it also answers the browser's own requests.
export default { fetch: sessions.withSession(router.fetch) }
// #endregion fetch

/** Returns the user of any name with the example's password. */
async function checkPassword(form: FormData): Promise<{ id: string } | undefined> {
  const name = form.get('name')
  if (typeof name !== 'string' || form.get('password') !== 'open sesame') return undefined
  return { id: name }
}

function orders({ session }: { readonly session: { readonly userId: string } }): object {
  return { userId: session.userId, orders: [] }
}
