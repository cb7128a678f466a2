import { currentSession } from '../../lib/session'

export async function POST() {
  return Response.json({ count: await currentSession().increment('count') })
}
