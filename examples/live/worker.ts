import { csrfGuard } from 'edge-session/guard/csrf'
import { requireUser } from 'edge-session/guard/require-user'
import { live, watch } from 'edge-session/live'
import { AutoRouter } from 'itty-router'

import { type Env, sessions } from './sessions.ts'

export { Room } from './room.ts'
export { SessionObject } from './sessions.ts'

const { withSession } = sessions
const own = csrfGuard()
const signedIn = requireUser()
const router = AutoRouter()

// #region live
router.get(
  '/live',
  withSession(({ session }) => live(session, { values: ['theme'] })),
)
// #endregion live

// #region watch
router.get(
  '/room',
  withSession(
    own(
      signedIn(async (request, env: Env) => {
        const { session, url } = request
        const id = env.ROOMS.idFromName('lobby')
        const headers = new Headers(request.headers)
        headers.set('X-Session-Id', session.id)
        const response = await env.ROOMS.get(id).fetch(url, { headers })
        // After the room has the socket. If the session has ended by now, this throws, and the socket is dropped.
        await watch(session, { namespace: 'ROOMS', id: String(id) })
        return response
      }),
    ),
  ),
)
// #endregion watch

/** Signs in any name without a password. For an example only. */
router.post(
  '/login',
  withSession(
    own(async (request) => {
      await request.session.signIn(await request.text())
      return 'Welcome'
    }),
  ),
)
router.post(
  '/logout',
  withSession(
    own(async ({ session }) => {
      await session.signOut()
      return 'Signed out'
    }),
  ),
)
router.post(
  '/theme',
  withSession(
    own(async (request) => {
      request.session.set('theme', await request.text())
      return 'Saved'
    }),
  ),
)
router.get('/', () => new Response('<!doctype html>', { headers: { 'Content-Type': 'text/html' } }))

export default router
