/** The owner of a list: a user, for the sessions under one cookie name. */
export interface Owner {
  readonly cookieName: string
  readonly userId: string
  /** The time of the call by the caller's clock, in milliseconds since 1970. */
  readonly now: number
}

/** A session on a user's list. Times are milliseconds since 1970. */
export interface ListedSession {
  /** `session.id`. */
  readonly id: string
  /** The session's address for the user's object, from the store's `addressOf`. */
  readonly address: string
  readonly createdAt: number
  readonly expiresAt: number
  /** The last known use. For a store that records no use, the sign-in. */
  readonly usedAt: number
  readonly userAgent?: string | undefined
  readonly country?: string | undefined
  readonly label?: string | undefined
}

/** The maximum number of sessions for one user, and how a sign-in beyond it is handled (OWASP ASVS 7.1.2). */
export interface SessionLimit {
  readonly max: number
  /** `refuse` refuses the sign-in. `end-oldest` ends the sessions with the earliest sign-in. */
  readonly whenFull: 'refuse' | 'end-oldest'
}

/** The sessions to end: all, only one, or all except one. */
export interface Which {
  readonly only?: string
  readonly except?: string
}

/**
 * The lists of users' sessions, made by `userIndex` for `accounts({ index })`. Calls ignore sessions that are not on a
 * list. If a call throws, it may or may not have taken effect. It is safe to retry.
 */
export interface UserIndex {
  /**
   * Puts the session on the list, or updates its details if it is listed. Returns the ids of sessions that were ended
   * to make room, or `undefined` if the list is full and refuses.
   */
  add(
    owner: Owner,
    session: ListedSession,
    limit: SessionLimit | undefined,
  ): Promise<readonly string[] | undefined>

  /** Takes the session off the list without ending it. */
  remove(owner: Owner, id: string): Promise<void>

  /** Returns the sessions that still exist, the latest sign-in first. */
  list(owner: Owner): Promise<readonly ListedSession[]>

  /**
   * Ends sessions. Once it has replied, they are certain to end, and an interrupted revocation continues by itself.
   * When `left` is 0, all have ended.
   */
  revoke(owner: Owner, which: Which): Promise<Revoked>

  /** Continues an interrupted revocation. Returns the number of sessions left. */
  goOn(owner: Owner): Promise<number>
}

export interface Revoked {
  readonly ids: readonly string[]
  readonly left: number
}
