import { createSessions, json as dictionary } from 'edge-session'
import { accounts } from 'edge-session/accounts'
import { guardMiddleware, sessionHooks } from 'edge-session/adapter/itty-router'
import { requireUser } from 'edge-session/guard/require-user'
import { durableObjectStore, type SessionObject } from 'edge-session/store/durable-object'
import { cors, error, json, Router } from 'itty-router'

type Env = { SESSION_SECRET: string; SESSIONS: DurableObjectNamespace<SessionObject> }
const sessions = createSessions({
  data: dictionary<{ name: string }>(),
  secrets: (env: Env) => [env.SESSION_SECRET],
  store: (env) => durableObjectStore(env.SESSIONS),
  use: [accounts()],
})

// #region stages
const { preflight, corsify } = cors({ origin: 'https://app.example', credentials: true })
const router = Router(
  sessionHooks(sessions, { before: [preflight], catch: error, finally: [json, corsify] }),
)

router
  .post('/login', async ({ session }) => {
    await session.signIn('ada')
    return { signedIn: true }
  })
  .all('/account/*', guardMiddleware(requireUser()))
  .get('/account/name', async ({ session }) => ({ name: (await session.get('name')) ?? '' }))
  .put('/account/name/:name', ({ session, params }) => {
    session.set('name', params['name'] ?? '')
    return { saved: true }
  })
  .all('*', () => error(404))
// #endregion stages

export default router
