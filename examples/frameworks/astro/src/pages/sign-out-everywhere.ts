import type { APIRoute } from 'astro'
import { env } from 'cloudflare:workers'

import { sessions } from '../sessions'

export const POST: APIRoute = async ({ locals: { session }, redirect }) => {
  await session.load()
  if (session.userId !== undefined) await sessions.user(session.userId, env).revokeAll()
  await session.signOut()
  return redirect('/', 303)
}
