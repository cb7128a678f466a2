// This library, as an application would use it.
import { createSessions, type Session } from '../../src/index.ts'
import { cached } from '../../src/store/cached.ts'
import {
  durableObjectStore,
  SessionObject,
  type SessionObjectNamespace,
} from '../../src/store/durable-object.ts'
import { kvStore } from '../../src/store/kv.ts'

export { SessionObject }

interface Data {
  n: number
  filler: string
}

interface Env {
  readonly SESSION_SECRET: string
  readonly SESSIONS: DurableObjectNamespace
  readonly KV: KVNamespace
}

const secrets = (env: Env): [string] => [env.SESSION_SECRET]
const caching = { maxAgeSeconds: 60 }
const AWAY_MS = 100

const LAYERS = {
  '': createSessions<Data, Env>({ secrets, store: (env) => durableObjectStore(env.SESSIONS) }),
  '/kv': createSessions<Data, Env>({ secrets, store: (env) => kvStore(env.KV) }),
  '/cached': createSessions<Data, Env>({
    secrets,
    store: (env) => cached(durableObjectStore(env.SESSIONS), caching),
  }),
  '/away': createSessions<Data, Env>({
    secrets,
    store: (env) => durableObjectStore(away(env.SESSIONS)),
  }),
  '/away-cached': createSessions<Data, Env>({
    secrets,
    store: (env) => cached(durableObjectStore(away(env.SESSIONS)), caching),
  }),
}

/** The namespace as it is from the other side of the world: each call takes a tenth of a second more. */
function away(namespace: DurableObjectNamespace): SessionObjectNamespace {
  return {
    newUniqueId: () => namespace.newUniqueId(),
    idFromString: (id) => namespace.idFromString(id),
    get: (id) => {
      const stub = namespace.get(
        namespace.idFromString(id.toString()),
      ) as DurableObjectStub<SessionObject>
      return {
        call: async (request: string) => {
          await scheduler.wait(AWAY_MS)
          return stub.call(request)
        },
      }
    },
  }
}

let count = 0

const WORK: Readonly<Record<string, (session: Session<Data>, url: string) => unknown>> = {
  '/create': (session, url) => {
    session.set('n', 1)
    const size = Number(new URL(url).searchParams.get('size') ?? 0)
    if (size > 0) session.set('filler', 'x'.repeat(size))
    return new Response('ok')
  },
  '/anonymous': () => new Response('ok'),
  '/read': async (session) => new Response(String(await session.get('n'))),
  '/write': async (session) => {
    session.set('n', ((await session.get('n')) ?? 0) + 1)
    return new Response('ok')
  },
  '/set': (session) => {
    count += 1
    session.set('n', count)
    return new Response('ok')
  },
  '/increment': async (session) => new Response(String(await session.increment('n'))),
}

type Fetch = (request: Request, env: Env, ctx: ExecutionContext) => Promise<unknown>

const routes = new Map<string, Fetch>()
for (const [base, { withSession }] of Object.entries(LAYERS)) {
  for (const [path, work] of Object.entries(WORK)) {
    routes.set(
      base + path,
      withSession((request) => work(request.session, request.url)),
    )
  }
}

// Workers' entries are default exports.
export default {
  fetch: (request, env, ctx) => {
    const { pathname } = new URL(request.url)
    return (routes.get(pathname)?.(request, env, ctx) ?? new Response('up')) as Promise<Response>
  },
} satisfies ExportedHandler<Env>
