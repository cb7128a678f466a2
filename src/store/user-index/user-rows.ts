import type { Asked } from './user-call.ts'
import type { ListedSession } from './user-list.ts'

/** A session that has to be ended, until that is certain. */
export interface Ending {
  readonly address: string
  readonly createdAt: number
  /** When to end it again. It has been ended once. */
  readonly againAt?: number
}

/** A place for a session that is not stored yet. It is free again at that time. */
export interface Reservation {
  readonly until: number
  /** True if the sign-in on its way was revoked, and is ended when it comes. */
  readonly isRevoked?: boolean
}

/** The data of a user's object. */
export interface UserRows {
  readonly userId: string
  readonly listed: ReadonlyMap<string, ListedSession>
  /** Apart from the list, so that a listed session never becomes a reserved one. */
  readonly reserved: ReadonlyMap<string, Reservation>
  readonly ending: ReadonlyMap<string, Ending>
}

/** The storage of a user's object. Changes are durable before any later call or reply leaves. */
export interface UserStorage {
  /** Saves the rows of these ids. If no row is left, storage is emptied. */
  save(rows: UserRows, ids: readonly string[]): void
  /** Sets the only time at which `wake` is called. */
  wakeAt(time: number): void
}

/** Returns the row of a session that is put on the list again. The label is the application's, and stays. */
export function merged(
  row: ListedSession | undefined,
  session: ListedSession,
  isSignIn: boolean | undefined,
): ListedSession {
  const usedAt = Math.max(session.usedAt, row?.usedAt ?? 0)
  if (isSignIn !== true) return { ...row, ...session, usedAt }
  return { ...(row?.label !== undefined && { label: row.label }), ...session, usedAt }
}

/** Returns a session whose store can't tell its times, with those that follow from its own timeouts or those in force. */
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
