import { currentSession } from '../../lib/session'

export async function POST(request: Request) {
  const session = await currentSession()
  const form = await request.formData()
  await session.load()
  const wait = Math.min(Number(form.get('wait')), 2000)
  await new Promise((resolve) => setTimeout(resolve, wait))
  session.set(form.get('key') === 'b' ? 'b' : 'a', String(form.get('value')))
  // Otherwise what was recorded is written after the handler.
  if (form.get('awaited') === '1') await session.commit()
  return Response.json({ ok: true })
}
