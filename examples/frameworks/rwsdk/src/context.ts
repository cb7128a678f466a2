import type { SessionOf } from 'edge-session'

import type { sessions } from './sessions'

declare module 'rwsdk/worker' {
  /** The type of `ctx` in every route, page and action. */
  interface DefaultAppContext {
    session: SessionOf<typeof sessions>
  }
}
