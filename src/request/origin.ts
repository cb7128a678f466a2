import type { Savepoint } from '../session/savepoint.ts'
import type { Settings } from './options.ts'
import type { RequestLike } from './request-like.ts'
import type { RequestContext, Setup } from './setup.ts'

/** The parts from which a `RequestSession` is made. */
export interface Origin {
  readonly settings: Settings
  readonly setup: Setup
  readonly request: RequestLike
  readonly env: unknown
  readonly ctx: RequestContext
}

/** A handler that runs with the session. */
export interface Entered {
  /** The session of another layer that was `request.session` before. */
  readonly outer: unknown
  /** The changes that an outer handler had recorded. */
  savepoint: Savepoint | undefined
}
