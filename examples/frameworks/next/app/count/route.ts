import { currentSession } from '../../lib/session'

export async function POST() {
  const session = await currentSession()
  return Response.json({ count: await session.increment('count') })
}
