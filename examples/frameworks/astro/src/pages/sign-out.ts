import type { APIRoute } from 'astro'

export const POST: APIRoute = async ({ locals: { session }, redirect }) => {
  await session.signOut()
  return redirect('/', 303)
}
