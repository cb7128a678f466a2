import { csrfGuard } from 'edge-session/guard/csrf'
import { requireUser } from 'edge-session/guard/require-user'
import { AutoRouter } from 'itty-router'

import { type Env, sessions } from './sessions.ts'

export { SessionObject } from 'edge-session/store/durable-object'
export { Room } from './room.ts'

const router = AutoRouter()

// #region handshake
const own = csrfGuard()
const signedIn = requireUser()

router.get(
  '/room',
  sessions.withSession(
    own(
      signedIn((request, env: Env) => {
        const headers = new Headers(request.headers)
        headers.set('X-Session-Id', request.session.id)
        return env.ROOMS.getByName('lobby').fetch(request.url, { headers })
      }),
    ),
  ),
)
// #endregion handshake

router.post(
  '/logout',
  sessions.withSession(
    own(async ({ session }, env: Env) => {
      const { id } = session
      await session.signOut()
      await env.ROOMS.getByName('lobby').end(id)
      return 'Signed out'
    }),
  ),
)

/** Signs in any name without a password. For an example only. */
router.post(
  '/login',
  sessions.withSession(
    own(async (request) => {
      await request.session.signIn(await request.text())
      return 'Welcome'
    }),
  ),
)
router.get('/', () => new Response('<!doctype html>', { headers: { 'Content-Type': 'text/html' } }))

export default router
