// The libraries that docs/migration.md moves from, at work.
import { Hono } from 'hono'
import { decrypt, sessionMiddleware } from 'hono-sessions'
import { getIronSession } from 'iron-session'
import { createSessionStorage } from 'react-router'

const IRON = { cookieName: 'app-session' }

export function honoSessionsApp(records, encryptionKey) {
  const store = {
    getSessionById: async (id) => structuredClone(records.get(id)),
    createSession: async (id, data) => void records.set(id, structuredClone(data)),
    persistSessionData: async (id, data) => void records.set(id, structuredClone(data)),
    deleteSession: async (id) => void records.delete(id),
  }
  const app = new Hono()
  app.use(
    '*',
    sessionMiddleware({
      store,
      encryptionKey,
      expireAfterSeconds: 900,
      cookieOptions: { sameSite: 'Lax', path: '/', httpOnly: true, secure: true },
    }),
  )
  app.post('/login', (c) => {
    c.get('session').set('userId', 'ada')
    c.get('session').set('cart', ['tea'])
    return c.text('ok')
  })
  return async (request) => app.fetch(request)
}

export function decryptHono(key, value) {
  return decrypt(key, value)
}

export async function ironCookie(data, password) {
  const response = new Response()
  const request = new Request('https://app.example/')
  const session = await getIronSession(request, response, { ...IRON, password })
  Object.assign(session, data)
  await session.save()
  return response.headers.getSetCookie()[0]
}

export function readIron(request, password) {
  return getIronSession(request, new Response(), { ...IRON, password })
}

/** `@react-router/cloudflare` itself asks for other types than this repository's; this is what it does. */
export function kvStorage(kv, secret) {
  return createSessionStorage({
    cookie: { name: '__session', secrets: [secret], httpOnly: true, secure: true, sameSite: 'lax' },
    createData: async (data) => {
      const id = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) =>
        byte.toString(16).padStart(2, '0'),
      ).join('')
      await kv.put(id, JSON.stringify(data))
      return id
    },
    readData: (id) => kv.get(id, 'json'),
    updateData: (id, data) => kv.put(id, JSON.stringify(data)),
    deleteData: (id) => kv.delete(id),
  })
}
