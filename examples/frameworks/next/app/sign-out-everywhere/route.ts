import { getCloudflareContext } from '@opennextjs/cloudflare'

import { currentSession } from '../../lib/session'
import { sessions } from '../../lib/sessions'

export async function POST() {
  const session = await currentSession()
  await session.load()
  const { env } = getCloudflareContext()
  if (session.userId !== undefined) await sessions.user(session.userId, env).revokeAll()
  await session.signOut()
  return new Response(null, { status: 303, headers: { Location: '/' } })
}
