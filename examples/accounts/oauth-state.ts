import { createSessions } from 'edge-session'
import { durableObjectStore, SessionObject } from 'edge-session/store/durable-object'
import { AutoRouter } from 'itty-router'

export { SessionObject }

type Data = { oauth: { state: string; verifier: string } }
type Env = { SESSION_SECRET: string; SESSIONS: DurableObjectNamespace<SessionObject> }
const { withSession } = createSessions<Data, Env>({
  secrets: (env) => [env.SESSION_SECRET],
  store: (env) => durableObjectStore(env.SESSIONS),
})

/** Where the provider asks the user. */
const PROVIDER = 'https://provider.example/authorize'

const router = AutoRouter()
// #region state
router.get(
  '/login/provider',
  withSession(({ session }) => {
    const [state, verifier] = [crypto.randomUUID(), crypto.randomUUID() + crypto.randomUUID()]
    session.set('oauth', { state, verifier }) // written before the redirect leaves
    return Response.redirect(`${PROVIDER}?client_id=shop&state=${state}`, 303)
  }),
)
router.get(
  '/login/callback',
  withSession(async ({ session, url }) => {
    const { searchParams } = new URL(url)
    const kept = await session.take('oauth') // read and deleted: a second callback finds nothing
    if (kept === undefined || searchParams.get('state') !== kept.state) {
      return new Response('Begin the sign-in again.', { status: 400 })
    }
    return exchange(searchParams.get('code'), kept.verifier) // yours: then session.signIn(user.id)
  }),
)
// #endregion state

async function exchange(code: unknown, verifier: string): Promise<Response> {
  return Response.json({ code, isVerified: verifier.length > 40 })
}

export default router
