import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import { newRandomText } from '../../src/codec/random.ts'
import type { CallContext, SessionStore } from '../../src/record/store.ts'
import { cached } from '../../src/store/cached.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { kvStore } from '../../src/store/kv.ts'
import { memcachedStore } from '../../src/store/memcached.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { redisStore } from '../../src/store/redis.ts'
import { userIndex } from '../../src/store/user-index.ts'
import { newApp } from '../support/app.ts'
import { MEMCACHED_PORT, memcachedConnector } from '../support/memcached.ts'
import { REDIS_PORT, redisConnector } from '../support/redis.ts'
import { newCredential, newPatch, setting, START } from './contract.ts'

const YEAR = 365 * 86_400_000
/** The longest that options allow. */
const LONGEST = 1000 * YEAR

const STORES: [name: string, isHere: boolean, makeStore: () => SessionStore][] = [
  ['objects', true, () => durableObjectStore(env.SESSIONS)],
  ['KV', true, () => kvStore(env.SESSION_KV)],
  ['memory', true, () => memoryStore()],
  ['Redis', REDIS_PORT > 0, () => redisStore(redisConnector)],
  ['memcached', MEMCACHED_PORT > 0, () => memcachedStore(memcachedConnector())],
]

describe.each(STORES.filter(([, isHere]) => isHere))('on %s', (_name, _isHere, makeStore) => {
  const store = makeStore()

  test.each([70 * YEAR, 200 * YEAR, LONGEST])(
    'a session may live for %s ms, and is over after that, whatever the store can say',
    async (absolute) => {
      const at = (now: number): CallContext => {
        return { now: START + now, idle: absolute, absolute, touch: 60_000 }
      }
      const credential = newCredential(store)
      expect(await store.create(credential, at(0), setting({ '=a': '1' }))).toMatchObject({
        ok: true,
      })
      expect(await store.read(credential, at(1))).toMatchObject({
        ok: true,
        entries: { '=a': '1' },
      })
      expect(await store.write(credential, at(2), setting({ '=a': '2' }))).toMatchObject({
        ok: true,
      })
      // Also where a use is recorded.
      expect(await store.read(credential, at(61_000))).toMatchObject({ ok: true })
      expect(await store.read(credential, at(absolute))).toEqual({ ok: false, gone: 'expired' })
      const secret = newRandomText()
      const reply = await store.regenerate(credential, at(3), { secret })
      expect(reply).toMatchObject({ ok: true })
      const moved = { handle: reply.ok && 'handle' in reply ? reply.handle : '', secret }
      expect(await store.read(moved, at(4))).toMatchObject({ ok: true, entries: { '=a': '2' } })
      expect(await store.destroy(moved, at(5))).toMatchObject({ ok: true })
    },
  )

  if (!store.can.adopt) return
  test('what was made once is remembered for as long', async () => {
    const at = (now: number): CallContext => {
      return { now: START + now, idle: 60_000, absolute: LONGEST, touch: 60_000 }
    }
    const handle = store.handleFor?.(`${newRandomText()}-far-times-43-chars`.slice(0, 43)) ?? ''
    const credential = { handle, secret: newRandomText() }
    const once = { ...newPatch({ set: [['=a', '1']] }), onceUntil: START + LONGEST }
    expect(await store.create(credential, at(0), once)).toMatchObject({ ok: true })
    expect(await store.destroy(credential, at(1))).toMatchObject({ ok: true })
    expect(await store.create(credential, at(120_000), once)).toMatchObject({ ok: false })
  })
})

test('an object wakes at the last time that an alarm can have, and stays as it is', async () => {
  const store = durableObjectStore(env.SESSIONS)
  const far = { now: START, idle: LONGEST, absolute: LONGEST, touch: 60_000 }
  const credential = newCredential(store)
  await store.create(credential, far, setting({ '=a': '1' }))
  const stub = env.SESSIONS.get(env.SESSIONS.idFromString(store.idOf(credential.handle)))
  const alarmOf = (): Promise<number | null> =>
    runInDurableObject(stub, (_object, { storage }) => storage.getAlarm())
  expect(await alarmOf()).toBe(Date.UTC(2189, 0))
  expect(await runDurableObjectAlarm(stub)).toBe(true)
  expect(await alarmOf()).toBe(Date.UTC(2189, 0))
  await evictDurableObject(stub)
  expect(await store.read(credential, far)).toMatchObject({ ok: true })
})

test('copies in KV may be as old as any', async () => {
  const kv = env.SESSION_KV
  const store = cached(durableObjectStore(env.SESSIONS), { maxAgeSeconds: LONGEST / 1000, kv })
  let work: (() => Promise<void>) | undefined
  const defer = (given: () => Promise<void>): void => {
    work = given
  }
  const at = { now: START, idle: LONGEST, absolute: LONGEST, touch: 60_000, defer }
  const credential = newCredential(store)
  await store.create(credential, at, setting({ '=a': '1' }))
  await work?.()
  expect(await kv.get(`session-copy:${credential.handle}`)).toContain('"=a":"1"')
})

test('a user’s list takes sessions of a thousand years', async () => {
  const timeouts = { idleTimeout: LONGEST / 1000, absoluteTimeout: LONGEST / 1000 }
  const app = newApp({ ...timeouts, accounts: { index: userIndex(env.USERS) } })
  const user = crypto.randomUUID()
  app.handler = (session) => session.signIn(user)
  expect((await app.browser().fetch('/')).status).toBe(200)
  expect(await app.sessions.user(user, {}).list()).toHaveLength(1)
})
