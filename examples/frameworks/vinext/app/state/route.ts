import { currentSession } from '../../lib/session'

export async function GET() {
  const session = await currentSession()
  const { count = 0, a = null, b = null } = await session.all()
  return Response.json({ user: session.userId ?? null, count, a, b })
}
