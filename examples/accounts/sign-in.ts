// #region sign-in
import { nextPathOf } from 'edge-session/guard/next-path'

import { router } from './router.ts' // router = AutoRouter()
import { sessions } from './sessions.ts'

router.post(
  '/login',
  sessions.withSession(async (request) => {
    const user = await checkPassword(await request.formData())
    if (user === undefined) return new Response('Wrong name or password', { status: 401 })
    await request.session.signIn(user.id, { label: 'Ada’s phone', aal: 1 })
    return new Response(null, { status: 303, headers: { Location: nextPathOf(request) } })
  }),
)

router.post(
  '/logout',
  sessions.withSession(async ({ session }) => {
    await session.signOut()
    return new Response(null, { status: 303, headers: { Location: '/' } })
  }),
)
// #endregion sign-in

/** Returns the user of any name with the example's password. */
async function checkPassword(form: FormData): Promise<{ id: string } | undefined> {
  const name = form.get('name')
  if (typeof name !== 'string' || form.get('password') !== 'open sesame') return undefined
  return { id: name }
}
