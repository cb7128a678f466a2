import { currentSession } from '../../lib/session'

export async function POST() {
  await currentSession().signOut()
  return new Response(null, { status: 303, headers: { Location: '/' } })
}
