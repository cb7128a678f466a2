import { currentSession } from '../../lib/session'

export async function POST(request: Request) {
  const session = await currentSession()
  const form = await request.formData()
  await session.signIn(String(form.get('user')))
  session.flash('notice', 'Welcome')
  return new Response(null, { status: 303, headers: { Location: '/' } })
}
