// hono-sessions on KV. The adapter is ours: upstream refuses KV, since it is eventually consistent.
import { Hono } from 'hono'
import { sessionMiddleware } from 'hono-sessions'

class KvAdapter {
  constructor(kv) {
    this.kv = kv
  }
  getSessionById(id) {
    return this.kv.get(id, 'json')
  }
  createSession(id, data) {
    return this.kv.put(id, JSON.stringify(data), { expirationTtl: 3600 })
  }
  persistSessionData(id, data) {
    return this.kv.put(id, JSON.stringify(data), { expirationTtl: 3600 })
  }
  deleteSession(id) {
    return this.kv.delete(id)
  }
}

const app = new Hono()
app.get('/', (c) => c.text('up'))
app.use('*', (c, next) =>
  sessionMiddleware({
    store: new KvAdapter(c.env.KV),
    encryptionKey: c.env.SESSION_SECRET,
    expireAfterSeconds: 3600,
    cookieOptions: { sameSite: 'Lax', path: '/', httpOnly: true },
  })(c, next),
)
app.get('/create', (c) => {
  c.get('session').set('n', 1)
  return c.text('ok')
})
app.get('/anonymous', (c) => c.text('ok'))
app.get('/read', (c) => c.text(String(c.get('session').get('n'))))
app.get('/write', (c) => {
  const session = c.get('session')
  session.set('n', (session.get('n') ?? 0) + 1)
  return c.text('ok')
})
export default app
