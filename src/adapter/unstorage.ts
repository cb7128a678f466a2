import { SessionError } from '../errors.ts'
import { exportedNamespace } from '../store/object/exported-namespace.ts'
import { withFreshStub } from '../store/object/fresh-stub.ts'
import type { Item, ItemObjectStub, Listed } from './unstorage/item-object.ts'

export { ItemObject } from './unstorage/item-object.ts'

/** What is used of a `DurableObjectNamespace`. */
export interface ItemObjectNamespace {
  idFromName(name: string): { toString(): string }
  get(id: { toString(): string }): object
}

export interface ObjectDriverOptions {
  /** The binding of `ItemObject`, or a function that gives it; without one the exported class itself. */
  readonly namespace?: ItemObjectNamespace | (() => ItemObjectNamespace)
  /** Keeps this driver's keys apart from those of others in the same namespace. Default none. */
  readonly base?: string
  /** Seconds after which a value is over that is set without a `ttl` of its own. Default never. */
  readonly ttl?: number
  /** Whether there is a list of keys, for `getKeys` and `clear`. Default no: a new key costs two calls more. */
  readonly listKeys?: boolean
}

/** What unstorage passes on with a call. */
interface CallOptions {
  readonly ttl?: number
}

/** A driver as unstorage defines it, without its types. */
export interface ObjectDriver {
  readonly name: string
  readonly options: ObjectDriverOptions
  readonly flags: { readonly ttl: true }
  hasItem(key: string): Promise<boolean>
  getItem(key: string): Promise<string | null>
  getItemRaw(key: string): Promise<string | Uint8Array | null>
  setItem(key: string, value: string, options?: CallOptions): Promise<void>
  setItemRaw(key: string, value: unknown, options?: CallOptions): Promise<void>
  removeItem(key: string): Promise<void>
  getMeta(key: string): Promise<{ mtime: Date; size: number; ttl?: number } | null>
  getKeys(base?: string): Promise<string[]>
  clear(base?: string): Promise<void>
}

/** A value with its object's other columns has to fit a row of 2 MB (Cloudflare: Durable Objects, limits). */
const MAX_BYTES = 1_900_000
/** A hundred years. workerd takes no alarm after 2189. */
const MAX_TTL_SECONDS = 100 * 365 * 86_400
/** The list's rows have names of 2 KB at most. */
const MAX_KEY_CHARACTERS = 512
/** How many objects are asked at a time to empty themselves. */
const MAX_AT_A_TIME = 50

/**
 * A driver for unstorage, with a Durable Object for each key: seen everywhere at once, gone at once when removed, and no
 * key slows another down. For what keeps its sessions in unstorage, such as Astro and Nitro: `createStorage({ driver:
 * objectDriver({ namespace: () => env.ITEMS }) })`. Each call is a call of an object; an absent key leaves nothing behind.
 *
 * What is set last counts, as unstorage knows no more: for updates that keep each other use `createSessions`. Its methods
 * throw `ERR_KEY` past 512 characters, `ERR_VALUE` for raw values that are neither text nor bytes and for no `ttl`, `ERR_TOO_LARGE` past
 * 1,900,000 bytes, `ERR_STORE` when the object fails, and `getKeys` and `clear` `ERR_OPTION` without `listKeys`.
 */
export function objectDriver(options: ObjectDriverOptions = {}): ObjectDriver {
  const { base = '', ttl: defaultTtl, listKeys = false } = options

  function objects(): ItemObjectNamespace {
    const { namespace } = options
    if (namespace === undefined) return exportedNamespace('ItemObject', 'ITEMS')
    return typeof namespace === 'function' ? namespace() : namespace
  }

  /** No two lists of texts have one JSON. */
  const idOf = (kind: string, ...key: string[]): { toString(): string } =>
    objects().idFromName(JSON.stringify([kind, base, ...key]))

  /** Has an object do something; what only reads is done once more where the first time never arrived. */
  async function call<T>(
    id: { toString(): string },
    what: (object: ItemObjectStub) => Promise<T>,
    isRead = false,
  ): Promise<T> {
    const namespace = objects()
    const send = async (): Promise<T> => what(namespace.get(id) as ItemObjectStub)
    try {
      return await (isRead ? withFreshStub(send) : send())
    } catch (cause) {
      throw new SessionError('ERR_STORE', 'The object of an unstorage key has failed.', { cause })
    }
  }

  async function itemOf(key: string): Promise<Item | undefined> {
    return call(idOf('item', checked(key)), async (object) => object.getItem(), true)
  }

  async function set(key: string, value: string | Uint8Array, own?: CallOptions): Promise<void> {
    checkSize(value)
    const seconds = own?.ttl ?? defaultTtl ?? 0
    if (!(seconds >= 0)) {
      throw new SessionError('ERR_VALUE', 'ttl is a number of seconds.')
    }
    const id = idOf('item', checked(key))
    const listed = listedAs(key)
    // What lives longer than anybody has no end: an alarm of a far day is refused.
    const ttl = seconds > 0 && seconds < MAX_TTL_SECONDS ? Math.ceil(seconds * 1000) : undefined
    await call(id, async (object) => object.setItem(value, { ttl, listed }))
  }

  async function remove(key: string): Promise<void> {
    const listed = listedAs(key)
    await call(idOf('item', checked(key)), async (object) => object.removeItem(listed))
  }

  function listedAs(key: string): Listed | undefined {
    return listKeys ? { list: idOf('keys').toString(), key } : undefined
  }

  async function keysAfter(prefix: string, after?: string): Promise<string[]> {
    if (!listKeys) {
      throw new SessionError(
        'ERR_OPTION',
        'There is no list of keys. Make the driver with listKeys: true before the first key is set.',
      )
    }
    const page = await call(idOf('keys'), async (list) => list.listKeys(prefix, after), true)
    const rest = page.next === undefined ? [] : await keysAfter(prefix, page.next)
    return [...page.keys, ...rest]
  }

  return {
    name: 'edge-session',
    options,
    flags: { ttl: true },
    hasItem: async (key) => (await itemOf(key)) !== undefined,
    getItem: async (key) => {
      const value = (await itemOf(key))?.value ?? null
      return value instanceof Uint8Array ? new TextDecoder().decode(value) : value
    },
    getItemRaw: async (key) => (await itemOf(key))?.value ?? null,
    setItem: set,
    setItemRaw: async (key, value, own) => set(key, rawOf(value), own),
    removeItem: remove,
    getMeta: async (key) => {
      const item = await itemOf(key)
      if (item === undefined) return null
      const { value, mtime, expiresAt } = item
      const left = expiresAt === undefined ? {} : { ttl: (expiresAt - Date.now()) / 1000 }
      return { mtime: new Date(mtime), size: bytesOf(value), ...left }
    },
    getKeys: async (prefix = '') => keysAfter(prefix),
    clear: async (prefix = '') => {
      const keys = await keysAfter(prefix)
      for (let index = 0; index < keys.length; index += MAX_AT_A_TIME) {
        // A Worker may have only so many calls under way.
        // oxlint-disable-next-line no-await-in-loop
        await Promise.all(keys.slice(index, index + MAX_AT_A_TIME).map(remove))
      }
    },
  }
}

function checked(key: string): string {
  if (key.length <= MAX_KEY_CHARACTERS && key.isWellFormed()) return key
  throw new SessionError('ERR_KEY', 'A key of objectDriver is well-formed text of 512 characters.')
}

function bytesOf(value: string | Uint8Array): number {
  return typeof value === 'string' ? new TextEncoder().encode(value).length : value.byteLength
}

function checkSize(value: string | Uint8Array): void {
  // No character has more than three bytes.
  if (value.length * 3 <= MAX_BYTES || bytesOf(value) <= MAX_BYTES) return
  throw new SessionError(
    'ERR_TOO_LARGE',
    `objectDriver takes values of ${MAX_BYTES} bytes, and this one is larger.`,
  )
}

function rawOf(value: unknown): string | Uint8Array {
  if (typeof value === 'string') return value
  if (value instanceof ArrayBuffer) return new Uint8Array(value)
  if (ArrayBuffer.isView(value)) {
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength).slice()
  }
  throw new SessionError('ERR_VALUE', 'setItemRaw() of objectDriver takes text or bytes.')
}
