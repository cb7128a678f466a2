import { defineHandler } from 'nitro/h3'

import { useEdgeSession } from '../sessions'

export default defineHandler(async (event) => {
  const session = useEdgeSession(event)
  const form = await event.req.formData()
  await session.load()
  await scheduler.wait(Math.min(Number(form.get('wait')), 2000))
  session.set(form.get('key') === 'b' ? 'b' : 'a', String(form.get('value')))
  // Otherwise what was recorded is written after the handler.
  if (form.get('awaited') === '1') await session.commit()
  return { ok: true }
})
