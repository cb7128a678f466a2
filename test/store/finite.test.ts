import { evictDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import { newRandomText } from '../../src/codec/random.ts'
import type { CallContext, Credential, SessionStore } from '../../src/record/store.ts'
import { renewing } from '../../src/renew.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { kvStore } from '../../src/store/kv.ts'
import { memcachedStore } from '../../src/store/memcached.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { redisStore } from '../../src/store/redis.ts'
import { newApp } from '../support/app.ts'
import { MEMCACHED_PORT, memcachedConnector } from '../support/memcached.ts'
import { REDIS_PORT, redisConnector } from '../support/redis.ts'
import {
  ABSOLUTE,
  entriesOf,
  MINUTE,
  momentAt,
  newCredential,
  newPatch,
  newSession,
  setting,
} from './contract.ts'

const STORES = [
  ['memory', true, () => memoryStore()],
  ['Durable Object', true, () => durableObjectStore(env.SESSIONS)],
  ['KV', true, () => kvStore(env.SESSION_KV)],
  ['Redis', REDIS_PORT > 0, () => redisStore(redisConnector)],
  ['memcached', MEMCACHED_PORT > 0, () => memcachedStore(memcachedConnector())],
] as const

const FOREVER = { idle: Infinity, absolute: Infinity, touch: Infinity, renew: Infinity }
const YEARS = 50 * 366 * 24 * 60 * MINUTE

for (const [name, isThere, makeStore] of STORES) {
  describe.runIf(isThere)(`${name}, given a number that JSON has not,`, () => {
    const store: SessionStore = makeStore()

    /** Has what is stored read again, where it would stay in memory. */
    async function fromStorage({ handle }: Credential): Promise<void> {
      if (store.name !== 'durable-object') return
      await evictDurableObject(env.SESSIONS.get(env.SESSIONS.idFromString(store.idOf(handle))))
    }

    test('keeps a session with infinite timeouts', async () => {
      const credential = newCredential(store)
      const moment = momentAt(0, FOREVER)
      const patch = setting({ '=a': '1' })
      expect(await store.create(credential, moment, patch)).toMatchObject({ ok: true })
      await fromStorage(credential)
      const later = momentAt(YEARS, FOREVER)
      const read = await store.read(credential, later)
      expect(read).toMatchObject({ ok: true, entries: { '=a': '1' } })
      expect(read).not.toHaveProperty('renewal')
      const write = await store.write(credential, later, setting({ '=a': '2' }))
      expect(write).toMatchObject({ ok: true })
      expect(await entriesOf(store, credential, later)).toEqual({ '=a': '2' })
    })

    test.runIf(store.can.atomic)('keeps a former secret for an infinite grace', async () => {
      const credential = await newSession(store, { '=a': '1' })
      const secret = newRandomText()
      const reply = await store.regenerate(credential, momentAt(0), { secret, grace: Infinity })
      expect(reply).toMatchObject({ ok: true })
      await fromStorage(credential)
      const last = momentAt(ABSOLUTE - 1, { idle: ABSOLUTE })
      expect(await store.read(credential, last)).toMatchObject({ ok: true, renewal: 'done' })
      expect(await store.read({ ...credential, secret }, last)).toMatchObject({ ok: true })
    })

    test.runIf(store.can.adopt)('remembers for ever that a handle was used', async () => {
      const credential = {
        ...newCredential(store),
        handle: store.handleFor?.('C'.repeat(43)) ?? '',
      }
      const patch = { ...setting({ '=a': '1' }), onceUntil: Infinity }
      await store.create(credential, momentAt(0), patch)
      await store.destroy(credential, momentAt(0))
      await fromStorage(credential)
      const late = await store.create(credential, momentAt(YEARS), patch)
      expect(late).toEqual({ ok: false, gone: 'ended' })
    })

    test.runIf(store.can.atomic)('adds no such number', async () => {
      const credential = await newSession(store, { '=n': '1' })
      for (const by of [Number.NaN, Infinity, -Infinity]) {
        const reply = await store.write(
          credential,
          momentAt(0),
          newPatch({ increment: [['=n', by]] }),
        )
        expect(reply).toMatchObject({ ok: false, why: 'not-a-number' })
      }
      const negativeZero = newPatch({ increment: [['=n', -0]] })
      expect(await store.write(credential, momentAt(0), negativeZero)).toMatchObject({
        counts: [1],
      })
      expect(await entriesOf(store, credential)).toEqual({ '=n': '1' })
    })

    test.for([
      ['now', Number.NaN],
      ['now', undefined],
      ['idle', Number.NaN],
      ['absolute', Number.NaN],
      ['touch', Number.NaN],
      ['idle', -Infinity],
    ] as const)('throws where a creation has none: %s %s', async ([field, value]) => {
      if (store.name === 'kv' && field === 'touch') return
      const credential = newCredential(store)
      const wrong = { ...momentAt(0), [field]: value } as unknown as CallContext
      const create = async (): Promise<unknown> =>
        store.create(credential, wrong, setting({ '=a': '1' }))
      await expect(create()).rejects.toThrow('not a number of milliseconds')
      expect(await store.read(credential, momentAt(0))).toMatchObject({ ok: false, gone: 'ended' })
    })
  })
}

test('renewing() with an infinite grace lets the former token in for as long as the session lives', async () => {
  const use = [renewing({ everySeconds: 60, graceSeconds: Infinity })]
  const app = newApp({ store: durableObjectStore(env.SESSIONS), use })
  const browser = app.browser()
  app.handler = (session) => session.set('a', 1)
  await browser.fetch('/')
  const former = browser.copy()
  app.handler = (session) => session.get('a')
  app.now += 61_000
  await browser.fetch('/')
  expect(browser.cookieHeader()).not.toBe(former.cookieHeader())
  app.now += 20 * MINUTE
  expect(await former.json('/')).toBe(1)
  expect(await browser.json('/')).toBe(1)
})

test('a clock that gives no number is a failure of the store, and never a session without an end', async () => {
  const app = newApp({ store: memoryStore() })
  const browser = app.browser()
  app.handler = (session) => session.set('a', 1)
  app.now = Number.NaN
  await expect(browser.fetch('/').then(({ status }) => status)).resolves.toBe(503)
})
