// #region sessions
import { createSessions, json, type Session, SessionError } from 'edge-session'
import { once, type OnceMethods } from 'edge-session/once'
import { leases } from 'edge-session/once/leases'
import { durableObjectStore, extendSessionObject } from 'edge-session/store/durable-object'

/** Bound as SESSIONS in wrangler.toml, as before. */
export class SessionObject extends extendSessionObject(leases) {}

const { withSession } = createSessions({
  data: json<Data>(),
  secrets: (env: Env) => [env.SESSION_SECRET],
  store: (env) => durableObjectStore(env.SESSIONS),
  use: [once()],
})
// #endregion sessions

// #region refresh
/** Returns a valid access token, or `null` if the user has to sign in again. */
async function accessTokenOf(session: Session<Data> & OnceMethods, env: Env) {
  const { access } = await session.all()
  if (access !== undefined && Date.now() < access.expiresAt) return access.token
  return session.once('refresh', async () => {
    // Read here, not above: another request may have replaced it since.
    const refreshToken = (await session.get('refreshToken')) ?? ''
    const response = await fetch(env.TOKEN_ENDPOINT, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token: refreshToken,
        client_id: env.CLIENT_ID,
      }),
      signal: AbortSignal.timeout(8000), // shorter than the lease of 10 seconds
    })
    if (!response.ok) {
      if (await isInvalidGrant(response)) return null
      // The provider is down or busy. The session stays, and a later request tries again.
      throw new Error(`The provider answered ${response.status}.`)
    }
    const tokens: Tokens = await response.json()
    const expiresAt = Date.now() + (tokens.expires_in - 30) * 1000
    // Written together with the result, so that no crash can keep one without the other.
    session.set('access', { token: tokens.access_token, expiresAt })
    session.set('refreshToken', tokens.refresh_token ?? refreshToken)
    return tokens.access_token
  })
}
// #endregion refresh

/** Only this says that the grant is over (RFC 6749 section 5.2). */
async function isInvalidGrant(response: Response): Promise<boolean> {
  if (response.status !== 400) return false
  const { error }: { error?: unknown } = await response.json()
  return error === 'invalid_grant'
}

const page = withSession(async ({ session }, env) => {
  const token = await accessTokenOf(session, env).catch(unavailable)
  if (token instanceof Response) return token
  if (token === null) {
    await session.destroy()
    return new Response(null, { status: 303, headers: { Location: '/sign-in' } })
  }
  return fetch(env.API, { headers: { Authorization: `Bearer ${token}` } })
})

function unavailable(error: unknown): Response {
  // The library answers its own errors.
  if (error instanceof SessionError) throw error
  return new Response('Try again.', { status: 503, headers: { 'Retry-After': '5' } })
}

interface Data {
  readonly refreshToken: string
  readonly access: { readonly token: string; readonly expiresAt: number }
}

/** A token response (RFC 6749 section 5.1). */
interface Tokens {
  readonly access_token: string
  readonly expires_in: number
  readonly refresh_token?: string
}

interface Env {
  readonly SESSION_SECRET: string
  readonly SESSIONS: DurableObjectNamespace<SessionObject>
  readonly TOKEN_ENDPOINT: string
  readonly CLIENT_ID: string
  readonly API: string
}

/** Where the provider sends the browser back to: an application exchanges the code here. */
const signedIn = withSession(({ session }) => {
  session.set('refreshToken', 'r0')
  return 'Welcome'
})

export default {
  fetch: (request: Request, env: Env, ctx: ExecutionContext): Promise<Response> =>
    new URL(request.url).pathname === '/callback'
      ? signedIn(request, env, ctx)
      : page(request, env, ctx),
}
