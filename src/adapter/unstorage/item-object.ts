import { DurableObject } from 'cloudflare:workers'

import { SessionError } from '../../errors.ts'
import { namespacesOf, objectById } from '../../store/object/own-bindings.ts'

/** A stored value: a text, or bytes. Times are milliseconds since 1970. */
export interface Item {
  readonly value: string | Uint8Array
  readonly mtime: number
  /** When it is over; `undefined` for one that stays. */
  readonly expiresAt?: number | undefined
}

/** On which list of keys an item stands: the id of the list's object, and the key. */
export interface Listed {
  readonly list: string
  readonly key: string
}

interface ItemRow extends Item {
  readonly listed?: Listed | undefined
  /** When the object will next look whether it is over. */
  readonly alarmAt?: number | undefined
}

interface SetOptions {
  /** Milliseconds from now for which the value is good; absent for one that stays. */
  readonly ttl?: number | undefined
  readonly listed?: Listed | undefined
}

interface KeyPage {
  readonly keys: readonly string[]
  /** The key to go on after, if there are more. */
  readonly next?: string | undefined
}

const ITEM = '$'
const KEY = '='
/** Keys in one answer: at 512 characters each they fit an RPC many times. */
const PAGE_SIZE = 5000
/** When an item goes on to take itself off its list, if it was cut short. */
const RETRY_MS = 5000

/**
 * One value under a name, in one SQLite-backed Durable Object, or the list of such names, if one is asked for. Export it
 * from the Worker's main module and bind it; `objectDriver` is its only caller. A value that is over is never given out,
 * and its object empties itself.
 */
export class ItemObject extends DurableObject {
  #last: Promise<unknown> = Promise.resolve()

  getItem(): Item | undefined {
    const row = this.#row()
    if (row === undefined || isOver(row)) return undefined
    const { value, mtime, expiresAt } = row
    return { value, mtime, expiresAt }
  }

  /** Stores a value. Its key is on the list before, so that a list never lacks one. */
  async setItem(value: string | Uint8Array, { ttl, listed }: SetOptions): Promise<void> {
    await this.#inTurn(async () => {
      const former = this.#row()
      // What is over may be on its way off the list.
      const isListed = former?.listed !== undefined && !isOver(former)
      if (listed !== undefined && !isListed) await this.#listOf(listed).addKey(listed.key)
      const mtime = Date.now()
      const expiresAt = ttl === undefined ? undefined : mtime + ttl
      const { listed: formerList, alarmAt } = former ?? {}
      this.#save({ value, mtime, expiresAt, listed: listed ?? formerList, alarmAt })
    })
  }

  /** Forgets the value, and takes its key off the list even where there is none. */
  async removeItem(listed?: Listed): Promise<void> {
    await this.#inTurn(async () => {
      const row = this.#row()
      if (row !== undefined) await this.#empty(row)
      else if (listed !== undefined) await this.#listOf(listed).removeKey(listed.key)
    })
  }

  /** Frees the storage of a value that is over. */
  override async alarm(): Promise<void> {
    await this.#inTurn(async () => {
      const row = this.#row()
      if (row === undefined) return
      if (isOver(row)) await this.#empty(row)
      else this.#save({ ...row, alarmAt: undefined })
    })
  }

  /** As a list: puts a key on it. */
  addKey(key: string): void {
    this.ctx.storage.kv.put(KEY + key, 1)
  }

  /** As a list: takes a key off it, and keeps no row when it was the last. */
  async removeKey(key: string): Promise<void> {
    const { storage } = this.ctx
    storage.kv.delete(KEY + key)
    const [some] = storage.kv.list({ limit: 1 })
    if (some === undefined) await storage.deleteAll()
  }

  /** As a list: the keys that begin so, in order, after the one given. */
  listKeys(prefix: string, after?: string): KeyPage {
    const rows = this.ctx.storage.kv.list({
      prefix: KEY + prefix,
      limit: PAGE_SIZE,
      ...(after !== undefined && { startAfter: KEY + after }),
    })
    const keys = Array.from(rows, ([name]) => name.slice(KEY.length))
    return { keys, next: keys.length < PAGE_SIZE ? undefined : keys.at(-1) }
  }

  /** One change after the other, though one of them waits for the list. */
  async #inTurn(change: () => Promise<void>): Promise<void> {
    const turn = this.#last.then(change, change)
    this.#last = turn
    await turn
  }

  #row(): ItemRow | undefined {
    return this.ctx.storage.kv.get<ItemRow>(ITEM)
  }

  /** Writes the row, and sets the alarm where none comes early enough: an alarm costs a write of its own. */
  #save(row: ItemRow): void {
    const { storage } = this.ctx
    const { expiresAt = Infinity, alarmAt = Infinity } = row
    if (expiresAt < alarmAt) void storage.setAlarm(expiresAt)
    const next = Math.min(expiresAt, alarmAt)
    storage.kv.put(ITEM, { ...row, alarmAt: next === Infinity ? undefined : next })
  }

  /** Leaves nothing of an item. Cut short it goes on by the alarm, so that no list keeps its key. */
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
      'ItemObject does not find its own namespace. Bind it to the Worker that exports it.',
    )
  }
}

function isOver({ expiresAt = Infinity }: ItemRow): boolean {
  return expiresAt <= Date.now()
}

/** An item's object as its callers see it: its answers come over RPC. */
export interface ItemObjectStub {
  getItem(): Promise<Item | undefined>
  setItem(value: string | Uint8Array, options: SetOptions): Promise<void>
  removeItem(listed?: Listed): Promise<void>
  addKey(key: string): Promise<void>
  removeKey(key: string): Promise<void>
  listKeys(prefix: string, after?: string): Promise<KeyPage>
}
