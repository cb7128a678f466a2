import './context'
import { env } from 'cloudflare:workers'
import { render, route } from 'rwsdk/router'
import { defineApp, type RequestInfo } from 'rwsdk/worker'

import { Document, Home, Stream } from './pages'
import { sessions } from './sessions'

export { SessionObject } from 'edge-session/store/durable-object'
export { UserObject } from 'edge-session/store/user-index'

const to = (path: string) => new Response(null, { status: 303, headers: { Location: path } })

// #region session
/** Puts the session that `withSession` below has opened, and commits, into `ctx`. */
async function openSession({ ctx, request }: RequestInfo) {
  ctx.session = await sessions.open(request, env)
}
// #endregion session

const app = defineApp([
  openSession,
  route('/state', async ({ ctx: { session } }) => {
    const { count = 0, a = null, b = null } = await session.all()
    return Response.json({ user: session.userId ?? null, count, a, b })
  }),
  route('/sign-in', {
    post: async ({ ctx: { session }, request }) => {
      const form = await request.formData()
      await session.signIn(String(form.get('user')))
      session.flash('notice', 'Welcome')
      return to('/')
    },
  }),
  route('/count', {
    post: async ({ ctx: { session } }) =>
      Response.json({ count: await session.increment('count') }),
  }),
  route('/put', {
    post: async ({ ctx: { session }, request }) => {
      const form = await request.formData()
      await session.load()
      await scheduler.wait(Math.min(Number(form.get('wait')), 2000))
      session.set(form.get('key') === 'b' ? 'b' : 'a', String(form.get('value')))
      // Otherwise what was recorded is written after the handler.
      if (form.get('awaited') === '1') await session.commit()
      return Response.json({ ok: true })
    },
  }),
  route('/thrown', {
    post: async ({ ctx: { session }, request }) => {
      const form = await request.formData()
      session.set('a', String(form.get('value')))
      throw to('/state')
    },
  }),
  route('/sign-out', {
    post: async ({ ctx: { session } }) => {
      await session.signOut()
      return to('/')
    },
  }),
  route('/sign-out-everywhere', {
    post: async ({ ctx: { session } }) => {
      await session.load()
      if (session.userId !== undefined) await sessions.user(session.userId, env).revokeAll()
      await session.signOut()
      return to('/')
    },
  }),
  render(Document, [route('/', Home), route('/stream', Stream)]),
])

// #region fetch
export default {
  fetch: sessions.withSession((request, own, ctx: ExecutionContext) =>
    app.fetch(request, own, ctx),
  ),
}
// #endregion fetch
