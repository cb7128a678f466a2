import { accounts } from '../../src/accounts.ts'
import { createSessions } from '../../src/index.ts'
import { cached } from '../../src/store/cached.ts'
import { durableObjectStore, SessionObject } from '../../src/store/durable-object.ts'
import { kvStore } from '../../src/store/kv.ts'
import { userIndex, UserObject } from '../../src/store/user-index.ts'
import { tracing } from '../../src/tracing.ts'

export { SessionObject, UserObject }

interface Env {
  readonly SESSIONS: DurableObjectNamespace<SessionObject>
  readonly USERS: DurableObjectNamespace<UserObject>
  readonly SESSION_KV: KVNamespace
}

function layerOn(store: (env: Env) => ReturnType<typeof kvStore>) {
  return createSessions({
    secrets: ['only-for-tests-only-for-tests-only-for-tests'],
    store,
    use: [tracing(), accounts({ index: (env: Env) => userIndex(env.USERS) })],
  })
}

const OBJECTS = layerOn(({ SESSIONS }) => durableObjectStore(SESSIONS))
const COPIES = layerOn(({ SESSIONS }) =>
  cached(durableObjectStore(SESSIONS), { maxAgeSeconds: 60 }),
)
const KV = layerOn(({ SESSION_KV }) => kvStore(SESSION_KV))
const FAILING = layerOn(({ SESSIONS }) => ({
  ...durableObjectStore(SESSIONS),
  create: () => Promise.reject(new Error('a message with value-in-data')),
}))
const LAYERS: Record<string, typeof OBJECTS> = {
  objects: OBJECTS,
  copies: COPIES,
  kv: KV,
  failing: FAILING,
}

/** Runs `/LAYER/WORK`, and answers with the session's id. */
export default {
  async fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
    const [, name = '', work = ''] = new URL(request.url).pathname.split('/')
    const layer = LAYERS[name] ?? OBJECTS
    if (work === 'commit') {
      const session = await layer.open(request, env, ctx)
      session.set('secret-key', 'value-in-data')
      return layer.commit(session, new Response(session.id))
    }
    return layer.withSession(async ({ session }) => {
      if (work === 'set') session.set('secret-key', 'value-in-data')
      if (work === 'sign-in') await session.signIn('the-user-ada')
      if (work === 'read') await session.load()
      if (work === 'update') await session.update('secret-key', () => 'value-in-data')
      if (work === 'out') await session.destroy()
      return new Response(work === 'nothing' ? '' : session.id)
    })(request, env, ctx)
  },
}
