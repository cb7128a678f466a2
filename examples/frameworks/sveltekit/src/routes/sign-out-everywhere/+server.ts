import { dev } from '$app/environment'
import { sessions } from '$lib/server/sessions'
import { redirect } from '@sveltejs/kit'

import type { RequestHandler } from './$types'

export const POST: RequestHandler = async ({ locals: { session }, platform }) => {
  await session.load()
  if (!dev && session.userId !== undefined && platform !== undefined) {
    await sessions.user(session.userId, platform.env).revokeAll()
  }
  await session.signOut()
  redirect(303, '/')
}
