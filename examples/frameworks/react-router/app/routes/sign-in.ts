import { redirect } from 'react-router'

import { sessionContext } from '../sessions.server'
import type { Route } from './+types/sign-in'

export async function action({ context, request }: Route.ActionArgs) {
  const session = context.get(sessionContext)
  const form = await request.formData()
  await session.signIn(String(form.get('user')))
  session.flash('notice', 'Welcome')
  return redirect('/', 303)
}
