import type { State } from '../../record/step.ts'

/** One session as a server holds it. */
export interface Held {
  /** What the server knows this state by: another text after every change. Absent where there is no session. */
  readonly version: string | undefined
  readonly state: State | 'corrupt' | undefined
}

/** What is to be in place of what was held. */
export interface Next {
  /** Absent where nothing of the session is to stay. */
  readonly state: State | undefined
  /** The entries that differ from what was held. */
  readonly changed: readonly string[]
  /** Milliseconds after which the server may forget the session. */
  readonly ttl: number
}

interface Swapped {
  /** Whether the next state is in place. If not, another was quicker and nothing has changed. */
  readonly isDone: boolean
  /** What is held now; absent where the server does not tell. */
  readonly held?: Held
}

/**
 * A server that holds sessions and can exchange one session's state for another in a single step. Both methods reject
 * when it failed; then the outcome of a swap is unknown.
 */
export interface Engine {
  load(handle: string): Promise<Held>
  /** Puts the next state in place of the one held, if that is still there. */
  swap(handle: string, held: Held, next: Next): Promise<Swapped>
}

/**
 * Runs the work with an engine, whose connection is open for as long as it takes. If the signal is aborted, the call is
 * given up: its connection is closed.
 */
export type WithEngine = <T>(
  work: (engine: Engine) => Promise<T>,
  signal?: AbortSignal,
) => Promise<T>

/** What is held where there is no session. */
export const NOTHING_HELD: Held = { version: undefined, state: undefined }
