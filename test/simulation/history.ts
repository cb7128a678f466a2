export type Outcome = 'done' | 'refused' | 'unknown'

/** One operation of a handler on its session, as the client of the session saw it. */
export interface Entry {
  readonly request: number
  readonly browser: number
  readonly isolate: number
  readonly does: string
  readonly key?: string
  /** What was written, or what a `signIn` asked for. */
  readonly wrote?: string
  /** What came back, as JSON text. */
  readonly result?: string
  /** The session that it worked on. */
  readonly session: string
  /**
   * The session that the request had before, if a call to its object was sent twice: the first call may have been
   * applied, and the second refused.
   */
  readonly former?: string | undefined
  /** The places in the order of all events, and the times in milliseconds. */
  readonly start: number
  readonly end: number
  readonly startedAt: number
  readonly endedAt: number
  /** The place of the moment in which the browser sent the request. */
  readonly sent: number
  readonly outcome: Outcome
}

/** What a request found when it first read its session. */
export interface Sight {
  readonly request: number
  readonly browser: number
  readonly isolate: number
  /** The session's id; `undefined` if there was none. */
  readonly session: string | undefined
  /** The secret of the token that the request came with. */
  readonly secret: string | undefined
  readonly user: string | undefined
  readonly entries: Readonly<Record<string, unknown>>
  readonly start: number
  readonly end: number
  readonly startedAt: number
  readonly endedAt: number
  /** True if a copy may have answered. */
  readonly mayBeOld: boolean
}

/** What became of a response. */
export interface Answered {
  readonly request: number
  readonly browser: number
  readonly secret: string | undefined
  /** The session that the handler had in the end. */
  readonly session: string | undefined
  readonly isLost: boolean
  readonly status: number
  /** The secret of the token that it brings; empty if it clears the cookie. */
  readonly issued: string | undefined
  readonly order: number
  readonly at: number
  /** The places of the moments in which the browser sent the request, and had the response. */
  readonly sent: number
  readonly arrived: number
}

/** Returns the operations on a session. The outcome is unknown if the request has left the session after a doubled call. */
export function operationsOf(session: string, entries: readonly Entry[]): Entry[] {
  return entries.flatMap((entry): Entry[] => {
    if (entry.session === session) return entry.outcome === 'refused' ? [] : [entry]
    return entry.former === session ? [{ ...entry, outcome: 'unknown' }] : []
  })
}

/** All that happened in a run, as those saw it who asked. */
export class History {
  readonly entries: Entry[] = []
  readonly sights: Sight[] = []
  readonly responses: Answered[] = []
  /** What a handler threw that no response of the session layer answers. */
  readonly errors: { readonly request: number; readonly error: unknown }[] = []
  /** The browsers whose cookies were replaced by another's, perhaps by older ones, and the places of these moments. */
  readonly copied: { readonly browser: number; readonly order: number }[] = []
  /** Requests that one Worker has handed on to another. */
  readonly forwarded = new Set<number>()
  /** What a request did not see of its own changes, in words. */
  readonly unseen: string[] = []
  /** The objects that still have rows when every session is long over. */
  leftOver: readonly string[] = []
  readonly lines: string[] = []
  #order = 0

  /** Returns the next place in the order of events. */
  next(): number {
    this.#order += 1
    return this.#order
  }
}
