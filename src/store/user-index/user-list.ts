import type { OwnTimeouts } from '../../session/account.ts'

/** The owner of a list: a user's sessions under one cookie name. Also the time and timeouts of the call. */
export interface Owner {
  readonly cookieName: string
  readonly userId: string
  /** The time of the call by the caller's clock, in milliseconds since 1970. */
  readonly now: number
  /** The timeouts in force, in milliseconds. */
  readonly idle: number
  readonly absolute: number
  /** True if `use` is called for sessions whose store records no use. Otherwise their idle timeout is ignored. */
  readonly notesUse: boolean
}

/** A session on a user's list. Times are in milliseconds since 1970. */
export interface ListedSession {
  /** `session.id`. */
  readonly id: string
  /** The session's address for the user's object, from the store's `addressOf`. */
  readonly address: string
  readonly createdAt: number
  readonly expiresAt: number
  /** The last known use. If the store records none, the last one passed to `use`, or the sign-in. */
  readonly usedAt: number
  readonly userAgent?: string | undefined
  readonly country?: string | undefined
  readonly label?: string | undefined
  /** True if it is bound to a device. Only known for a session that was just asked. */
  readonly isBound?: boolean | undefined
  /** The session's own timeouts, in milliseconds. */
  readonly remember?: OwnTimeouts | undefined
}

/** The maximum number of sessions for one user, and how a sign-in beyond it is handled (OWASP ASVS 7.1.2). */
export interface SessionLimit {
  readonly max: number
  /** `refuse` refuses the sign-in. `end-oldest` ends the sessions with the earliest sign-in. */
  readonly whenFull: 'refuse' | 'end-oldest'
}

/**
 * The sessions to end. The kind is explicit, so that a lost id never means all of them. Objects of the previous version
 * read only the ids.
 */
export type Which =
  | { readonly kind: 'one'; readonly only: string }
  | { readonly kind: 'others'; readonly except: string }
  | { readonly kind: 'all' }

/** How the session is put on the list. */
interface Adding {
  /** False if the session has only a new token or address. Then the details of its device stay. */
  readonly isSignIn: boolean
  /** Absent if the session is always listed. */
  readonly limit?: SessionLimit | undefined
  /** The id under which the place was reserved, if the sign-in resulted in another session. */
  readonly reservation?: string | undefined
}

/**
 * The lists of users' sessions, made by `userIndex` for `accounts({ index })`. Calls ignore sessions that are not on a
 * list. If a call throws, its outcome is unknown. Every call is safe to retry.
 */
export interface UserIndex {
  /**
   * Reserves a place for a minute, for a session that is not stored yet. Returns true if there is one, or if the
   * session is listed already: then it needs no place, and nothing changes.
   */
  reserve(owner: Owner, session: ListedSession, limit: SessionLimit): Promise<boolean>

  /** Gives a reserved place back. A listed session stays on the list. */
  release(owner: Owner, id: string): Promise<void>

  /**
   * Puts a stored session on the list, or updates its details if it is listed. Returns the ids of the sessions that
   * were ended to make room. Returns `undefined` if the list is full and refuses, and the session neither is listed nor
   * has a reserved place.
   */
  add(owner: Owner, session: ListedSession, adding: Adding): Promise<readonly string[] | undefined>

  /** Records a use of the session now, for a store that records none. */
  use(owner: Owner, id: string): Promise<void>

  /** Takes the session off the list without ending it. */
  remove(owner: Owner, id: string): Promise<void>

  /** Returns the sessions that still exist, the latest sign-in first. */
  list(owner: Owner): Promise<readonly ListedSession[]>

  /**
   * Ends sessions. Once it returns, they are certain to end, and an interrupted revocation continues by itself. If
   * `left` is 0, all have ended.
   */
  revoke(owner: Owner, which: Which): Promise<Revoked>

  /** Continues an interrupted revocation. Returns the number of sessions left. */
  goOn(owner: Owner): Promise<number>
}

export interface Revoked {
  readonly ids: readonly string[]
  readonly left: number
}
