// #region forms
import { csrfGuard, csrfToken } from 'edge-session/guard/csrf'

import { signedIn } from './guards.ts'
import { router } from './router.ts'
import { sessions } from './sessions.ts'

const own = csrfGuard()

router.get(
  '/transfer',
  sessions.withSession(
    signedIn(async ({ session }) =>
      page(`<input type="hidden" name="csrf" value="${await csrfToken(session)}">`),
    ),
  ),
)
router.post('/transfer', sessions.withSession(own(signedIn(transfer))))
// #endregion forms

function page(fields: string): Response {
  const form = `<form method="post">${fields}<input name="amount"><button>Send</button></form>`
  return new Response(`<!doctype html>${form}`, { headers: { 'Content-Type': 'text/html' } })
}

async function transfer(request: Request): Promise<{ sent: number }> {
  const form = await request.formData()
  return { sent: Number(form.get('amount')) }
}
