import { requireFresh, requireUser } from 'edge-session/guard/require-user'
import { AutoRouter } from 'itty-router'

import { sessions } from './sessions.ts'

const router = AutoRouter()

// #region sign-in
router.post(
  '/login',
  sessions.withSession(async (request) => {
    const form = await request.formData()
    const user = await checkPassword(form)
    if (user === undefined) return new Response('Wrong name or password', { status: 401 })
    // <input type="checkbox" name="remember">: in the form if it is ticked
    await request.session.signIn(user.id, { remember: form.has('remember') })
    return new Response(null, { status: 303, headers: { Location: '/' } })
  }),
)
// #endregion sign-in

// A month-old cookie is enough to read, and not to change the password.
router.get('/orders', sessions.withSession(requireUser()(orders)))
router.post('/password', sessions.withSession(requireFresh(5 * 60)(changePassword)))

// Asked for the password again: signs in again, and stays remembered.
router.post(
  '/confirm',
  sessions.withSession(
    requireUser()(async (request) => {
      const user = await checkPassword(await request.formData())
      if (user?.id !== request.session.userId) return new Response(null, { status: 401 })
      await request.session.signIn(user.id)
      return new Response(null, { status: 303, headers: { Location: '/' } })
    }),
  ),
)

export { SessionObject } from './sessions.ts'
export default router

/** Returns the user of any name with the example's password. */
async function checkPassword(form: FormData): Promise<{ id: string } | undefined> {
  const name = form.get('name')
  if (typeof name !== 'string' || form.get('password') !== 'open sesame') return undefined
  return { id: name }
}

function orders({ session }: { readonly session: { readonly userId: string } }): object {
  return { userId: session.userId, orders: [] }
}

function changePassword(): object {
  return { changed: true }
}
