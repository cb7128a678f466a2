import { SessionError } from '../errors.ts'
import { bytesOf, checkSize, itemCalls, millisecondsOf } from './unstorage/item-calls.ts'
import type { Item, ItemObjectNamespace, Listed } from './unstorage/item-row.ts'

export { ItemObject, type ItemObjectNamespace } from './unstorage/item-object.ts'

export interface ObjectDriverOptions {
  /** The binding of `ItemObject`, or a function that returns it. Default: the exported class. */
  readonly namespace?: ItemObjectNamespace | (() => ItemObjectNamespace)
  /** Separates this driver's keys from those of others in the same namespace. Default none. */
  readonly base?: string
  /** Seconds after which a value without its own `ttl` expires. Default never. */
  readonly ttl?: number
  /**
   * True to keep a list of keys, for `getKeys` and `clear`. Default false, since with it a new key costs two more
   * calls.
   */
  readonly listKeys?: boolean
}

/** The options that unstorage passes to a call. */
interface CallOptions {
  readonly ttl?: number
}

/** A driver as defined by unstorage, declared without its types. */
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

/** The names of rows in the list have at most 2 KB. */
const MAX_KEY_CHARACTERS = 512
/** The number of objects that are emptied in parallel. */
const MAX_AT_A_TIME = 50

/**
 * Returns a driver for unstorage that stores each key in its own Durable Object. A change or removal is visible
 * everywhere immediately, and keys do not slow each other down. Use it for sessions that a framework keeps in
 * unstorage, such as those of Astro and Nitro: `createStorage({ driver: objectDriver({ namespace: () => env.ITEMS })
 * })`. Each method is one call of an object. An absent key returns `null` and stores nothing.
 *
 * The last write wins, since unstorage has no atomic updates. For those use `createSessions`. The methods throw
 * `ERR_KEY` above 512 characters, `ERR_VALUE` for an invalid `ttl` and for raw values that are neither text nor bytes,
 * `ERR_TOO_LARGE` above 1,900,000 bytes, and `ERR_STORE` if the object fails. `getKeys` and `clear` throw `ERR_OPTION`
 * without `listKeys`.
 */
export function objectDriver(options: ObjectDriverOptions = {}): ObjectDriver {
  const { ttl: defaultTtl, listKeys = false } = options
  if (defaultTtl !== undefined && !(typeof defaultTtl === 'number' && defaultTtl >= 0)) {
    throw new SessionError(
      'ERR_OPTION',
      'objectDriver: ttl must be a number of seconds, 0 or more.',
    )
  }

  const { idOf, call } = itemCalls(options, 'an unstorage')

  async function itemOf(key: string): Promise<Item | undefined> {
    return call(idOf('item', checked(key)), async (object) => object.getItem(), true)
  }

  async function set(key: string, value: string | Uint8Array, own?: CallOptions): Promise<void> {
    checkSize(value, 'objectDriver')
    const seconds = own?.ttl ?? defaultTtl ?? 0
    if (!(seconds >= 0)) {
      throw new SessionError('ERR_VALUE', 'ttl must be a number of seconds.')
    }
    const id = idOf('item', checked(key))
    const listed = listedAs(key)
    const ttl = seconds > 0 ? millisecondsOf(seconds) : undefined
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
        // A Worker may have a limited number of calls at a time.
        // oxlint-disable-next-line no-await-in-loop
        await Promise.all(keys.slice(index, index + MAX_AT_A_TIME).map(remove))
      }
    },
  }
}

function checked(key: string): string {
  if (key.length <= MAX_KEY_CHARACTERS && key.isWellFormed()) return key
  throw new SessionError(
    'ERR_KEY',
    'objectDriver: a key must be a well-formed string of at most 512 characters.',
  )
}

function rawOf(value: unknown): string | Uint8Array {
  if (typeof value === 'string') return value
  if (value instanceof ArrayBuffer) return new Uint8Array(value)
  if (ArrayBuffer.isView(value)) {
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength).slice()
  }
  throw new SessionError('ERR_VALUE', 'setItemRaw() of objectDriver accepts only text or bytes.')
}
