import { routeAgentRequest } from 'agents'
import { csrfGuard } from 'edge-session/guard/csrf'
import { requireUser } from 'edge-session/guard/require-user'
import { watch } from 'edge-session/live'
import { sockets } from 'edge-session/live/object'
import { extendSessionObject } from 'edge-session/store/durable-object'

import { type AppSession, pageOf, streamOf } from './pages'
import { handshakeOf, Room } from './room'
import { sessions } from './sessions'

export { UserObject } from 'edge-session/store/user-index'
export { Room }
export class SessionObject extends extendSessionObject(sockets) {}

// #region connect
const own = csrfGuard()
const signedIn = requireUser()

const connect = sessions.withSession(
  own(
    signedIn(async (request, env) => {
      const { session } = request
      let room: string | undefined
      const response = await routeAgentRequest(
        handshakeOf(request, session.id, session.userId),
        env,
        {
          onBeforeConnect: (_, { name }) => void (room = name),
        },
      )
      if (response === null) return new Response('Not found', { status: 404 })
      // After the agent has the socket. If the session has ended by now, this throws, and the socket is dropped.
      if (room !== undefined) {
        await watch(session, { namespace: 'Room', id: String(env.Room.idFromName(room)) })
      }
      return response
    }),
  ),
)
// #endregion connect

const handle = sessions.withSession(async (request, env): Promise<Response> => {
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
  if (pathname === '/sign-out') {
    await session.signOut()
    return to('/')
  }
  if (pathname === '/sign-out-everywhere') {
    await session.load()
    if (session.userId !== undefined) await sessions.user(session.userId, env).revokeAll()
    await session.signOut()
    return to('/')
  }
  const form = await request.formData()
  if (pathname === '/sign-in') {
    await session.signIn(String(form.get('user')))
    session.flash('notice', 'Welcome')
    return to('/')
  }
  if (pathname !== '/thrown') return put(session, form)
  session.set('a', String(form.get('value')))
  return to('/state')
})

async function put(session: AppSession, form: FormData): Promise<Response> {
  await session.load()
  await scheduler.wait(Math.min(Number(form.get('wait')), 2000))
  session.set(form.get('key') === 'b' ? 'b' : 'a', String(form.get('value')))
  // Otherwise what was recorded is written after the handler.
  if (form.get('awaited') === '1') await session.commit()
  return Response.json({ ok: true })
}

function to(path: string): Response {
  return new Response(null, { status: 303, headers: { Location: path } })
}

function html(body: BodyInit): Response {
  return new Response(body, { headers: { 'Content-Type': 'text/html; charset=utf-8' } })
}

export default {
  fetch(request, env, ctx) {
    const isAgents = new URL(request.url).pathname.startsWith('/agents/')
    return isAgents ? connect(request, env, ctx) : handle(request, env, ctx)
  },
} satisfies ExportedHandler<Env>
