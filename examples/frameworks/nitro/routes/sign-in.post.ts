import { defineHandler, redirect } from 'nitro/h3'

import { useEdgeSession } from '../sessions'

export default defineHandler(async (event) => {
  const session = useEdgeSession(event)
  const form = await event.req.formData()
  await session.signIn(String(form.get('user')))
  session.flash('notice', 'Welcome')
  return redirect('/', 303)
})
