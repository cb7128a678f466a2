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
  /** What the keys begin with, so that other data can share the server. Default `session:`. */
  readonly prefix?: string
  /** The server's option `-I` in bytes: what an item may have at most. Default 1,048,576, which is the server's own. */
  readonly maxItemBytes?: number
}

/** Keys have 250 bytes at most, without spaces and control characters (memcached: doc/protocol.txt). */
const MAX_PREFIX_LENGTH = 250 - 64
/** `-I` takes no less (memcached: memcached.c). */
const MIN_ITEM_BYTES = 1024 * 8
const DEFAULT_ITEM_BYTES = 1024 * 1024
/**
 * What no write may take: memcached's own part of an item, its key, and what a use, a sign-in or a new secret may add, so
 * that they succeed with the largest session.
 */
const RESERVED_BYTES = 4096
/** Above this a time to live is taken for a time since 1970 (memcached: doc/protocol.txt). */
const MAX_RELATIVE_SECONDS = 30 * 24 * 3600
/** Times are 32-bit numbers (memcached: memcached.h). */
const MAX_TIME = 2 ** 31 - 1
/** An item that is over at once. */
const OVER = -1
const encoder = new TextEncoder()

/**
 * Sessions in memcached: an item for each, changed by compare-and-swap, and forgotten by the server soon after the session's
 * deadline; or before, where memory is short: then the session is over. Throws `ERR_OPTION` for a prefix that makes no keys.
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
  // The server's clock has whole seconds, and the present one may be nearly over.
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
      'memcachedStore needs a client with gets, add and cas, or { open, close } to make one for each call: open: () => memcachedClient(connect(address)).',
    )
  }
  const isText = typeof prefix === 'string' && /^[\x21-\x7e]*$/.test(prefix)
  if (!isText || prefix.length > MAX_PREFIX_LENGTH) {
    throw new SessionError(
      'ERR_OPTION',
      `memcachedStore: prefix has at most ${MAX_PREFIX_LENGTH} characters, of ASCII, and no space.`,
    )
  }
  if (!(Number.isFinite(maxItemBytes) && maxItemBytes >= MIN_ITEM_BYTES)) {
    throw new SessionError(
      'ERR_OPTION',
      `memcachedStore: maxItemBytes is ${maxItemBytes}; write what memcached's option -I has, in bytes: ${DEFAULT_ITEM_BYTES}.`,
    )
  }
}
