import { accounts } from '../../src/accounts.ts'
import { createSessions } from '../../src/index.ts'
import { live } from '../../src/live.ts'
import { sockets } from '../../src/live/object.ts'
import {
  durableObjectStore,
  extendSessionObject,
  type SessionObject as PlainObject,
} from '../../src/store/durable-object.ts'
import { userIndex, UserObject } from '../../src/store/user-index.ts'

export class SessionObject extends extendSessionObject(sockets) {}
export { UserObject }

interface Env {
  readonly SESSION_SECRET: string
  readonly SESSIONS: DurableObjectNamespace<PlainObject>
  readonly USERS: DurableObjectNamespace<UserObject>
}

function layerOf(idleTimeout: number): (request: Request, env: Env) => Promise<Response> {
  const sessions = createSessions({
    secrets: (env: Env) => [env.SESSION_SECRET],
    store: (env) => durableObjectStore(env.SESSIONS),
    use: [accounts({ index: (env: Env) => userIndex(env.USERS) })],
    idleTimeout,
  })
  return sessions.withSession(
    async ({ session, url }, env): Promise<Response | string | number> => {
      const { pathname, searchParams } = new URL(url)
      const user = searchParams.get('user') ?? ''
      if (pathname === '/live') return live(session)
      if (pathname === '/sign-in') {
        await session.signIn(user)
        return session.expiresAt?.getTime() ?? 0
      }
      if (pathname === '/sign-out') await session.signOut()
      if (pathname === '/regenerate') await session.regenerate()
      if (pathname === '/set') session.set('a', Date.now())
      if (pathname === '/revoke-all') await sessions.user(user, env).revokeAll()
      return 'ok'
    },
  )
}

const usual = layerOf(1800)
const short = layerOf(30)

/** Sockets of sessions. `?idle=short` for sessions that end after 30 seconds without use. */
export default {
  fetch: (request, env) => (request.url.includes('idle=short') ? short : usual)(request, env),
} satisfies ExportedHandler<Env>
