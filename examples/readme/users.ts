import { createSessions, json } from 'edge-session'
import { accounts } from 'edge-session/accounts'
import { requireUser } from 'edge-session/guard/require-user'
import { durableObjectStore, SessionObject } from 'edge-session/store/durable-object'
import { userIndex, UserObject } from 'edge-session/store/user-index'
import { AutoRouter } from 'itty-router'
export { SessionObject, UserObject }

const { withSession, user } = createSessions({
  data: json<Data>(),
  secrets: (env: Env) => [env.SESSION_SECRET],
  store: (env) => durableObjectStore(env.SESSIONS),
  use: [accounts({ index: (env) => userIndex(env.USERS) })], // one UserObject a user, bound as USERS
})
const signedIn = requireUser({ loginUrl: '/login' })

const router = AutoRouter()
router.post(
  '/login',
  withSession(async (request) => {
    const { id } = await checkPassword(request) // yours
    await request.session.signIn(id, { label: 'laptop' })
    return 'Welcome'
  }),
)
router.get(
  '/devices',
  withSession(signedIn(({ session }, env) => user(session.userId, env).list(session))),
)
router.post(
  '/sign-out-others',
  withSession(signedIn(({ session }, env) => user(session.userId, env).revokeOthers(session))),
)
export default router

interface Data {
  cart: string[]
}

interface Env {
  SESSION_SECRET: string
  SESSIONS: DurableObjectNamespace<SessionObject>
  USERS: DurableObjectNamespace<UserObject>
}

/** Returns the user of any name with the example's password. */
async function checkPassword(request: Request): Promise<{ id: string }> {
  const { name, password } = await request.json<{ name: string; password: string }>()
  if (password !== 'open sesame') throw new Error('Wrong name or password')
  return { id: name }
}
