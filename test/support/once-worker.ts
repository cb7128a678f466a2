import { createSessions, json } from '../../src/index.ts'
import { once } from '../../src/once.ts'
import { leases } from '../../src/once/leases.ts'
import {
  durableObjectStore,
  extendSessionObject,
  type SessionObjectNamespace,
} from '../../src/store/durable-object.ts'

export class SessionObject extends extendSessionObject(leases) {}

interface Data {
  readonly refreshToken: string
}

/** What another workerd's debug port offers: only for tests, as wrangler's registry of Workers uses it. */
interface DebugPort {
  connect(address: string): {
    getActor(service: string, className: string, id: string): Stub
  }
}

interface Stub {
  call(request: string, version: number): Promise<string>
}

interface Env {
  readonly SESSION_SECRET: string
  readonly SESSIONS: DurableObjectNamespace<SessionObject>
  readonly DEBUG: DebugPort
  /** The debug port of the workerd that has the objects; empty in that one itself. */
  readonly OWNER: string
  /** The address of the provider of tokens. */
  readonly PROVIDER: string
  readonly LEASE_SECONDS: string
}

/** The objects of another workerd process. Its namespace has the same key, so the same ids. */
function objectsOf({ SESSIONS, DEBUG, OWNER }: Env): SessionObjectNamespace {
  return {
    newUniqueId: () => SESSIONS.newUniqueId(),
    idFromString: (id) => SESSIONS.idFromString(id),
    get: (id) => ({
      async call(request: string, version: number): Promise<string> {
        const actor = DEBUG.connect(OWNER).getActor('main', 'SessionObject', String(id))
        return actor.call(request, version)
      },
    }),
  }
}

const sessions = createSessions({
  data: json<Data>(),
  secrets: (env: Env) => [env.SESSION_SECRET],
  store: (env: Env) =>
    durableObjectStore(env.OWNER === '' ? env.SESSIONS : (objectsOf(env) as never)),
  use: [once()],
})

/** `/sign-in` stores the first refresh token; `/page` finds its access token expired, and refreshes it. */
const fetchPage = sessions.withSession(async ({ session, url }, env) => {
  const { pathname } = new URL(url)
  if (pathname === '/sign-in') session.set('refreshToken', 'r0')
  if (pathname !== '/page') return null
  return session.once(
    'refresh',
    async () => {
      const body = await session.get('refreshToken')
      const response = await fetch(env.PROVIDER, { method: 'POST', body: body ?? '' })
      if (!response.ok) throw new Error(`The provider says ${response.status}.`)
      const next = await response.text()
      session.set('refreshToken', next)
      return `access of ${next}`
    },
    { lease: Number(env.LEASE_SECONDS) },
  )
})

export default { fetch: fetchPage } satisfies ExportedHandler<Env>
