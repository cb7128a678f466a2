import { SessionError } from '../errors.ts'
import { parseMeta } from '../record/meta.ts'
import type { State } from '../record/step.ts'
import type { SessionStore } from '../record/store.ts'
import {
  type Connection,
  type Connector,
  isConnector,
  keepOpen,
  withClient,
} from './server/connection.ts'
import { type Engine, type Held, NOTHING_HELD, type WithEngine } from './server/engine.ts'
import {
  type MemcachedClient,
  memcachedClient,
  type MemcachedConnection,
  type MemcachedItem,
  type TcpSocket,
} from './server/memcached-client.ts'
import { swapStore } from './server/swap-store.ts'

export { keepOpen, memcachedClient }
export type { Connection, Connector, MemcachedClient, MemcachedConnection, TcpSocket }

export interface MemcachedStoreOptions {
  /** The prefix of all keys, so that other data can share the server. Default `session:`. */
  readonly prefix?: string
  /** The server's option `-I`: the maximum size of an item, in bytes. Default 1,048,576, as in memcached. */
  readonly maxItemBytes?: number
}

/** Keys have 250 bytes at most, without spaces and control characters (memcached: doc/protocol.txt). */
const MAX_PREFIX_LENGTH = 250 - 64
/** The minimum of `-I` (memcached: memcached.c). */
const MIN_ITEM_BYTES = 1024 * 8
const DEFAULT_ITEM_BYTES = 1024 * 1024
/**
 * The bytes that a write must leave free: memcached's part of an item, its key, and the additions of a use, a sign-in
 * or a new secret, so that these succeed even in the largest session.
 */
const RESERVED_BYTES = 4096
/** memcached takes a larger time to live for a time since 1970 (memcached: doc/protocol.txt). */
const MAX_RELATIVE_SECONDS = 30 * 24 * 3600
/** Times are 32-bit numbers (memcached: memcached.h). */
const MAX_TIME = 2 ** 31 - 1
/** The time to live of an item that expires at once. */
const OVER = -1
const encoder = new TextEncoder()

/**
 * Returns a store in memcached: one item for each session, changed by compare-and-swap. The server frees it soon after
 * the session's deadline, or earlier if memory is short, which ends the session. Throws `ERR_OPTION` for an invalid
 * client, prefix or `maxItemBytes`.
 */
export function memcachedStore<Client extends MemcachedClient>(
  client: Client | Connector<Client>,
  options: MemcachedStoreOptions = {},
): SessionStore {
  const { prefix = 'session:', maxItemBytes = DEFAULT_ITEM_BYTES } = options
  check(client, prefix, maxItemBytes)
  const withEngine: WithEngine = (work, signal) =>
    withClient(client, (each) => work(engineOver(each, prefix)), signal)
  return swapStore('memcached', withEngine, { bytes: maxItemBytes - RESERVED_BYTES, sizeOf })
}

function engineOver(client: MemcachedClient, prefix: string): Engine {
  return {
    load: async (handle) => heldOf(await client.gets(prefix + handle)),

    async swap(handle, { version }, { state, ttl }) {
      const key = prefix + handle
      if (state === undefined) {
        return { isDone: version === undefined || (await client.cas(key, '', OVER, version)) }
      }
      const text = textOf(state)
      const expiresAt = expiryOf(ttl)
      const isDone =
        version === undefined
          ? await client.add(key, text, expiresAt)
          : await client.cas(key, text, expiresAt, version)
      return { isDone }
    },
  }
}

function textOf({ meta, entries }: State): string {
  return JSON.stringify({ meta, entries: Object.fromEntries(entries) })
}

function sizeOf(state: State): number {
  return encoder.encode(textOf(state)).length
}

function expiryOf(ttl: number): number {
  // The server's clock has whole seconds, and the current one may be nearly over.
  const seconds = Math.ceil(ttl / 1000) + 1
  if (seconds <= MAX_RELATIVE_SECONDS) return seconds
  const now = Math.floor(Date.now() / 1000)
  if (now + seconds <= MAX_TIME) return now + seconds
  return now + MAX_RELATIVE_SECONDS < MAX_TIME ? MAX_TIME : MAX_RELATIVE_SECONDS
}

function heldOf(item: MemcachedItem | undefined): Held {
  return item === undefined ? NOTHING_HELD : { version: item.cas, state: parseState(item.text) }
}

function parseState(text: string): State | 'corrupt' {
  try {
    const { meta, entries } = JSON.parse(text) as { meta: unknown; entries: unknown }
    const parsed = parseMeta(JSON.stringify(meta))
    const isObject = Object.prototype.toString.call(entries) === '[object Object]'
    if (parsed === undefined || !isObject) return 'corrupt'
    const pairs = Object.entries(entries as Record<string, unknown>)
    const texts = pairs.filter((pair): pair is [string, string] => typeof pair[1] === 'string')
    return texts.length === pairs.length ? { meta: parsed, entries: new Map(texts) } : 'corrupt'
  } catch {
    return 'corrupt'
  }
}

function check(client: unknown, prefix: string, maxItemBytes: number): void {
  const isObject = typeof client === 'object' && client !== null
  if (!isObject || !('gets' in client || isConnector(client))) {
    throw new SessionError(
      'ERR_OPTION',
      'memcachedStore needs a client with gets, add and cas, or { open, close } to open one for each call: open: () => memcachedClient(connect(address)).',
    )
  }
  const isText = typeof prefix === 'string' && /^[\x21-\x7e]*$/.test(prefix)
  if (!isText || prefix.length > MAX_PREFIX_LENGTH) {
    throw new SessionError(
      'ERR_OPTION',
      `memcachedStore: prefix must be at most ${MAX_PREFIX_LENGTH} ASCII characters, without spaces.`,
    )
  }
  if (!(Number.isFinite(maxItemBytes) && maxItemBytes >= MIN_ITEM_BYTES)) {
    throw new SessionError(
      'ERR_OPTION',
      `memcachedStore: maxItemBytes is ${maxItemBytes}. Use the value of memcached's option -I, in bytes, such as ${DEFAULT_ITEM_BYTES}.`,
    )
  }
}
