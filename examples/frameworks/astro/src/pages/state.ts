import type { APIRoute } from 'astro'

export const GET: APIRoute = async ({ locals: { session } }) => {
  const { count = 0, a = null, b = null } = await session.all()
  return Response.json({ user: session.userId ?? null, count, a, b })
}
