import { env } from 'cloudflare:workers'
import { defineHandler, redirect } from 'nitro/h3'

import { sessions, useEdgeSession } from '../sessions'

export default defineHandler(async (event) => {
  const session = useEdgeSession(event)
  await session.load()
  if (session.userId !== undefined) await sessions.user(session.userId, env).revokeAll()
  await session.signOut()
  return redirect('/', 303)
})
