import { Kv } from './kv.ts'
import { DurableObject, Namespace, type ObjectClass } from './objects.ts'

export { DurableObject }

/** Returns the Worker of the tests. It imports this module, so it is loaded at the first call. */
async function worker(): Promise<Readonly<Record<string, unknown>>> {
  return import('cloudflare:worker-of-the-tests')
}

function namespaceOf(name: string): Namespace {
  return new Namespace(async () => [(await worker())[name] as ObjectClass, env])
}

const SessionObject = namespaceOf('SessionObject')
const UserObject = namespaceOf('UserObject')

/** The bindings of test/wrangler.toml, but for sockets and D1, which are left to workerd. */
export const env: Readonly<Record<string, unknown>> = {
  SESSION_SECRET: 'only-for-tests-only-for-tests-only-for-tests',
  SESSION_KV: new Kv(),
  SESSIONS: SessionObject,
  USERS: UserObject,
  FAULTY: namespaceOf('FaultyObject'),
  LEASING: namespaceOf('LeasingObject'),
  BINDING: namespaceOf('BindingObject'),
  FORMER_SESSIONS: namespaceOf('FormerSessionObject'),
  FORMER_USERS: namespaceOf('FormerUserObject'),
  ITEMS: namespaceOf('ItemObject'),
  REDIS_PORT: 0,
  MEMCACHED_PORT: 0,
}

const CONTEXT = { waitUntil: () => undefined, passThroughOnException: () => undefined }

export const exports: Readonly<Record<string, unknown>> = {
  SessionObject,
  UserObject,
  default: {
    fetch: async (...request: ConstructorParameters<typeof Request>): Promise<unknown> => {
      const { default: handler } = await import('cloudflare:worker-of-the-tests')
      return handler.fetch(new Request(...request), env, CONTEXT)
    },
  },
}
