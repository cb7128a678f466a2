import { currentSession } from '../../lib/session'

export async function POST() {
  const session = await currentSession()
  await session.signOut()
  return new Response(null, { status: 303, headers: { Location: '/' } })
}
