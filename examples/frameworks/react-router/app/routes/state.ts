import { sessionContext } from '../sessions.server'
import type { Route } from './+types/state'

export async function loader({ context }: Route.LoaderArgs) {
  const session = context.get(sessionContext)
  const { count = 0, a = null, b = null } = await session.all()
  return Response.json({ user: session.userId ?? null, count, a, b })
}
