// #region guards
import { requireFresh, requireUser } from 'edge-session/guard/require-user'

import { router } from './router.ts'
import { sessions } from './sessions.ts'

export const signedIn = requireUser({ loginUrl: '/login' })
export const freshly = requireFresh(5 * 60, { loginUrl: '/login' })

router.get(
  '/account',
  sessions.withSession(signedIn(({ session }) => ({ hello: session.userId }))), // a string here, says the type
)
router.post('/password', sessions.withSession(freshly(changePassword)))
// #endregion guards

async function changePassword(request: Request): Promise<Response> {
  const form = await request.formData()
  return new Response(form.has('password') ? 'Changed' : 'Say a password', {
    status: form.has('password') ? 200 : 400,
  })
}
