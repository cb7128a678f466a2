import { defineHandler, redirect } from 'nitro/h3'

import { useEdgeSession } from '../sessions'

export default defineHandler(async (event) => {
  await useEdgeSession(event).signOut()
  return redirect('/', 303)
})
