import type { Add } from './user-call.ts'
import type { ListedSession, SessionLimit } from './user-list.ts'
import { merged, type Reservation, type UserRows } from './user-rows.ts'

/** The maximum time that a sign-in may take to be stored, in milliseconds. */
export const ARRIVAL_MS = 60_000

/** The places on one user's list: those of stored sessions, and those reserved for sign-ins on their way. */
export class Places {
  readonly listed: Map<string, ListedSession>
  readonly reserved: Map<string, Reservation>

  constructor({ listed, reserved }: Pick<UserRows, 'listed' | 'reserved'>) {
    this.listed = new Map(listed)
    this.reserved = new Map(reserved)
  }

  /** Returns by how many the sessions exceed the limit if this one is included. Those in `over` take no place. */
  excess(id: string, limit: SessionLimit | undefined, over: ReadonlySet<string>): number {
    if (limit === undefined) return 0
    // A reserved place must not end another session, because the sign-in may fail.
    const reserved = limit.whenFull === 'refuse' ? this.reserved.keys() : []
    const others = new Set([...this.listed.keys(), ...reserved])
    others.delete(id)
    return [...others].filter((each) => !over.has(each)).length + 1 - limit.max
  }

  /**
   * Puts a stored session on the list. Returns the sessions to end instead, or `undefined` if the list is full and
   * refuses it. A listed session may always sign in again, and so may one with a reserved place.
   */
  add(
    { session, limit, isSignIn, reservation = session.id }: Add,
    over: ReadonlySet<string>,
  ): ListedSession[] | undefined {
    const { id } = session
    const row = this.listed.get(id)
    const place = this.reserved.get(reservation)
    const excess = Math.max(0, this.excess(id, limit, over))
    const isFull = excess > 0 && limit?.whenFull === 'refuse'
    if (isFull && row === undefined && place === undefined) return undefined
    this.listed.set(id, merged(row, session, isSignIn))
    this.reserved.delete(id)
    this.reserved.delete(reservation)
    const ended = isFull ? [] : this.#oldestFirst(id, over).slice(0, excess)
    return place?.isRevoked === true ? [...ended, session] : ended
  }

  #oldestFirst(except: string, over: ReadonlySet<string>): ListedSession[] {
    return Array.from(this.listed.values())
      .filter(({ id }) => id !== except && !over.has(id))
      .toSorted((one, other) => one.createdAt - other.createdAt)
  }

  /** Reserves a place for a minute. Returns when it is free again, in milliseconds since 1970. */
  reserve(id: string, now: number): number {
    const until = now + ARRIVAL_MS
    this.reserved.set(id, { until })
    return until
  }

  /** Frees the reserved places whose sign-in did not arrive. Returns their ids. */
  freeLate(now: number): string[] {
    const late = [...this.reserved].filter(([, { until }]) => until <= now).map(([id]) => id)
    for (const id of late) this.reserved.delete(id)
    return late
  }

  /** Notes that the sign-ins for these reserved places were revoked. Returns their ids. */
  revoke(isSelected: (id: string) => boolean): string[] {
    const ids = [...this.reserved.keys()].filter(isSelected)
    for (const id of ids) {
      const { until = 0 } = this.reserved.get(id) ?? {}
      this.reserved.set(id, { until, isRevoked: true })
    }
    return ids
  }

  /** Moves the times of a listed session forward. Returns false if it is not listed. */
  update(id: string, { usedAt = 0, expiresAt = 0 }: Partial<ListedSession>): boolean {
    const row = this.listed.get(id)
    if (row === undefined) return false
    this.listed.set(id, {
      ...row,
      usedAt: Math.max(row.usedAt, usedAt),
      expiresAt: Math.max(row.expiresAt, expiresAt),
    })
    return true
  }
}
