import type { Rules } from '../../record/step.ts'

/** A stored session, as the parts of features see it; the same one each time. */
export interface SessionHost {
  /** Answers a request to the session, by the rules of the part if they are given. */
  call(request: string, rules?: Rules): string | Promise<string>
}

/** The part of a feature that runs where the session is stored. */
export interface SessionPart {
  /** Answers a request of its feature; returns `undefined` for any other request. */
  call(host: SessionHost, request: string): string | Promise<string> | undefined
  /** Runs in the turn in which the session has ended: destroyed, revoked, or deleted by the alarm. */
  ended?(host: SessionHost): void
}
