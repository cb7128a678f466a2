import { sessions } from '../shared/sessions'
import { type AppSession, pageOf, streamOf } from './pages'

const handle = sessions.withSession(async (request): Promise<Response> => {
  const { session, method } = request
  const { pathname, searchParams } = new URL(request.url)
  if (pathname === '/') return html(await pageOf(session))
  if (pathname === '/state') {
    const { count = 0, a = null, b = null } = await session.all()
    return Response.json({ user: session.userId ?? null, count, a, b })
  }
  if (pathname === '/stream') return html(streamOf(session, searchParams.get('late') === '1'))
  if (method !== 'POST') return new Response('Not found', { status: 404 })
  if (pathname === '/count') return Response.json({ count: await session.increment('count') })
  const form = await request.formData()
  return pathname === '/thrown' ? keep(session, form) : put(session, form)
})

async function put(session: AppSession, form: FormData): Promise<Response> {
  await session.load()
  await scheduler.wait(Math.min(Number(form.get('wait')), 2000))
  session.set(form.get('key') === 'b' ? 'b' : 'a', String(form.get('value')))
  // Otherwise what was recorded is written after the handler.
  if (form.get('awaited') === '1') await session.commit()
  return Response.json({ ok: true })
}

/** A Worker without a framework has no redirect that is thrown: this one is returned from inside. */
function keep(session: AppSession, form: FormData): Response {
  session.set('a', String(form.get('value')))
  return new Response(null, { status: 303, headers: { Location: '/state' } })
}

function html(body: BodyInit): Response {
  return new Response(body, { headers: { 'Content-Type': 'text/html; charset=utf-8' } })
}

export default {
  fetch(request, env, ctx) {
    // The other Worker has its own session of the same cookie. Routes of the zone would do the same.
    const isTheirs = /^\/sign-(in|out)/.test(new URL(request.url).pathname)
    return isTheirs ? env.ACCOUNTS.fetch(request) : handle(request, env, ctx)
  },
} satisfies ExportedHandler<Env>
