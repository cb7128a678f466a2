import type { SessionCell } from './session-cell.ts'

/** What a part can reach of a session. */
export interface PartContext {
  readonly cell: SessionCell
}

/** The part of a feature that runs where the session is stored: `extendSessionObject(leases)`. */
export interface SessionPart {
  /** Answers a request of its feature; returns `undefined` for any other request. */
  readonly call: (context: PartContext, request: string) => string | Promise<string> | undefined
  /** Runs after the session is over: destroyed, revoked, or deleted by the alarm. */
  readonly ended?: (context: PartContext) => void
}
