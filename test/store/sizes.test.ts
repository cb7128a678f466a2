import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, test, vi } from 'vitest'

import type { Credential, SessionStore } from '../../src/record/store.ts'
import { serialized } from '../../src/serialize.ts'
import { JSON_CODEC } from '../../src/session/json.ts'
import { durableObjectStore, type SessionObject } from '../../src/store/durable-object.ts'
import { kvStore } from '../../src/store/kv.ts'
import { memcachedStore } from '../../src/store/memcached.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { redisStore } from '../../src/store/redis.ts'
import { MEMCACHED_PORT, memcachedConnector } from '../support/memcached.ts'
import { REDIS_PORT, redisConnector } from '../support/redis.ts'
import { IS_THOROUGH } from '../support/thorough.ts'
import {
  entriesOf,
  momentAt,
  newCredential,
  newPatch,
  newSession,
  setting,
  TOUCH,
} from './contract.ts'

/** What production takes for a key and its value (Cloudflare: Durable Objects, limits). Workerd here takes 8 MB. */
const MAX_ROW_BYTES = 2_000_000

const objects = durableObjectStore(env.SESSIONS)

function stubOf({ handle }: Credential): DurableObjectStub<SessionObject> {
  return env.SESSIONS.get(env.SESSIONS.idFromString(objects.idOf(handle)))
}

describe('a row of an object', () => {
  test('stays below 2 MB with 2,048 keys of 1,500 characters', async () => {
    const names = Array.from({ length: 2048 }, (_, index) => `=${index}`.padEnd(1500, 'k'))
    const entries = Object.fromEntries(names.map((name) => [name, '']))
    const credential = await newSession(objects, entries)
    const longest = (): Promise<number> =>
      runInDurableObject(stubOf(credential), (_object, { storage }) =>
        Math.max(
          ...Array.from(storage.kv.list<string>(), ([name, text]) => name.length + text.length),
        ),
      )
    expect(await longest()).toBeLessThan(10_000)
    await evictDurableObject(stubOf(credential))
    expect(await entriesOf(objects, credential)).toEqual(entries)
    await objects.write(
      credential,
      momentAt(0),
      newPatch({ delete: names.slice(2), set: [[names[0] ?? '', '1']] }),
    )
    expect(await longest()).toBeLessThan(10_000)
    expect(await entriesOf(objects, credential)).toEqual({
      [names[0] ?? '']: '1',
      [names[1] ?? '']: '',
    })
  })

  test.each([
    ['ASCII', 'x'.repeat(1_899_000)],
    ['one character past U+00FF', `${'x'.repeat(949_000)}€`],
    ['Latin-1', 'é'.repeat(949_000)],
  ])('stays below 2 MB with the longest value: %s', async (_name, value) => {
    const text = JSON_CODEC.encode('a', value)
    const isWide = /[^\0-\u00FF]/.test(text)
    expect(text.length * (isWide ? 2 : 1)).toBeLessThan(MAX_ROW_BYTES)
    expect(() => JSON_CODEC.encode('a', value + value)).toThrow(/^ERR_TOO_LARGE/)
    const credential = await newSession(objects, { '=a': text })
    const size = await runInDurableObject(
      stubOf(credential),
      (_object, { storage }) => storage.sql.databaseSize,
    )
    // With the pages of the session's own row and of the database.
    expect(size).toBeLessThan(MAX_ROW_BYTES)
    expect(size).toBeGreaterThan(text.length * (isWide ? 2 : 1))
  })
})

const STORES: [name: string, isHere: boolean, makeStore: () => SessionStore][] = [
  ['objects', true, () => objects],
  ['KV', true, () => kvStore(env.SESSION_KV)],
  ['memory', IS_THOROUGH, () => memoryStore()],
  ['Redis', IS_THOROUGH && REDIS_PORT > 0, () => redisStore(redisConnector)],
  ['memcached', IS_THOROUGH && MEMCACHED_PORT > 0, () => memcachedStore(memcachedConnector())],
]

describe.each(STORES.filter(([, isHere]) => isHere))('on %s', (_name, _isHere, makeStore) => {
  const store = makeStore()
  /** A control character takes six characters in JSON. */
  const escaped = '\u0001'.repeat(1_500_000)
  const escapedEntries = Object.fromEntries(Array.from({ length: 4 }, (_, n) => [`=${n}`, escaped]))
  const tooLarge = { ok: false, why: 'too-large' }

  test('a session that cannot be carried is refused before anything of it is stored', async () => {
    const credential = await newSession(store, { '=a': '1' })
    const writing = store.write(credential, momentAt(0), setting(escapedEntries))
    expect(await writing).toMatchObject(tooLarge)
    expect(await entriesOf(store, credential)).toEqual({ '=a': '1' })
    const made = newCredential(store)
    expect(await store.create(made, momentAt(0), setting(escapedEntries))).toMatchObject(tooLarge)
    expect(await store.read(made, momentAt(0))).toEqual({ ok: false, gone: 'ended' })
  })
})

test('KV refuses what would be over 25 MiB in UTF-8, before the put', async () => {
  const store = kvStore(env.SESSION_KV)
  const credential = await newSession(store, { '=a': '1' })
  const mixed = { '=e': '\u0001'.repeat(1_600_000), '=w': '\u4E00'.repeat(6_300_000) }
  expect(await store.write(credential, momentAt(0), setting(mixed))).toEqual(
    expect.objectContaining({ ok: false, why: 'too-large', limit: '26000000 bytes of JSON' }),
  )
  expect(await entriesOf(store, credential)).toEqual({ '=a': '1' })
})

test('the texts of a serializer are measured as they are stored', () => {
  const codec = serialized({ stringify: String, parse: (text) => text })
  expect(() => codec.encode('a', `${'x'.repeat(1_000_000)}€`)).toThrow(/^ERR_TOO_LARGE/)
  expect(codec.encode('a', 'x'.repeat(1_000_000))).toHaveLength(1_000_001)
})

describe('the keys of KV', () => {
  test('have a prefix of 400 bytes at most, in UTF-8', async () => {
    const prefix = '日'.repeat(133)
    const store = kvStore(env.SESSION_KV, { prefix })
    const credential = await newSession(store, { '=a': '1' })
    expect(await entriesOf(store, credential)).toEqual({ '=a': '1' })
    expect(() => kvStore(env.SESSION_KV, { prefix: `${prefix}日` })).toThrow(
      /^ERR_OPTION.*400 bytes/,
    )
  })

  test('have a prefix of well-formed text', () => {
    for (const prefix of ['\uD800', 'a\uDC00b', 5 as never, null as never]) {
      expect(() => kvStore(env.SESSION_KV, { prefix })).toThrow(/^ERR_OPTION: kvStore: prefix/)
      expect(() => redisStore(redisConnector, { prefix })).toThrow(
        /^ERR_OPTION: redisStore: prefix/,
      )
      expect(() => memcachedStore(memcachedConnector(), { prefix })).toThrow(/^ERR_OPTION.*prefix/)
    }
  })
})

describe('an object whose storage takes no writes (simulated: workerd here is never full)', () => {
  const FULL = 'database or disk is full: SQLITE_FULL'

  async function fill(credential: Credential): Promise<() => Promise<void>> {
    return runInDurableObject(stubOf(credential), (_object, { storage }) => {
      const full = vi.spyOn(storage.kv, 'put').mockImplementation(() => {
        throw new Error(FULL)
      })
      return async () => {
        await runInDurableObject(stubOf(credential), () => {
          full.mockRestore()
        })
      }
    })
  }

  test('answers a read that is due for a touch, and records a later use', async () => {
    const credential = await newSession(objects, { '=a': '1' })
    const empty = await fill(credential)
    const start = momentAt(0).now
    for (const now of [TOUCH, TOUCH + 1]) {
      const reply = await objects.read(credential, momentAt(now))
      expect(reply).toMatchObject({ ok: true, entries: { '=a': '1' }, usedAt: start })
    }
    const writing = objects.write(credential, momentAt(TOUCH), setting({ '=a': '2' }))
    await expect(writing).rejects.toThrow(FULL)
    await empty()
    expect(await objects.read(credential, momentAt(TOUCH + 2))).toMatchObject({
      ok: true,
      entries: { '=a': '1' },
      usedAt: start + TOUCH + 2,
    })
  })

  test('replaces no secret that it cannot store', async () => {
    const credential = await newSession(objects, { '=a': '1' })
    const empty = await fill(credential)
    const regeneration = { secret: newCredential(objects).secret }
    const regenerating = objects.regenerate(credential, momentAt(0), regeneration)
    await expect(regenerating).rejects.toThrow(FULL)
    await empty()
    expect(await entriesOf(objects, credential)).toEqual({ '=a': '1' })
  })
})
