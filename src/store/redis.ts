import { newUniqueText } from '../codec/random.ts'
import { SessionError } from '../errors.ts'
import { parseMeta } from '../record/meta.ts'
import type { SessionStore } from '../record/store.ts'
import {
  type Connection,
  type Connector,
  isConnector,
  keepOpen,
  withClient,
} from './server/connection.ts'
import {
  type Engine,
  type Held,
  type Next,
  NOTHING_HELD,
  type WithEngine,
} from './server/engine.ts'
import {
  checkRedisClient,
  type RedisClient,
  runScript,
  type Script,
} from './server/redis-client.ts'
import { swapStore } from './server/swap-store.ts'

export { keepOpen }
export type { Connection, Connector, RedisClient }

export interface RedisStoreOptions {
  /** The prefix of all keys, so that other data can share the database. Default `session:`. */
  readonly prefix?: string
}

/** The hash's fields that are not entries. No entry has such a name. */
const VERSION = 'version'
const META = 'meta'
/** The key has a value that is not a hash of ours. No version looks like this. */
const FOREIGN = '!'
/** Matches no version, so that nothing replaces the value. */
const NO_VERSION = '?'

/**
 * Replaces the state that has this version and returns 1, or returns the value that is there instead: the hash's fields
 * and values, nothing, or a single text if it is not a hash. Parameters: the required version (empty for no session);
 * then, unless the session is over, milliseconds to live, the number of fields to delete and these fields, and the
 * fields to set with their values.
 */
export const SWAP: Script = {
  sha: 'ca1774f5b698625f392dd4ca50cc4c20c7759694',
  text: `local key = KEYS[1]
local kind = redis.call('TYPE', key).ok
local version = ''
if kind == 'hash' then version = redis.call('HGET', key, 'version') or '!' elseif kind ~= 'none' then version = '!' end
if version ~= ARGV[1] then
if kind == 'hash' then return redis.call('HGETALL', key) end
return kind == 'none' and {} or {'!'}
end
if #ARGV == 1 then
redis.call('DEL', key)
return 1
end
local last = 3 + ARGV[3]
for i = 4, last do redis.call('HDEL', key, ARGV[i]) end
for i = last + 1, #ARGV, 2 do redis.call('HSET', key, ARGV[i], ARGV[i + 1]) end
redis.call('PEXPIRE', key, ARGV[2])
return 1`,
}

/**
 * Returns a store in Redis or a compatible server: one hash for each session, with a field for each entry. Each write
 * is one atomic script. The server frees the hash soon after the session's deadline. Throws `ERR_OPTION` for an invalid
 * client or prefix.
 */
export function redisStore<Client extends RedisClient>(
  client: Client | Connector<Client>,
  { prefix = 'session:' }: RedisStoreOptions = {},
): SessionStore {
  if (typeof prefix !== 'string' || !prefix.isWellFormed()) {
    throw new SessionError(
      'ERR_OPTION',
      'redisStore: prefix must be a string without lone surrogates, such as session:.',
    )
  }
  const isOpened = typeof client === 'object' && client !== null && isConnector(client)
  if (!isOpened) checkRedisClient(client)
  const withEngine: WithEngine = (work, signal) =>
    withClient(client, (each) => work(engineOver(each, prefix, signal)), signal)
  return swapStore('redis', withEngine)
}

function engineOver(client: RedisClient, prefix: string, signal?: AbortSignal): Engine {
  const run = (handle: string, parameters: string[]): Promise<unknown> =>
    runScript(client, SWAP, [prefix + handle, ...parameters], signal)

  return {
    load: async (handle) => heldOf(await run(handle, [NO_VERSION])),

    async swap(handle, { version = '' }, next) {
      const newVersion = newUniqueText()
      const reply = await run(handle, [version, ...parametersOf(next, newVersion)])
      if (Array.isArray(reply)) return { isDone: false, held: heldOf(reply) }
      if (reply !== 1) throw new Error(`Redis answered the script with ${typeof reply}.`)
      const { state } = next
      const held = state === undefined ? NOTHING_HELD : { version: newVersion, state }
      return { isDone: true, held }
    },
  }
}

function parametersOf({ state, changed, ttl }: Next, version: string): string[] {
  if (state === undefined) return []
  const { meta, entries } = state
  const deleted = changed.filter((name) => !entries.has(name))
  const fields = [VERSION, version, META, JSON.stringify(meta)]
  for (const name of changed) {
    const text = entries.get(name)
    if (text !== undefined) fields.push(name, text)
  }
  return [String(ttl), String(deleted.length), ...deleted, ...fields]
}

/** Returns the state in the script's reply. */
function heldOf(reply: unknown): Held {
  const texts = checkTexts(reply)
  if (texts.length === 0) return NOTHING_HELD
  if (texts.length % 2 === 1) return { version: FOREIGN, state: 'corrupt' }
  const entries = new Map<string, string>()
  for (let at = 0; at < texts.length; at += 2) entries.set(texts[at] ?? '', texts[at + 1] ?? '')
  const version = entries.get(VERSION) ?? FOREIGN
  const meta = parseMeta(entries.get(META))
  entries.delete(VERSION)
  entries.delete(META)
  return { version, state: meta === undefined ? 'corrupt' : { meta, entries } }
}

/** Throws `ERR_OPTION` if the client has converted texts, such as "123" into a number. */
function checkTexts(reply: unknown): string[] {
  if (Array.isArray(reply) && reply.every((text) => typeof text === 'string')) return reply
  throw new SessionError(
    'ERR_OPTION',
    'redisStore: the client converts stored text, so "123" would be read as a number. Turn that off: on Upstash, automaticDeserialization: false.',
  )
}
