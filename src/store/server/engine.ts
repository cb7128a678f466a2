import type { State } from '../../record/step.ts'

/** One session as a server stores it. */
export interface Held {
  /** The server's name for this state, different after every change. Absent if there is no session. */
  readonly version: string | undefined
  readonly state: State | 'corrupt' | undefined
}

/** The state to replace the held one. */
export interface Next {
  /** Absent to delete everything of the session. */
  readonly state: State | undefined
  /** The names of the entries that changed. */
  readonly changed: readonly string[]
  /** Milliseconds after which the server may delete the session. */
  readonly ttl: number
}

interface Swapped {
  /** True if the next state was stored. If false, another call was faster, and nothing has changed. */
  readonly isDone: boolean
  /** The current state. Absent if the server does not return it. */
  readonly held?: Held
}

/**
 * A server that stores sessions and can replace a session's state in a single step. Both methods reject if the server
 * fails; the outcome of a swap is then unknown.
 */
export interface Engine {
  load(handle: string): Promise<Held>
  /** Replaces the held state with the next one, if the held state is still current. */
  swap(handle: string, held: Held, next: Next): Promise<Swapped>
}

/**
 * Runs the work with an engine whose connection stays open for as long as the work takes. If the signal is aborted, the
 * call is given up and its connection is closed.
 */
export type WithEngine = <T>(
  work: (engine: Engine) => Promise<T>,
  signal?: AbortSignal,
) => Promise<T>

/** The state if there is no session. */
export const NOTHING_HELD: Held = { version: undefined, state: undefined }
