import { env } from 'cloudflare:workers'
import { redirect } from 'react-router'

import { sessionContext, sessions } from '../sessions.server'
import type { Route } from './+types/sign-out-everywhere'

export async function action({ context }: Route.ActionArgs) {
  const session = context.get(sessionContext)
  await session.load()
  if (session.userId !== undefined) await sessions.user(session.userId, env).revokeAll()
  await session.signOut()
  return redirect('/', 303)
}
