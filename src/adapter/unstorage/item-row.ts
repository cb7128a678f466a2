import type { SessionEntry, SessionList, SessionListChange } from './session-list.ts'

/** The used part of a `DurableObjectNamespace`. */
export interface ItemObjectNamespace {
  idFromName(name: string): { toString(): string }
  get(id: { toString(): string }): object
}

/** A stored value: text or bytes. Times are in milliseconds since 1970. */
export interface Item {
  readonly value: string | Uint8Array
  readonly mtime: number
  /** When the value expires, or `undefined` if never. */
  readonly expiresAt?: number | undefined
}

/** The list that an item is on: the id of the list's object, and the item's key. */
export interface Listed {
  readonly list: string
  readonly key: string
}

/** A better-auth session, and the list of its user's sessions if known. */
export interface ListedSession {
  readonly list?: Listed | undefined
}

/** The row of an item. */
export interface ItemRow extends Item {
  readonly listed?: Listed | undefined
  readonly session?: ListedSession | undefined
  /** True for a session's tombstone: it has no value, and accepts none until it expires. */
  readonly isDeleted?: true | undefined
  /** A user's sessions, instead of a value. */
  readonly list?: SessionList | undefined
  /** When the object next checks if the value has expired. */
  readonly alarmAt?: number | undefined
}

export interface SetOptions {
  /** Milliseconds until the value expires, or `undefined` if never. */
  readonly ttl?: number | undefined
  readonly listed?: Listed | undefined
  readonly session?: ListedSession | undefined
}

export interface KeyPage {
  readonly keys: readonly string[]
  /** The key after which the next page begins, if there is one. */
  readonly next?: string | undefined
}

export function timesOf(
  mtime: number,
  ttl: number | undefined,
): { mtime: number; expiresAt?: number } {
  return ttl === undefined ? { mtime } : { mtime, expiresAt: mtime + ttl }
}

export function isOver({ expiresAt = Infinity }: ItemRow): boolean {
  return expiresAt <= Date.now()
}

/** The object as its callers see it, over RPC. */
export interface ItemObjectStub {
  getItem(): Promise<Item | undefined>
  setItem(value: string | Uint8Array, options: SetOptions): Promise<void>
  removeItem(listed?: Listed): Promise<void>
  takeItem(): Promise<string | Uint8Array | undefined>
  incrementItem(ttl?: number): Promise<number | undefined>
  listSessions(): Promise<readonly SessionEntry[]>
  changeSessions(change: SessionListChange): Promise<void>
  addKey(key: string): Promise<void>
  removeKey(key: string): Promise<void>
  listKeys(prefix: string, after?: string): Promise<KeyPage>
}
