import { json } from '@sveltejs/kit'

import type { RequestHandler } from './$types'

export const POST: RequestHandler = async ({ locals: { session }, request }) => {
  const form = await request.formData()
  const name = form.get('key') === 'b' ? 'b' : 'a'
  await session.load()
  await new Promise((resolve) => setTimeout(resolve, Math.min(Number(form.get('wait')), 2000)))
  session.set(name, String(form.get('value')))
  // Otherwise what was recorded is written after the handler.
  if (form.get('awaited') === '1') await session.commit()
  return json({ ok: true })
}
