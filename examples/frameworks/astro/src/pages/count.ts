import type { APIRoute } from 'astro'

export const POST: APIRoute = async ({ locals: { session } }) =>
  Response.json({ count: await session.increment('count') })
