import type { Rules } from './step.ts'

/** A stored session, as the parts of features see it. The same object is passed each time. */
export interface CellHost {
  /** Answers a request of the store, such as a `read`, by the part's rules if they are passed. */
  call(request: string, rules?: Rules): string | Promise<string>
}

/** The part of a feature that runs where the session is stored, in an object or in memory. */
export interface CellPart {
  /** Answers a request of its feature. Returns `undefined` for any other. */
  call(host: CellHost, request: string): string | Promise<string> | undefined
  /** Runs in the same turn in which the session ends. Returns true to keep its own rows. */
  ended(host: CellHost): boolean
}
