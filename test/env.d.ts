import type { SessionObject } from '../src/store/session-object.ts'
import type * as mainModule from './worker.ts'

declare global {
  namespace Cloudflare {
    interface Env {
      readonly SESSION_SECRET: string
      readonly SESSION_KV: KVNamespace
      readonly SESSIONS: DurableObjectNamespace<SessionObject>
    }
    interface GlobalProps {
      mainModule: typeof mainModule
      durableNamespaces: 'SessionObject'
    }
  }
}
