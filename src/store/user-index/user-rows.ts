import type { Asked } from './user-call.ts'
import type { ListedSession } from './user-list.ts'

/** A session that must be ended, kept until that is certain. */
export interface Ending {
  readonly address: string
  readonly createdAt: number
  /** When to end it again, after it was ended once. */
  readonly againAt?: number
}

/** A place for a session that is not stored yet, and the time when the place is free again. */
export interface Reservation {
  readonly until: number
  /** True if the sign-in was revoked before it arrived. It is ended when it does. */
  readonly isRevoked?: boolean
}

/** The data of a user's object. */
export interface UserRows {
  readonly userId: string
  readonly listed: ReadonlyMap<string, ListedSession>
  /** Separate from the list, so that a listed session never becomes a reserved one. */
  readonly reserved: ReadonlyMap<string, Reservation>
  readonly ending: ReadonlyMap<string, Ending>
}

/** The storage of a user's object. Changes are durable before any later call or reply leaves the object. */
export interface UserStorage {
  /** Saves the rows of these ids. If no row is left, storage is emptied. */
  save(rows: UserRows, ids: readonly string[]): void
  /** Sets the only time at which `wake` is called. */
  wakeAt(time: number): void
}

/** Returns the row of a session that is put on the list again. The label stays, since the application set it. */
export function merged(
  row: ListedSession | undefined,
  session: ListedSession,
  isSignIn: boolean | undefined,
): ListedSession {
  const usedAt = Math.max(session.usedAt, row?.usedAt ?? 0)
  if (isSignIn !== true) return { ...row, ...session, usedAt }
  return { ...(row?.label !== undefined && { label: row.label }), ...session, usedAt }
}

/** Returns a session whose store cannot tell its times, with times computed from its own timeouts or those in force. */
export function timed(session: ListedSession, asked: Asked): ListedSession {
  const { usedAt, createdAt, remember } = session
  const { idle, absolute } = remember ?? asked
  const expiresAt = Math.min(
    session.expiresAt,
    createdAt + (absolute ?? Infinity),
    usedAt + (asked.notesUse === true && idle !== undefined ? idle : Infinity),
  )
  return { ...session, expiresAt }
}
