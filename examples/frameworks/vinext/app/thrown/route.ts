import { currentSession } from '../../lib/session'

export async function POST(request: Request) {
  return keep(await request.formData())
}

/** What redirect() throws in a route handler is a 307, which repeats the POST. So this one is returned from inside. */
async function keep(form: FormData) {
  const session = await currentSession()
  session.set('a', String(form.get('value')))
  return new Response(null, { status: 303, headers: { Location: '/state' } })
}
