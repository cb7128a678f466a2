// @hono/session on KV, wired as its repository's example does.
import { useSession, useSessionStorage } from '@hono/session'
import { Hono } from 'hono'

const app = new Hono()
app.use(
  useSessionStorage((c) => ({
    get: (id) => c.env.KV.get(id, 'json'),
    set: (id, value) => {
      c.executionCtx.waitUntil(c.env.KV.put(id, JSON.stringify(value), { expirationTtl: 2592000 }))
    },
    delete: (id) => {
      c.executionCtx.waitUntil(c.env.KV.delete(id))
    },
  })),
)
app.use((c, next) => useSession({ secret: c.env.SESSION_SECRET })(c, next))
app.get('/create', async (c) => {
  await c.var.session.update({ n: 1 })
  return c.text('ok')
})
app.get('/anonymous', (c) => c.text('ok'))
app.get('/read', async (c) => c.text(String((await c.var.session.get())?.n)))
app.get('/write', async (c) => {
  await c.var.session.update((data) => ({ ...data, n: data.n + 1 }))
  return c.text('ok')
})
app.get('/', (c) => c.text('up'))
export default app
