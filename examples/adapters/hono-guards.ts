import { createSessions, json, type Secrets, type SessionStore } from 'edge-session'
import { accounts } from 'edge-session/accounts'
import { guardMiddleware, type SessionEnv, sessionMiddleware } from 'edge-session/adapter/hono'
import { csrfGuard, csrfToken } from 'edge-session/guard/csrf'
import { requireFresh, requireUser } from 'edge-session/guard/require-user'
import { durableObjectStore, type SessionObject } from 'edge-session/store/durable-object'
import { Hono } from 'hono'

type Env = { SESSION_SECRET: string; SESSIONS: DurableObjectNamespace<SessionObject> }
const secrets = (env: Env): Secrets => [env.SESSION_SECRET]
const store = (env: Env): SessionStore => durableObjectStore(env.SESSIONS)

const sessions = createSessions({
  data: json<{ name: string }>(),
  secrets,
  store,
  use: [accounts()],
})
// #region guards
const app = new Hono<SessionEnv<typeof sessions>>()

app.use(sessionMiddleware(sessions))
app.use(guardMiddleware(csrfGuard()))
app.use('/account/*', guardMiddleware(requireUser({ loginUrl: '/login' })))

app.get('/login', async (c) => c.json({ csrf: await csrfToken(c.var.session) }))
app.post('/login', async (c) => {
  await c.var.session.signIn('ada')
  return c.redirect('/account/name')
})
app.get('/account/name', async (c) => c.json({ name: (await c.var.session.get('name')) ?? '' }))

// On a route, the guard's word for it: here `userId` is a string.
app.post('/account/close', guardMiddleware(requireFresh(300)), async (c) => {
  const { userId } = c.var.session
  await c.var.session.signOut()
  return c.json({ closed: userId })
})
// #endregion guards

const admins = createSessions<{ role: string }, Env>({
  secrets,
  store,
  cookie: { name: '__Host-admin' },
  idleTimeout: 5 * 60,
})
const office = new Hono<SessionEnv<typeof admins, 'admin'>>()

office.use(sessionMiddleware(admins, { variable: 'admin' }))
office.get('/role', async (c) => c.json({ role: (await c.var.admin.get('role')) ?? 'none' }))
app.route('/office', office)

export default app
