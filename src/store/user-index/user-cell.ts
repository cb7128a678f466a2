import type { Reach } from './reach.ts'
import type { ListedSession, SessionLimit, Which } from './user-list.ts'

/** A call to a user's object, as JSON. `now` is the caller's clock. */
export type UserCall = { readonly userId: string; readonly now: number } & (
  | {
      readonly method: 'add'
      readonly session: ListedSession
      readonly limit?: SessionLimit | undefined
    }
  | { readonly method: 'remove'; readonly id: string }
  | { readonly method: 'list'; readonly after: string }
  | { readonly method: 'revoke'; readonly which: Which }
  | { readonly method: 'goOn' }
)

/** A page of the list, in order of ids. `next` is the id that the next page begins after, if there is one. */
export interface ListPage {
  readonly sessions: readonly ListedSession[]
  readonly next?: string | undefined
}

/** A session that has to be ended, until that is certain. */
interface Ending {
  readonly address: string
  readonly createdAt: number
  /** When to end it again. It has been ended once. */
  readonly againAt?: number
}

/** The data of a user's object. */
export interface UserRows {
  readonly userId: string
  readonly listed: ReadonlyMap<string, ListedSession>
  readonly ending: ReadonlyMap<string, Ending>
}

/** The storage of a user's object. Changes are durable before any later call or reply leaves. */
export interface UserStorage {
  /** Saves the rows of these ids. If no row is left, storage is emptied. */
  save(rows: UserRows, ids: readonly string[]): void
  /** Sets the only time at which `wake` is called. */
  wakeAt(time: number): void
}

/** One call of an object may make 1,000 others (Cloudflare: limits), and the time of a list or revocation is limited. */
const BATCH = 250
/** A listed sign-in may take this long to be stored. */
const ARRIVAL_MS = 60_000
/** Other locations may read a deleted KV key for 60 s, and a request there may write it back. */
const AGAIN_MS = 90_000
/** The delay before a retry. It doubles after each failure, up to an hour. */
const RETRY_MS = 5000
const MAX_RETRY_MS = 3_600_000

/** One user's list, and the endings that are pending. */
export class UserCell {
  #userId: string
  readonly #listed: Map<string, ListedSession>
  readonly #ending: Map<string, Ending>
  readonly #storage: UserStorage
  readonly #reach: Reach
  #failures = 0

  constructor(rows: UserRows, storage: UserStorage, reach: Reach) {
    this.#userId = rows.userId
    this.#listed = new Map(rows.listed)
    this.#ending = new Map(rows.ending)
    this.#storage = storage
    this.#reach = reach
  }

  /** Handles one call: a JSON text in, a JSON text out. */
  async call(text: string): Promise<string> {
    const call = JSON.parse(text) as UserCall
    this.#userId = call.userId
    return JSON.stringify(await this.#answer(call))
  }

  /** Continues pending endings, and removes rows of sessions that are over. */
  async wake(now: number): Promise<void> {
    await this.#endSome(now).catch(() => undefined)
    const old = Array.from(this.#listed.values()).filter(({ expiresAt }) => expiresAt <= now)
    // The timeouts may have become longer since the sign-in.
    const alive = await this.#look(old.slice(0, BATCH), now)
    for (const session of alive) this.#listed.set(session.id, session)
    this.#save(alive.map(({ id }) => id))
    this.#rearm(now)
  }

  #answer(call: UserCall): Promise<unknown> {
    const { method, now } = call
    if (method === 'add') return this.#add(call.session, call.limit, now)
    if (method === 'remove') return this.#remove(call.id)
    if (method === 'list') return this.#list(call.after, now)
    return method === 'revoke' ? this.#revoke(call.which, now) : this.#endSome(now)
  }

  async #add(
    session: ListedSession,
    limit: SessionLimit | undefined,
    now: number,
  ): Promise<readonly string[] | null> {
    const max = limit?.max ?? Infinity
    if (this.#placesLeft(session.id, max) < 0) await this.#look([...this.#listed.values()], now)
    // There is no await from here to the save, so no other sign-in comes in between.
    const excess = -this.#placesLeft(session.id, max)
    if (excess > 0 && limit?.whenFull === 'refuse') return null
    const oldest = excess > 0 ? this.#oldestFirst(session.id).slice(0, excess) : []
    const isFirst = this.#listed.size === 0
    this.#listed.set(session.id, { ...this.#listed.get(session.id), ...session })
    this.#beginEnding(oldest, now)
    this.#save([session.id])
    if (isFirst && this.#ending.size === 0) this.#storage.wakeAt(session.expiresAt)
    // The others are certain to end by now. This sign-in need not wait for one that can't be reached.
    await this.#endSome(now).catch(() => undefined)
    return oldest.map(({ id }) => id)
  }

  /** Returns the number of free places besides that of this session. */
  #placesLeft(id: string, max: number): number {
    return max - this.#listed.size - (this.#listed.has(id) ? 0 : 1)
  }

  #oldestFirst(except: string): ListedSession[] {
    return Array.from(this.#listed.values())
      .filter(({ id }) => id !== except)
      .toSorted((one, other) => one.createdAt - other.createdAt)
  }

  async #remove(id: string): Promise<null> {
    if (this.#listed.delete(id)) this.#save([id])
    return null
  }

  async #list(after: string, now: number): Promise<ListPage> {
    const ids = [...this.#listed.keys()].filter((id) => id > after).toSorted()
    const some = ids.slice(0, BATCH)
    const sessions = await this.#look(
      some.flatMap((id) => this.#listed.get(id) ?? []),
      now,
    )
    return ids.length > BATCH ? { sessions, next: some.at(-1) } : { sessions }
  }

  async #revoke({ only, except }: Which, now: number): Promise<{ ids: string[]; left: number }> {
    const revoked = Array.from(this.#listed.values()).filter(
      ({ id }) => (only === undefined || id === only) && id !== except,
    )
    this.#beginEnding(revoked, now)
    return { ids: revoked.map(({ id }) => id), left: await this.#endSome(now) }
  }

  /** Records the sessions to end, before anything else happens. */
  #beginEnding(sessions: readonly ListedSession[], now: number): void {
    if (sessions.length === 0) return
    for (const { id, address, createdAt } of sessions) {
      this.#listed.delete(id)
      this.#ending.set(id, { address, createdAt })
    }
    this.#save(sessions.map(({ id }) => id))
    this.#storage.wakeAt(now + RETRY_MS)
  }

  /** Ends a batch of pending sessions. Returns how many have not been ended once. Throws if one can't be ended. */
  async #endSome(now: number): Promise<number> {
    const due = [...this.#ending].filter(([, { againAt = now }]) => againAt <= now)
    if (due.length === 0) return 0
    const some = due.slice(0, BATCH)
    const outcomes = await Promise.allSettled(
      some.map(([id, ending]) => {
        // Moved behind the others, so that a session that can't be ended does not block them.
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

  /** Returns the sessions that still exist, with their times. Sessions that are over leave the list. */
  async #look(sessions: readonly ListedSession[], now: number): Promise<ListedSession[]> {
    const seen = await Promise.all(sessions.map((session) => this.#seen(session, now)))
    const over = sessions.filter(
      ({ id, createdAt }, index) =>
        seen[index] === undefined && now - createdAt >= ARRIVAL_MS && this.#listed.delete(id),
    )
    if (over.length > 0) this.#save(over.map(({ id }) => id))
    return seen.filter((session) => session !== undefined)
  }

  async #seen(session: ListedSession, now: number): Promise<ListedSession | undefined> {
    try {
      const look = await this.#reach.look(session.address, this.#userId, now)
      if (look === undefined) return session.expiresAt > now ? session : undefined
      if (!look.ok || !this.#listed.has(session.id)) return undefined
      return { ...session, usedAt: look.usedAt, expiresAt: look.expiresAt }
    } catch {
      // A session that can't be reached may still exist.
      return session
    }
  }

  #save(ids: readonly string[]): void {
    const rows = { userId: this.#userId, listed: this.#listed, ending: this.#ending }
    this.#storage.save(rows, ids)
  }

  /** Sets the alarm to the next ending, or else to the end of the last session. */
  #rearm(now: number): void {
    const retryAt = now + Math.min(RETRY_MS * 2 ** Math.max(0, this.#failures - 1), MAX_RETRY_MS)
    const endings = Array.from(this.#ending.values(), ({ againAt = retryAt }) => againAt)
    const expiries = Array.from(this.#listed.values(), ({ expiresAt }) => expiresAt)
    if (endings.length > 0) this.#storage.wakeAt(Math.min(...endings))
    else if (expiries.length > 0) this.#storage.wakeAt(Math.max(retryAt, ...expiries))
  }
}
