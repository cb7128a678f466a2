import { redirect } from '@sveltejs/kit'

import type { Actions } from './$types'

export const actions: Actions = {
  default: async ({ locals: { session }, request }) => {
    const form = await request.formData()
    await session.signIn(String(form.get('user')))
    session.flash('notice', 'Welcome')
    redirect(303, '/')
  },
}
