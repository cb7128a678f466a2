/** Whose list it is: a user's of the sessions under one cookie name. */
export interface Owner {
  readonly cookieName: string
  readonly userId: string
  /** The moment of the call, by the caller's clock, in milliseconds since 1970. */
  readonly now: number
}

/** What a user's list says of one session. Times are milliseconds since 1970. */
export interface ListedSession {
  /** `session.id`. */
  readonly id: string
  /** Where the user's object finds it, of the store's `addressOf`. */
  readonly address: string
  readonly createdAt: number
  readonly expiresAt: number
  /** The last use known; on a store that records none, that is the sign-in. */
  readonly usedAt: number
  readonly userAgent?: string | undefined
  readonly country?: string | undefined
  readonly label?: string | undefined
}

/** How many sessions one user may have at a time, and what becomes of a sign-in beyond (OWASP ASVS 7.1.2). */
export interface SessionLimit {
  readonly max: number
  /** `refuse` the sign-in, or end the sessions that signed in first. */
  readonly whenFull: 'refuse' | 'end-oldest'
}

/** Which of a user's sessions to end: all; only this one; or all except this one. */
export interface Which {
  readonly only?: string
  readonly except?: string
}

/**
 * Which sessions each user has: `accounts({ index })` takes one, and `userIndex` makes one. Nothing here throws for a session
 * that is not on a list. It throws when it failed, and then what was asked for may have happened or not; asked again, it
 * happens once.
 */
export interface UserIndex {
  /**
   * Puts the session on the list; if it is there, what is given replaces what is known. Returns the ids of sessions that
   * were ended to make room, or `undefined` if the list is full and refuses.
   */
  add(
    owner: Owner,
    session: ListedSession,
    limit: SessionLimit | undefined,
  ): Promise<readonly string[] | undefined>

  /** Takes the session off the list, and leaves it as it is. */
  remove(owner: Owner, id: string): Promise<void>

  /** The sessions that are still there, the latest sign-in first. */
  list(owner: Owner): Promise<readonly ListedSession[]>

  /**
   * Ends sessions. From its reply on it is certain that they end, and it goes on by itself if it is cut short; none of
   * them is there any more when `left` is 0.
   */
  revoke(owner: Owner, which: Which): Promise<Revoked>

  /** Continues a revocation that was cut short; returns how many sessions are left. */
  goOn(owner: Owner): Promise<number>
}

export interface Revoked {
  readonly ids: readonly string[]
  readonly left: number
}
