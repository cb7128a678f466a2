import { defineHandler } from 'nitro/h3'

import { useEdgeSession } from '../sessions'

export default defineHandler(async (event) => {
  const form = await event.req.formData()
  useEdgeSession(event).set('a', String(form.get('value')))
  throw new Response(null, { status: 303, headers: { Location: '/state' } })
})
