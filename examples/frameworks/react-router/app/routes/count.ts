import { sessionContext } from '../sessions.server'
import type { Route } from './+types/count'

export async function action({ context }: Route.ActionArgs) {
  return Response.json({ count: await context.get(sessionContext).increment('count') })
}
