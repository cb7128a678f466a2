import { DurableObject } from 'cloudflare:workers'

import { SessionError } from '../../errors.ts'
import { objectById } from '../../store/object/bound-objects.ts'
import { namespacesOf } from '../../store/object/own-bindings.ts'

/** A stored value: text or bytes. Times are milliseconds since 1970. */
export interface Item {
  readonly value: string | Uint8Array
  readonly mtime: number
  /** When the value expires, or `undefined` if never. */
  readonly expiresAt?: number | undefined
}

/** The list of keys that an item is on: the id of the list's object, and the key. */
export interface Listed {
  readonly list: string
  readonly key: string
}

interface ItemRow extends Item {
  readonly listed?: Listed | undefined
  /** When the object next checks if the value has expired. */
  readonly alarmAt?: number | undefined
}

interface SetOptions {
  /** Milliseconds until the value expires, or `undefined` if never. */
  readonly ttl?: number | undefined
  readonly listed?: Listed | undefined
}

interface KeyPage {
  readonly keys: readonly string[]
  /** The key that the next page begins after, if there is one. */
  readonly next?: string | undefined
}

const ITEM = '$'
const KEY = '='
/** The number of keys in one answer. At 512 characters each, they fit into an RPC many times. */
const PAGE_SIZE = 5000
/** The delay after which an interrupted removal from the list continues. */
const RETRY_MS = 5000

/**
 * One value under a name, or the list of such names, in one SQLite-backed Durable Object. Export it from the Worker's
 * main module and bind it. Only `objectDriver` calls it. An expired value is never returned, and its object empties
 * itself.
 */
export class ItemObject extends DurableObject {
  #last: Promise<unknown> = Promise.resolve()

  getItem(): Item | undefined {
    const row = this.#row()
    if (row === undefined || isOver(row)) return undefined
    const { value, mtime, expiresAt } = row
    return { value, mtime, expiresAt }
  }

  /** Stores a value. Its key is put on the list first, so that a list is never missing one. */
  async setItem(value: string | Uint8Array, { ttl, listed }: SetOptions): Promise<void> {
    await this.#inTurn(async () => {
      const former = this.#row()
      // An expired value may be about to leave the list.
      const isListed = former?.listed !== undefined && !isOver(former)
      if (listed !== undefined && !isListed) await this.#listOf(listed).addKey(listed.key)
      const mtime = Date.now()
      const expiresAt = ttl === undefined ? undefined : mtime + ttl
      const { listed: formerList, alarmAt } = former ?? {}
      this.#save({ value, mtime, expiresAt, listed: listed ?? formerList, alarmAt })
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
  async #inTurn(change: () => Promise<void>): Promise<void> {
    const turn = this.#last.then(change, change)
    this.#last = turn
    await turn
  }

  #row(): ItemRow | undefined {
    return this.ctx.storage.kv.get<ItemRow>(ITEM)
  }

  /** Writes the row. Sets the alarm only if no earlier one is set, since an alarm costs an extra write. */
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

function isOver({ expiresAt = Infinity }: ItemRow): boolean {
  return expiresAt <= Date.now()
}

/** The object as seen by its callers, over RPC. */
export interface ItemObjectStub {
  getItem(): Promise<Item | undefined>
  setItem(value: string | Uint8Array, options: SetOptions): Promise<void>
  removeItem(listed?: Listed): Promise<void>
  addKey(key: string): Promise<void>
  removeKey(key: string): Promise<void>
  listKeys(prefix: string, after?: string): Promise<KeyPage>
}
