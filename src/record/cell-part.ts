import type { Rules } from './step.ts'

/** A stored session, as the parts of features see it; the same one each time. */
export interface CellHost {
  /** Answers a request of the store, such as a `read`; by the rules of the part if they are given. */
  call(request: string, rules?: Rules): string | Promise<string>
}

/** The part of a feature that runs where the session is stored, in an object or in memory. */
export interface CellPart {
  /** Answers a request of its feature; returns `undefined` for any other. */
  call(host: CellHost, request: string): string | Promise<string> | undefined
  /** Runs in the turn in which the session ends. Returns true to keep rows of its own. */
  ended(host: CellHost): boolean
}
