import type { APIRoute } from 'astro'

export const POST: APIRoute = async ({ locals: { session }, request, redirect }) => {
  const form = await request.formData()
  await session.signIn(String(form.get('user')))
  session.flash('notice', 'Welcome')
  return redirect('/', 303)
}
