import { accounts } from '../../src/accounts.ts'
import { createSessions, json } from '../../src/index.ts'
import { durableObjectStore, SessionObject } from '../../src/store/durable-object.ts'
import { userIndex, UserObject } from '../../src/store/user-index.ts'

export { SessionObject, UserObject }

const { withSession, user } = createSessions({
  data: json<{ secret: string }>(),
  secrets: (env: Cloudflare.Env) => [env.SESSION_SECRET],
  store: (env) => durableObjectStore(env.SESSIONS),
  use: [accounts({ index: (env: Cloudflare.Env) => userIndex(env.USERS) })],
})

/** What a test of accounts asks for by path: `/sign-in?user=ada`, `/who`, `/list?user=ada`, `/revoke-all?user=ada`. */
const fetch = withSession(async ({ session, url }, env) => {
  const { pathname, searchParams } = new URL(url)
  const userId = searchParams.get('user') ?? ''
  if (pathname === '/sign-in') await session.signIn(userId)
  if (pathname === '/who') {
    await session.load()
    return session.userId ?? null
  }
  if (pathname === '/list') return user(userId, env).list()
  if (pathname === '/revoke-all') return user(userId, env).revokeAll()
  return 'ok'
})

// Workers' entries are default exports.
export default { fetch } satisfies ExportedHandler<Cloudflare.Env>
