import type { ItemObject } from '../src/adapter/unstorage/item-object.ts'
import type { SessionObject } from '../src/store/object/session-object.ts'
import type { UserObject } from '../src/store/user-index/user-object.ts'
import type { BindingObject } from './support/binding-object.ts'
import type { FaultyObject } from './support/faulty-object.ts'
import type { LeasingObject } from './support/leasing-object.ts'
import type { WatcherObject } from './support/live-objects.ts'
import type * as mainModule from './worker.ts'

declare module 'vitest' {
  /** What test/node/servers.ts provides; a port is 0 where there is no such server. */
  interface ProvidedContext {
    /** True in the mode of `npm run check:coverage`, in which property tests run for longer. */
    isThorough: boolean
    redisPort: number
    upstashPort: number
    memcachedPort: number
    largeMemcachedPort: number
  }
}

declare global {
  namespace Cloudflare {
    interface Env {
      readonly SESSION_SECRET: string
      readonly SESSION_KV: KVNamespace
      readonly BUCKET: R2Bucket
      readonly DB: D1Database
      readonly SESSIONS: DurableObjectNamespace<SessionObject>
      readonly USERS: DurableObjectNamespace<UserObject>
      readonly ITEMS: DurableObjectNamespace<ItemObject>
      readonly FORMER_SESSIONS: DurableObjectNamespace<SessionObject>
      readonly FORMER_USERS: DurableObjectNamespace<UserObject>
      readonly LIVE_SESSIONS: DurableObjectNamespace<SessionObject>
      readonly WATCHERS: DurableObjectNamespace<WatcherObject>
      readonly BINDING: DurableObjectNamespace<BindingObject>
      readonly LEASING: DurableObjectNamespace<LeasingObject>
      readonly FAULTY: DurableObjectNamespace<FaultyObject>
      /** Ports of real servers of this machine; 0 where there is none. */
      readonly REDIS_PORT: number
      readonly MEMCACHED_PORT: number
    }
    interface GlobalProps {
      mainModule: typeof mainModule
      durableNamespaces:
        | 'SessionObject'
        | 'UserObject'
        | 'FaultyObject'
        | 'LiveSessionObject'
        | 'WatcherObject'
        | 'ItemObject'
        | 'LeasingObject'
        | 'BindingObject'
        | 'FormerSessionObject'
        | 'FormerUserObject'
    }
  }
}
