import type { ItemObject } from '../src/store/item-object.ts'
import type { SessionObject } from '../src/store/session-object.ts'
import type { UserObject } from '../src/store/user-object.ts'
import type { FaultyObject } from './support/faulty-object.ts'
import type * as mainModule from './worker.ts'

declare global {
  namespace Cloudflare {
    interface Env {
      readonly SESSION_SECRET: string
      readonly SESSION_KV: KVNamespace
      readonly BUCKET: R2Bucket
      readonly SESSIONS: DurableObjectNamespace<SessionObject>
      readonly USERS: DurableObjectNamespace<UserObject>
      readonly ITEMS: DurableObjectNamespace<ItemObject>
      readonly FAULTY: DurableObjectNamespace<FaultyObject>
    }
    interface GlobalProps {
      mainModule: typeof mainModule
      durableNamespaces: 'SessionObject' | 'UserObject' | 'FaultyObject' | 'ItemObject'
    }
  }
}
