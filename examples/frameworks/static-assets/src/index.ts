import { requireUser } from 'edge-session/guard/require-user'

import { home } from './home'
import { type Session, sessions } from './sessions'
import { streamedPage } from './streamed-page'

export { SessionObject } from 'edge-session/store/durable-object'
export { UserObject } from 'edge-session/store/user-index'

// #region account
/** The files below `/account/` are for users only. */
const account = requireUser({ loginUrl: '/' })(async (request, env: Env) => {
  const file = await env.ASSETS.fetch(request)
  const page = new Response(file.body, file)
  // The assets say `public`, as for a file that is for everybody.
  page.headers.set('Cache-Control', 'private, no-store')
  return page
})
// #endregion account

const fetchWithSession = sessions.withSession((request, env: Env, ctx) => {
  const url = new URL(request.url)
  const { session } = request
  if (url.pathname.startsWith('/account/')) return account(request, env, ctx)
  switch (`${request.method} ${url.pathname}`) {
    case 'GET /':
      return home(session, request, env)
    case 'GET /state':
      return state(session)
    case 'GET /stream':
      return streamedPage(session, url.searchParams.get('late') === '1')
    case 'POST /sign-in':
      return signIn(session, request)
    case 'POST /count':
      return count(session)
    case 'POST /put':
      return put(session, request)
    case 'POST /thrown':
      return setAndLeave(session, request)
    case 'POST /sign-out':
      return signOut(session)
    case 'POST /sign-out-everywhere':
      return signOutEverywhere(session, env)
    default:
      return env.ASSETS.fetch(request)
  }
})

export default { fetch: fetchWithSession } satisfies ExportedHandler<Env>

async function state(session: Session) {
  const { count: counted = 0, a = null, b = null } = await session.all()
  return { user: session.userId ?? null, count: counted, a, b }
}

async function signIn(session: Session, request: Request) {
  const form = await request.formData()
  await session.signIn(String(form.get('user')))
  session.flash('notice', 'Welcome')
  return redirect('/')
}

async function count(session: Session) {
  return { count: await session.increment('count') }
}

async function put(session: Session, request: Request) {
  const form = await request.formData()
  const name = form.get('key') === 'b' ? 'b' : 'a'
  await session.load()
  await scheduler.wait(Math.min(Number(form.get('wait')), 2000))
  session.set(name, String(form.get('value')))
  // Otherwise what was recorded is written after the handler.
  if (form.get('awaited') === '1') await session.commit()
  return { ok: true }
}

async function setAndLeave(session: Session, request: Request) {
  const form = await request.formData()
  session.set('a', String(form.get('value')))
  return redirect('/state')
}

async function signOut(session: Session) {
  await session.signOut()
  return redirect('/')
}

async function signOutEverywhere(session: Session, env: Env) {
  await session.load()
  if (session.userId !== undefined) await sessions.user(session.userId, env).revokeAll()
  await session.signOut()
  return redirect('/')
}

function redirect(path: string): Response {
  return new Response(null, { status: 303, headers: { Location: path } })
}
