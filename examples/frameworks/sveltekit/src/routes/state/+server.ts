import { json } from '@sveltejs/kit'

import type { RequestHandler } from './$types'

export const GET: RequestHandler = async ({ locals: { session } }) => {
  const { count = 0, a = null, b = null } = await session.all()
  return json({ user: session.userId ?? null, count, a, b })
}
