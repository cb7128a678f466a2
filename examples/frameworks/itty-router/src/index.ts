import { sessionHooks } from 'edge-session/adapter/itty-router'
import { AutoRouter, error, html } from 'itty-router'

import { homePage, streamedPage } from './pages'
import { sessions } from './sessions'

// #region app
export { SessionObject } from 'edge-session/store/durable-object'
export { UserObject } from 'edge-session/store/user-index'

const router = AutoRouter(sessionHooks(sessions, { catch: answerTo }))

router.get('/', async ({ session }) => {
  const { count = 0 } = await session.all()
  const { notice } = await session.flashes()
  return html(homePage({ user: session.userId, count, notice }))
})
// #endregion app

/** Answers a thrown Response by itself, and any other error as AutoRouter does. */
function answerTo(thrown: unknown): Response {
  return thrown instanceof Response ? thrown : error(thrown as Error)
}

function redirect(path: string): Response {
  return new Response(null, { status: 303, headers: { Location: path } })
}

router.get('/state', async ({ session }) => {
  const { count = 0, a = null, b = null } = await session.all()
  return { user: session.userId ?? null, count, a, b }
})

router.post('/sign-in', async (request) => {
  const form = await request.formData()
  await request.session.signIn(String(form.get('user')))
  request.session.flash('notice', 'Welcome')
  return redirect('/')
})

router.post('/count', async ({ session }) => ({ count: await session.increment('count') }))

router.post('/put', async (request) => {
  const { session } = request
  const form = await request.formData()
  const name = form.get('key') === 'b' ? 'b' : 'a'
  await session.load()
  await scheduler.wait(Math.min(Number(form.get('wait')), 2000))
  session.set(name, String(form.get('value')))
  // Otherwise what was recorded is written after the handler.
  if (form.get('awaited') === '1') await session.commit()
  return { ok: true }
})

router.post('/thrown', async (request) => {
  const form = await request.formData()
  await request.session.update('a', () => String(form.get('value')))
  // What a handler throws drops what was only recorded, so the write above is awaited.
  throw redirect('/state')
})

router.get('/stream', ({ session, query }) => html(streamedPage(session, query['late'] === '1')))

router.post('/sign-out', async ({ session }) => {
  await session.signOut()
  return redirect('/')
})

router.post('/sign-out-everywhere', async ({ session }, env) => {
  await session.load()
  if (session.userId !== undefined) await sessions.user(session.userId, env).revokeAll()
  await session.signOut()
  return redirect('/')
})

export default router
