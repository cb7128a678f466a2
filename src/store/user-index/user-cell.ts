import { ARRIVAL_MS, Places } from './places.ts'
import type { Reach } from './reach.ts'
import {
  type Add,
  type Asked,
  type ListPage,
  parseCall,
  type Reserve,
  selected,
  type Selection,
  type UserCall,
} from './user-call.ts'
import type { ListedSession, SessionLimit } from './user-list.ts'
import { type Ending, timed, type UserRows, type UserStorage } from './user-rows.ts'

/** One call of an object may make 1,000 others (Cloudflare: limits), and listing or revoking has a time limit. */
const BATCH = 250
/** Other locations may read a deleted KV key for 60 s, and a request there may write it back. */
const AGAIN_MS = 90_000
/** The delay before a retry. It doubles after each failure, up to an hour. */
const RETRY_MS = 5000
const MAX_RETRY_MS = 3_600_000

/** One user's list, and the sessions that are yet to be ended. */
export class UserCell {
  #userId: string
  readonly #places: Places
  readonly #listed: Places['listed']
  readonly #reserved: Places['reserved']
  readonly #ending: Map<string, Ending>
  readonly #storage: UserStorage
  readonly #reach: Reach
  #failures = 0

  constructor(rows: UserRows, storage: UserStorage, reach: Reach) {
    this.#userId = rows.userId
    this.#places = new Places(rows)
    this.#listed = this.#places.listed
    this.#reserved = this.#places.reserved
    this.#ending = new Map(rows.ending)
    this.#storage = storage
    this.#reach = reach
  }

  /** Handles one call: a JSON text in, a JSON text out. Throws a `TypeError` for an unknown call. */
  async call(text: string): Promise<string> {
    const call = parseCall(text)
    this.#userId = call.userId
    return JSON.stringify(await this.#answer(call))
  }

  /** Continues to end sessions, and removes the rows of sessions that are over. */
  async wake(now: number): Promise<void> {
    await this.#endSome(now).catch(() => undefined)
    const old = Array.from(this.#listed.values()).filter(({ expiresAt }) => expiresAt <= now)
    // The timeouts may have become longer since the sign-in.
    const alive = await this.#look(old.slice(0, BATCH), { userId: this.#userId, now })
    for (const { id, expiresAt } of alive) this.#places.update(id, { expiresAt })
    this.#save([...alive.map(({ id }) => id), ...this.#places.freeLate(now)])
    this.#rearm(now)
  }

  #answer(call: UserCall): Promise<unknown> {
    const { method, now } = call
    if (method === 'add') return this.#add(call)
    if (method === 'list') return this.#list(call.after, call)
    if (method === 'reserve') return this.#reserve(call)
    if (method === 'revoke') return this.#revoke(call.which, now)
    return method === 'goOn' ? this.#endSome(now) : this.#change(call)
  }

  async #change({ method, id, now }: Extract<UserCall, { id: string }>): Promise<null> {
    const places = method === 'remove' ? this.#listed : this.#reserved
    const isChanged =
      method === 'use' ? this.#places.update(id, { usedAt: now }) : places.delete(id)
    if (isChanged) this.#save([id])
    return null
  }

  async #reserve(call: Reserve & Asked): Promise<boolean> {
    const { id, limit, now } = call
    const over = await this.#overIfFull(id, limit, call)
    // There is no await from here to the save, so no other sign-in comes in between.
    const freed = this.#places.freeLate(now)
    if (this.#listed.has(id) && !over.has(id)) return true
    if (this.#places.excess(id, limit, over) > 0) return false
    const until = this.#places.reserve(id, now)
    this.#save([id, ...freed])
    if (this.#listed.size + this.#ending.size === 0) this.#storage.wakeAt(until)
    return true
  }

  async #add(call: Add & Asked): Promise<readonly string[] | null> {
    const { session, limit, reservation = session.id, now } = call
    const over = await this.#overIfFull(session.id, limit, call)
    // There is no await from here to the save, so no other sign-in comes in between.
    const freed = this.#places.freeLate(now)
    const isFirst = this.#listed.size === 0
    const ended = this.#places.add(call, over)
    if (ended === undefined) return null
    this.#beginEnding(ended, now)
    this.#save([session.id, reservation, ...freed])
    if (isFirst && this.#ending.size === 0) this.#storage.wakeAt(session.expiresAt)
    // The others are now certain to end. This sign-in need not wait for one that cannot be reached.
    await this.#endSome(now).catch(() => undefined)
    return ended.map(({ id }) => id)
  }

  /** Returns the listed sessions that are over and take no place. Asks them only if the list may be too long. */
  async #overIfFull(
    id: string,
    limit: SessionLimit | undefined,
    asked: Asked,
  ): Promise<ReadonlySet<string>> {
    if (this.#places.excess(id, limit, new Set()) <= 0) return new Set()
    const before = [...this.#listed.values()]
    const alive = new Set((await this.#look(before, asked)).map((session) => session.id))
    return new Set(before.map((session) => session.id).filter((each) => !alive.has(each)))
  }

  async #list(after: string, asked: Asked): Promise<ListPage> {
    const ids = [...this.#listed.keys()].filter((id) => id > after).toSorted()
    const some = ids.slice(0, BATCH)
    const sessions = await this.#look(
      some.flatMap((id) => this.#listed.get(id) ?? []),
      asked,
    )
    return ids.length > BATCH ? { sessions, next: some.at(-1) } : { sessions }
  }

  async #revoke(which: Selection, now: number): Promise<{ ids: string[]; left: number }> {
    const isSelected = selected(which) ?? (() => false)
    const revoked = Array.from(this.#listed.values()).filter(({ id }) => isSelected(id))
    const onTheirWay = this.#places.revoke(isSelected)
    if (onTheirWay.length > 0) this.#save(onTheirWay)
    this.#beginEnding(revoked, now)
    return { ids: revoked.map(({ id }) => id), left: await this.#endSome(now) }
  }

  /** Records the sessions to end before anything else happens. */
  #beginEnding(sessions: readonly ListedSession[], now: number): void {
    if (sessions.length === 0) return
    for (const { id, address, createdAt } of sessions) {
      this.#listed.delete(id)
      this.#ending.set(id, { address, createdAt })
    }
    this.#save(sessions.map(({ id }) => id))
    this.#storage.wakeAt(now + RETRY_MS)
  }

  /**
   * Ends a batch of the recorded sessions. Returns how many are still waiting for their first try. Throws if one cannot
   * be ended.
   */
  async #endSome(now: number): Promise<number> {
    const due = [...this.#ending].filter(([, { againAt = now }]) => againAt <= now)
    if (due.length === 0) return 0
    const some = due.slice(0, BATCH)
    const outcomes = await Promise.allSettled(
      some.map(([id, ending]) => {
        // Moved to the end of the queue, so that a session that cannot be ended does not block the others.
        this.#ending.delete(id)
        this.#ending.set(id, ending)
        return this.#end(id, ending, now)
      }),
    )
    this.#save(some.map(([id]) => id))
    const failed = outcomes.find((outcome) => outcome.status === 'rejected')
    this.#failures = failed === undefined ? 0 : this.#failures + 1
    this.#rearm(now)
    if (failed !== undefined) throw failed.reason
    return [...this.#ending.values()].filter(({ againAt }) => againAt === undefined).length
  }

  async #end(id: string, ending: Ending, now: number): Promise<void> {
    const { address, createdAt, againAt } = ending
    const isSure = await this.#reach.end(address, this.#userId, now)
    const mayCome = !address.startsWith('object:') || now - createdAt < ARRIVAL_MS
    if (isSure || againAt !== undefined || !mayCome) this.#ending.delete(id)
    else this.#ending.set(id, { ...ending, againAt: now + AGAIN_MS })
  }

  /**
   * Returns the sessions that have not expired by the timeouts in force, with their times. Sessions that are over are
   * removed from the list. Those that another Worker with longer timeouts would still accept stay, so that they can be
   * ended.
   */
  async #look(sessions: readonly ListedSession[], asked: Asked): Promise<ListedSession[]> {
    const seen = await Promise.all(sessions.map((session) => this.#seen(session, asked)))
    // A row that has changed in the meantime belongs to a later sign-in.
    const over = sessions.filter(
      (session, index) => seen[index] === undefined && this.#listed.get(session.id) === session,
    )
    for (const { id } of over) this.#listed.delete(id)
    if (over.length > 0) this.#save(over.map(({ id }) => id))
    return sessions.flatMap((session, index) => {
      const present = seen[index]
      if (present === undefined) return []
      // A session that cannot be reached may still exist.
      return present === session || present.expiresAt > asked.now ? [present] : []
    })
  }

  async #seen(session: ListedSession, asked: Asked): Promise<ListedSession | undefined> {
    try {
      const look = await this.#reach.look(session.address, asked)
      if (look === undefined)
        return session.expiresAt > asked.now ? timed(session, asked) : undefined
      if (!look.ok || !this.#listed.has(session.id)) return undefined
      const { usedAt, expiresAt, isBound } = look
      return { ...session, usedAt, expiresAt, isBound }
    } catch {
      return session
    }
  }

  #save(ids: readonly string[]): void {
    const rows = {
      userId: this.#userId,
      listed: this.#listed,
      reserved: this.#reserved,
      ending: this.#ending,
    }
    this.#storage.save(rows, ids)
  }

  /** Sets the alarm to the next session to end, or else to the end of the last session. */
  #rearm(now: number): void {
    const retryAt = now + Math.min(RETRY_MS * 2 ** Math.max(0, this.#failures - 1), MAX_RETRY_MS)
    const endings = Array.from(this.#ending.values(), ({ againAt = retryAt }) => againAt)
    const expiries = [
      ...Array.from(this.#listed.values(), ({ expiresAt }) => expiresAt),
      ...Array.from(this.#reserved.values(), ({ until }) => until),
    ]
    if (endings.length > 0) this.#storage.wakeAt(Math.min(...endings))
    else if (expiries.length > 0) this.#storage.wakeAt(Math.max(retryAt, ...expiries))
  }
}
