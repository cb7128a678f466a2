import { guardMiddleware, type SessionEnv, sessionMiddleware } from 'edge-session/adapter/hono'
import { requireBound } from 'edge-session/guard/require-bound'
import { requireUser } from 'edge-session/guard/require-user'
import { Hono } from 'hono'

import { device, sessions } from './sessions.ts'

const app = new Hono<SessionEnv<typeof sessions>>()
app.use(sessionMiddleware(sessions))
for (const { path, handler } of device.routes) app.post(path, (c) => handler(c.var))
app.use('/orders/*', guardMiddleware(requireUser()), guardMiddleware(requireBound()))

app.get('/orders/latest', (c) => c.json({ userId: c.var.session.userId, orders: [] }))
app.post('/login', async (c) => {
  await c.var.session.signIn('ada')
  return c.text('Welcome')
})

export { SessionObject } from './sessions.ts'
export default app
