import { type SessionEnv, sessionMiddleware } from 'edge-session/adapter/hono'
import { Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { renderToReadableStream, Suspense } from 'hono/jsx/streaming'

import { Home, Late, Page } from './pages'
import { sessions } from './sessions'

// #region app
export { SessionObject } from 'edge-session/store/durable-object'
export { UserObject } from 'edge-session/store/user-index'

const app = new Hono<SessionEnv<typeof sessions>>()
app.use(sessionMiddleware(sessions))

app.get('/', async (c) => {
  const { session } = c.var
  const { count = 0 } = await session.all()
  const { notice } = await session.flashes()
  return c.html(<Home user={session.userId} count={count} notice={notice} />)
})
// #endregion app

app.get('/state', async (c) => {
  const { count = 0, a = null, b = null } = await c.var.session.all()
  return c.json({ user: c.var.session.userId ?? null, count, a, b })
})

app.post('/sign-in', async (c) => {
  const { user } = await c.req.parseBody()
  await c.var.session.signIn(String(user))
  c.var.session.flash('notice', 'Welcome')
  return c.redirect('/', 303)
})

app.post('/count', async (c) => c.json({ count: await c.var.session.increment('count') }))

app.post('/put', async (c) => {
  const { session } = c.var
  const { key, value, wait, awaited } = await c.req.parseBody()
  const name = key === 'b' ? 'b' : 'a'
  await session.load()
  await scheduler.wait(Math.min(Number(wait), 2000))
  session.set(name, String(value))
  // Otherwise what was recorded is written after the handler.
  if (awaited === '1') await session.commit()
  return c.json({ ok: true })
})

app.post('/thrown', async (c) => {
  const { value } = await c.req.parseBody()
  await c.var.session.update('a', () => String(value))
  // A thrown response drops what was only recorded, so the write above is awaited.
  throw new HTTPException(303, { res: c.redirect('/state', 303) })
})

app.get('/stream', (c) => {
  const isWriting = c.req.query('late') === '1'
  const page = (
    <Page>
      <h1>Streamed</h1>
      <Suspense fallback={<p>Loading</p>}>
        <Late session={c.var.session} isWriting={isWriting} />
      </Suspense>
    </Page>
  )
  const headers = { 'Content-Type': 'text/html; charset=utf-8', 'Transfer-Encoding': 'chunked' }
  return c.body(renderToReadableStream(page), { headers })
})

app.post('/sign-out', async (c) => {
  await c.var.session.signOut()
  return c.redirect('/', 303)
})

app.post('/sign-out-everywhere', async (c) => {
  const { session } = c.var
  await session.load()
  if (session.userId !== undefined) await sessions.user(session.userId, c.env).revokeAll()
  await session.signOut()
  return c.redirect('/', 303)
})

export default app
