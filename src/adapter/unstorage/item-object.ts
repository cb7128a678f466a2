import { DurableObject } from 'cloudflare:workers'

import { SessionError } from '../../errors.ts'
import { objectById } from '../../store/object/bound-objects.ts'
import { namespacesOf } from '../../store/object/own-bindings.ts'
import {
  isOver,
  type Item,
  type ItemObjectStub,
  type ItemRow,
  type KeyPage,
  type Listed,
  type SetOptions,
  timesOf,
} from './item-row.ts'
import {
  changedList,
  endOf,
  isSameList,
  type SessionEntry,
  type SessionListChange,
} from './session-list.ts'

export type { ItemObjectNamespace } from './item-row.ts'

const ITEM = '$'
const KEY = '='
/** The number of keys in one answer. Even with 512 characters each, they are much smaller than the limit of an RPC. */
const PAGE_SIZE = 5000
/** The delay after which an interrupted removal from the list continues. */
const RETRY_MS = 5000

/**
 * One value under a name, or a list of such names or of a user's sessions, in one SQLite-backed Durable Object. Export
 * it from the Worker's main module and bind it. Only `objectDriver` and `betterAuthStorage` call it. An expired value
 * is never returned, and its object deletes it.
 */
export class ItemObject extends DurableObject {
  #last: Promise<unknown> = Promise.resolve()

  getItem(): Item | undefined {
    const row = this.#liveRow()
    if (row === undefined || row.isDeleted === true) return undefined
    const { value, mtime, expiresAt } = row
    return { value, mtime, expiresAt }
  }

  /** Stores a value. Its key is listed first, so that no list misses a key. */
  async setItem(value: string | Uint8Array, { ttl, listed, session }: SetOptions): Promise<void> {
    await this.#inTurn(async () => {
      const former = this.#row()
      const live = this.#liveRow()
      // A request that read a session before its deletion must not write it back.
      if (live?.isDeleted === true) return
      // The expired value may still be leaving the list.
      if (listed !== undefined && live?.listed === undefined) {
        await this.#listOf(listed).addKey(listed.key)
      }
      const mtime = Date.now()
      const { listed: formerList, alarmAt } = former ?? {}
      this.#save({ value, ...timesOf(mtime, ttl), listed: listed ?? formerList, alarmAt, session })
    })
  }

  /** Removes the value, and takes its key off the list even if there is no value. */
  async removeItem(listed?: Listed): Promise<void> {
    await this.#inTurn(async () => {
      const row = this.#row()
      if (row !== undefined) await this.#empty(row)
      else if (listed !== undefined) await this.#listOf(listed).removeKey(listed.key)
    })
  }

  /**
   * Removes the value and returns it, to one caller only. Returns `undefined` if there is none. A session leaves a
   * tombstone until it would have expired, and is taken off its user's list.
   */
  async takeItem(): Promise<string | Uint8Array | undefined> {
    return this.#inTurn(async () => {
      const row = this.#liveRow()
      if (row === undefined) return undefined
      const { session, isDeleted = false, expiresAt = Infinity } = row
      if (session === undefined) {
        await this.#empty(row)
        return row.value
      }
      this.#save({ ...row, value: '', isDeleted: true })
      // Also repeated if the tombstone exists already, since the first call may have been interrupted.
      const { list } = session
      if (list !== undefined) {
        await this.#listOf(list).changeSessions({ remove: [[list.key, expiresAt]] })
      }
      return isDeleted ? undefined : row.value
    })
  }

  /**
   * Adds one to a counter and returns it. `ttl` applies to a new one. Returns `undefined` if the value is not a whole
   * number.
   */
  async incrementItem(ttl?: number): Promise<number | undefined> {
    return this.#inTurn(async () => {
      const row = this.#liveRow()
      if (row === undefined) {
        const { alarmAt } = this.#row() ?? {}
        this.#save({ value: '1', ...timesOf(Date.now(), ttl), alarmAt })
        return 1
      }
      const count = Number(row.value) + 1
      if (!Number.isSafeInteger(count)) return undefined
      this.#save({ ...row, value: String(count), mtime: Date.now() })
      return count
    })
  }

  /** For a user's sessions: returns those that have not expired. */
  listSessions(): readonly SessionEntry[] {
    return [...changedList(this.#row()?.list, {}, Date.now()).sessions]
  }

  /** For a user's sessions: adds and removes some, and drops expired ones. */
  async changeSessions(change: SessionListChange): Promise<void> {
    await this.#inTurn(async () => {
      const row = this.#row()
      const mtime = Date.now()
      const list = changedList(row?.list, change, mtime)
      if (isSameList(row?.list, list)) return
      const expiresAt = endOf(list)
      if (expiresAt !== undefined) {
        this.#save({ value: '', mtime, expiresAt, list, alarmAt: row?.alarmAt })
      } else if (row !== undefined) await this.#empty(row)
    })
  }

  /** Frees the storage of an expired value. */
  override async alarm(): Promise<void> {
    await this.#inTurn(async () => {
      const row = this.#row()
      if (row === undefined) return
      if (isOver(row)) await this.#empty(row)
      else this.#save({ ...row, alarmAt: undefined })
    })
  }

  /** For a list: adds a key. */
  addKey(key: string): void {
    this.ctx.storage.kv.put(KEY + key, 1)
  }

  /** For a list: removes a key. Empties the storage after the last one. */
  async removeKey(key: string): Promise<void> {
    const { storage } = this.ctx
    storage.kv.delete(KEY + key)
    const [some] = storage.kv.list({ limit: 1 })
    if (some === undefined) await storage.deleteAll()
  }

  /** For a list: returns the keys with this prefix, in order, after the given one. */
  listKeys(prefix: string, after?: string): KeyPage {
    const rows = this.ctx.storage.kv.list({
      prefix: KEY + prefix,
      limit: PAGE_SIZE,
      ...(after !== undefined && { startAfter: KEY + after }),
    })
    const keys = Array.from(rows, ([name]) => name.slice(KEY.length))
    return { keys, next: keys.length < PAGE_SIZE ? undefined : keys.at(-1) }
  }

  /** Runs changes one after another, even if one waits for the list. */
  async #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(change, change)
    this.#last = turn
    return turn
  }

  #row(): ItemRow | undefined {
    return this.ctx.storage.kv.get<ItemRow>(ITEM)
  }

  #liveRow(): ItemRow | undefined {
    const row = this.#row()
    return row === undefined || isOver(row) ? undefined : row
  }

  /** Writes the row. Sets the alarm only if none is set for an earlier time, since an alarm costs an extra write. */
  #save(row: ItemRow): void {
    const { storage } = this.ctx
    const { expiresAt = Infinity, alarmAt = Infinity } = row
    if (expiresAt < alarmAt) void storage.setAlarm(expiresAt)
    const next = Math.min(expiresAt, alarmAt)
    storage.kv.put(ITEM, { ...row, alarmAt: next === Infinity ? undefined : next })
  }

  /** Removes all data of an item. If interrupted, the alarm continues, so that no list keeps its key. */
  async #empty(row: ItemRow): Promise<void> {
    const { storage } = this.ctx
    if (row.listed !== undefined) {
      const now = Date.now()
      const alarmAt = now + RETRY_MS
      void storage.setAlarm(alarmAt)
      storage.kv.put(ITEM, { ...row, value: '', expiresAt: now, alarmAt })
      await this.#listOf(row.listed).removeKey(row.listed.key)
    }
    void storage.deleteAlarm()
    await storage.deleteAll()
  }

  #listOf({ list }: Listed): ItemObjectStub {
    const object = objectById(namespacesOf(this.env, 'ItemObject'), list)
    if (object !== undefined) return object as ItemObjectStub
    throw new SessionError(
      'ERR_BINDING',
      'ItemObject cannot find its own namespace. Bind it to the Worker that exports it.',
    )
  }
}
