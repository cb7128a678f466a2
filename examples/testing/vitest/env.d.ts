import type { Env as AppEnv } from '../src/sessions.ts'
import type * as mainModule from '../src/worker.ts'

declare global {
  namespace Cloudflare {
    interface Env extends AppEnv {}
    interface GlobalProps {
      mainModule: typeof mainModule
    }
  }
}
