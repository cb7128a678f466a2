import { redirect } from '@sveltejs/kit'

import type { Actions } from './$types'

export const actions: Actions = {
  default: async ({ locals: { session }, request }) => {
    const form = await request.formData()
    session.set('a', String(form.get('value')))
    redirect(303, '/state')
  },
}
