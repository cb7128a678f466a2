import { sessionContext } from '../sessions.server'
import type { Route } from './+types/put'

export async function action({ context, request }: Route.ActionArgs) {
  const session = context.get(sessionContext)
  const form = await request.formData()
  const name = form.get('key') === 'b' ? 'b' : 'a'
  await session.load()
  await scheduler.wait(Math.min(Number(form.get('wait')), 2000))
  session.set(name, String(form.get('value')))
  // Otherwise what was recorded is written after the handler.
  if (form.get('awaited') === '1') await session.commit()
  return Response.json({ ok: true })
}
