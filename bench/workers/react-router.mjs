// React Router's sessions in KV, with a signed cookie.
import { createWorkersKVSessionStorage } from '@react-router/cloudflare'

let storage

export default {
  async fetch(request, env) {
    storage ??= createWorkersKVSessionStorage({
      kv: env.KV,
      cookie: {
        name: '__session',
        secrets: [env.SESSION_SECRET],
        httpOnly: true,
        secure: true,
        sameSite: 'lax',
        maxAge: 3600,
      },
    })
    const { pathname } = new URL(request.url)
    if (pathname === '/anonymous') {
      await storage.getSession(request.headers.get('Cookie'))
      return new Response('ok')
    }
    if (pathname !== '/create' && pathname !== '/read' && pathname !== '/write')
      return new Response('up')
    const session = await storage.getSession(request.headers.get('Cookie'))
    const n = session.get('n') ?? 0
    if (pathname === '/read') return new Response(String(n))
    session.set('n', n + 1)
    return new Response(String(n), {
      headers: { 'Set-Cookie': await storage.commitSession(session) },
    })
  },
}
