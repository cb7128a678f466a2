import { accounts } from '../src/accounts.ts'
import { ItemObject } from '../src/adapter/unstorage.ts'
import { createSessions, json, type Session, type SessionStore } from '../src/index.ts'
import { durableObjectStore, SessionObject } from '../src/store/durable-object.ts'
import { kvStore } from '../src/store/kv.ts'
import { memcachedStore } from '../src/store/memcached.ts'
import { redisStore } from '../src/store/redis.ts'
import { userIndex, UserObject } from '../src/store/user-index.ts'
import {
  SessionObject as FormerSessionObject,
  UserObject as FormerUserObject,
} from './fixtures/protocol-1.mjs'
import { BindingObject } from './support/binding-object.ts'
import { FaultyObject } from './support/faulty-object.ts'
import { passGate } from './support/gates.ts'
import { LeasingObject } from './support/leasing-object.ts'
import { LiveSessionObject, WatcherObject } from './support/live-objects.ts'
import { loadedOnce } from './support/loaded-once.ts'
import { memcachedConnector } from './support/memcached.ts'
import { redisConnector } from './support/redis.ts'

export {
  FaultyObject,
  FormerSessionObject,
  FormerUserObject,
  ItemObject,
  LiveSessionObject,
  BindingObject,
  LeasingObject,
  SessionObject,
  UserObject,
  WatcherObject,
}

loadedOnce(import.meta.url)

type Data = Record<string, string | number>

type Env = Cloudflare.Env
type Action = (session: Session<Data>, key: string, value: string) => unknown

const ACTIONS: Record<string, Action> = {
  all: (session) => session.all(),
  set: (session, key, value) => session.set(key, value),
  increment: (session, key) => session.increment(key),
  append: (session, key, value) => session.update(key, (text = '') => `${text}${value}`),
  take: (session, key) => session.take(key),
  flash: (session, key, value) => session.flash(key, value),
  flashes: (session) => session.flashes(),
  regenerate: (session) => session.regenerate(),
  destroy: (session) => session.destroy(),
  nothing: () => undefined,
}

/** Made when the module is loaded, before anything is exported: they find the classes at the first request. */
const atLoad = createSessions({
  data: json<Data>(),
  secrets: ({ SESSION_SECRET }: Env) => [SESSION_SECRET],
  store: durableObjectStore(),
  use: [accounts({ index: userIndex() })],
})

const LAYERS = new Map<string, ReturnType<typeof layerOn>>([
  [
    '/exported',
    atLoad.withSession(async ({ session, url }, bindings) => {
      const user = new URL(url).searchParams.get('user') ?? ''
      if (user !== '') await session.signIn(user)
      await session.load()
      const { userId } = session
      return userId === undefined ? [] : atLoad.user(userId, bindings).list(session)
    }),
  ],
  ['/objects', layerOn((env) => durableObjectStore(env.SESSIONS))],
  ['/kv', layerOn((env) => kvStore(env.SESSION_KV))],
  ['/redis', layerOn(() => redisStore(redisConnector))],
  ['/memcached', layerOn(() => memcachedStore(memcachedConnector()))],
])

/**
 * A layer whose requests say what they do: `?do=set&key=a&value=1`, `&load` to read the dictionary first, and
 * `&before=GATE` and `&after=GATE` to wait at a gate on either side.
 */
function layerOn(
  store: (env: Env) => SessionStore,
): (request: Request, env: Env, ctx: ExecutionContext) => Promise<Response> {
  const { withSession } = createSessions<Data, Env>({
    secrets: (env) => [env.SESSION_SECRET],
    store,
  })
  return withSession(async ({ session, url }) => {
    const query = new URL(url).searchParams
    const action = ACTIONS[query.get('do') ?? 'all']
    if (query.has('load')) await session.all()
    await passGate(query.get('before'))
    const result = await action?.(session, query.get('key') ?? 'key', query.get('value') ?? '1')
    await passGate(query.get('after'))
    return { result: result ?? null, id: session.id, isNew: session.isNew }
  })
}

export default {
  async fetch(request, env, ctx) {
    const layer = LAYERS.get(new URL(request.url).pathname)
    if (layer === undefined) return new Response('Not found', { status: 404 })
    try {
      return await layer(request, env, ctx)
    } catch (error) {
      return new Response(String(error), { status: 500 })
    }
  },
} satisfies ExportedHandler<Env>
