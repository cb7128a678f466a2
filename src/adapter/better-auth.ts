import { SessionError } from '../errors.ts'
import { checkSize, itemCalls, millisecondsOf } from './unstorage/item-calls.ts'
import type { ItemObjectNamespace, ListedSession } from './unstorage/item-row.ts'
import type { SessionEntry } from './unstorage/session-list.ts'

export { ItemObject, type ItemObjectNamespace } from './unstorage/item-object.ts'

export interface BetterAuthStorageOptions {
  /** The binding of `ItemObject`, or a function that returns it. Default: the exported class. */
  readonly namespace?: ItemObjectNamespace | (() => ItemObjectNamespace)
  /** Separates this storage's keys from those of others in the same namespace. Default none. */
  readonly base?: string
}

/** The `SecondaryStorage` of better-auth 1.7, declared without its types. */
export interface BetterAuthStorage {
  get(this: void, key: string): Promise<string | null>
  set(this: void, key: string, value: string, ttl?: number): Promise<void>
  delete(this: void, key: string): Promise<void>
  getAndDelete(this: void, key: string): Promise<string | null>
  increment(this: void, key: string, ttl: number): Promise<number>
}

/**
 * The keys of better-auth's `internal-adapter`: a session's key is its token, and its user's list has this prefix and
 * the user's id.
 */
const LIST = 'active-sessions-'
const TOKEN = /^[A-Za-z0-9]{32}$/

/**
 * Returns a `secondaryStorage` for better-auth that stores each key in its own Durable Object: `betterAuth({
 * secondaryStorage: betterAuthStorage({ namespace: () => env.ITEMS }) })`. A change is visible everywhere immediately.
 * Each method is one call of an object; the `delete` of a session is two. `get` and `getAndDelete` return `null` if
 * there is no value. Times to live are in seconds; a key without one never expires.
 *
 * - `getAndDelete` returns a value to exactly one caller, and `increment` counts each call. Its `ttl` starts with the
 *   first.
 * - A deleted session stays deleted: until it would have expired, `set` of its token does nothing.
 * - A user's list of sessions is merged instead of replaced: an entry is removed when its session is deleted or
 *   expires. `delete` and `getAndDelete` of a list only remove such entries.
 *
 * `set` with a `ttl` of 0 or less removes the value, because it has expired. better-auth does so in a session's last
 * second.
 *
 * The methods throw `ERR_VALUE` for an invalid `ttl`, for a list in another format and for a counter that is not a
 * whole number, `ERR_TOO_LARGE` above 1,900,000 bytes, and `ERR_STORE` if the object fails.
 */
export function betterAuthStorage(options: BetterAuthStorageOptions = {}): BetterAuthStorage {
  const { idOf, call } = itemCalls(options, 'a better-auth')
  const idFor = (key: string): { toString(): string } => idOf('better-auth', key)

  async function get(key: string): Promise<string | null> {
    if (!key.startsWith(LIST)) {
      const item = await call(idFor(key), async (object) => object.getItem(), true)
      return textOf(item?.value)
    }
    const entries = await call(idFor(key), async (object) => object.listSessions(), true)
    if (entries.length === 0) return null
    const sorted = entries.toSorted(([, one], [, other]) => one - other)
    return JSON.stringify(sorted.map(([token, expiresAt]) => ({ token, expiresAt })))
  }

  async function take(key: string): Promise<string | null> {
    return textOf(await call(idFor(key), async (object) => object.takeItem()))
  }

  async function changeList(key: string, add: readonly SessionEntry[] = []): Promise<void> {
    await call(idFor(key), async (object) => object.changeSessions({ add }))
  }

  /** Returns `undefined` if the key and value do not belong to a session. */
  function sessionOf(key: string, value: string): ListedSession | undefined {
    const { token, userId } = parsed(value).session ?? {}
    if (token !== key && !TOKEN.test(key)) return undefined
    return userId === undefined ? {} : { list: { list: idFor(LIST + userId).toString(), key } }
  }

  return {
    get,
    set: async (key, value, seconds) => {
      const isOver = seconds !== undefined && seconds <= 0
      const ttl = seconds === undefined || isOver ? undefined : timeOf(seconds)
      checkSize(value, 'betterAuthStorage')
      if (key.startsWith(LIST)) return changeList(key, entriesOf(value))
      if (isOver) return void (await take(key))
      const session = sessionOf(key, value)
      return call(idFor(key), async (object) => object.setItem(value, { ttl, session }))
    },
    delete: async (key) => {
      await (key.startsWith(LIST) ? changeList(key) : take(key))
    },
    getAndDelete: async (key) => {
      if (!key.startsWith(LIST)) return take(key)
      const list = await get(key)
      await changeList(key)
      return list
    },
    increment: async (key, seconds) => {
      const ttl = timeOf(seconds)
      const count = await call(idFor(key), async (object) => object.incrementItem(ttl))
      if (count !== undefined) return count
      throw new SessionError(
        'ERR_VALUE',
        'increment() was called on a value that is not a whole number.',
      )
    },
  }
}

/** The used part of a session in better-auth's format. */
interface StoredSession {
  readonly session?: { readonly token?: string; readonly userId?: string } | null
}

function timeOf(seconds: number): number | undefined {
  if (seconds > 0) return millisecondsOf(seconds)
  throw new SessionError('ERR_VALUE', 'betterAuthStorage: ttl must be a number of seconds above 0.')
}

function textOf(value: string | Uint8Array | undefined): string | null {
  return typeof value === 'string' ? value : null
}

/** Returns the parsed JSON, or an empty object if the text is not JSON or the value is not an object. */
function parsed(text: string): StoredSession {
  try {
    return Object(JSON.parse(text)) as StoredSession
  } catch {
    return {}
  }
}

function entriesOf(text: string): SessionEntry[] {
  const list = parsed(text)
  const entries = Array.isArray(list) ? list.map(entryOf) : [undefined]
  return entries.map((entry) => {
    if (entry !== undefined) return entry
    throw new SessionError(
      'ERR_VALUE',
      'betterAuthStorage: the list of sessions is not in the format of better-auth 1.7.',
    )
  })
}

function entryOf(value: unknown): SessionEntry | undefined {
  const { token, expiresAt } = Object(value) as { token?: unknown; expiresAt?: unknown }
  return typeof token === 'string' && typeof expiresAt === 'number' ? [token, expiresAt] : undefined
}
