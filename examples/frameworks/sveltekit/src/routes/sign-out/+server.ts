import { redirect } from '@sveltejs/kit'

import type { RequestHandler } from './$types'

export const POST: RequestHandler = async ({ locals: { session } }) => {
  await session.signOut()
  redirect(303, '/')
}
