import { env } from 'node:process'

import { createSessions, json } from 'edge-session'
import { accounts } from 'edge-session/accounts'
import { csrfGuard } from 'edge-session/guard/csrf'
import { requireUser } from 'edge-session/guard/require-user'
import { memoryStore } from 'edge-session/store/memory'
import { AutoRouter } from 'itty-router'

const { withSession } = createSessions({
  data: json<{ visits: number }>(),
  secrets: [env['SESSION_SECRET'] ?? ''],
  store: memoryStore(),
  use: [accounts()],
})

const router = AutoRouter()
const ownPages = csrfGuard()
const signedIn = requireUser()

router.get(
  '/',
  withSession(async ({ session }) => ({ visits: (await session.get('visits')) ?? 0 })),
)
router.post(
  '/visit',
  withSession(ownPages(async ({ session }) => ({ visits: await session.increment('visits') }))),
)
router.post(
  '/sign-in',
  withSession(
    ownPages(async ({ session, url }) => {
      await session.signIn('ada')
      return Response.redirect(new URL('/account', url).href, 303)
    }),
  ),
)
router.get('/account', withSession(signedIn(({ session }) => ({ user: session.userId }))))
router.post(
  '/sign-out',
  withSession(
    ownPages(async ({ session }) => {
      await session.signOut()
      return { signedOut: true }
    }),
  ),
)

// What `bun app.ts` and `deno serve app.ts` serve.
export default { fetch: (request: Request): Promise<Response> => router.fetch(request) }
