import type { sessions } from './sessions'

type Session = Awaited<ReturnType<typeof sessions.open>>

declare module 'rwsdk/worker' {
  /** The type of `ctx` in every route, page and action. */
  interface DefaultAppContext {
    session: Session
  }
}
