import type { APIRoute } from 'astro'

/** Fails after a change that was awaited, and one that was only recorded. */
export const POST: APIRoute = async ({ locals: { session } }) => {
  await session.increment('count')
  session.set('a', 'dropped')
  throw new Error('This endpoint is broken on purpose.')
}
