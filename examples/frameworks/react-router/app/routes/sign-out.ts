import { redirect } from 'react-router'

import { sessionContext } from '../sessions.server'
import type { Route } from './+types/sign-out'

export async function action({ context }: Route.ActionArgs) {
  await context.get(sessionContext).signOut()
  return redirect('/', 303)
}
