import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import type { SessionStore } from '../../src/index.ts'
import { differenceOf } from '../../src/record/difference.ts'
import { checked, type DataSchema } from '../../src/schema.ts'
import { serialized } from '../../src/serialize.ts'
import type { DataCodec } from '../../src/session/codec.ts'
import { cached } from '../../src/store/cached.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { kvStore } from '../../src/store/kv.ts'
import { memcachedStore } from '../../src/store/memcached.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { redisStore } from '../../src/store/redis.ts'
import { type AppSession, newApp } from '../support/app.ts'
import { MEMCACHED_PORT, memcachedConnector } from '../support/memcached.ts'
import { REDIS_PORT, redisConnector } from '../support/redis.ts'
import { IS_THOROUGH } from '../support/thorough.ts'

/** The methods that look at each element of a list, in the worst case. */
const OF_LISTS =
  'includes indexOf find findIndex findLast some every filter map flatMap slice concat toSorted'.split(
    ' ',
  )

/**
 * Returns the number of operations of some work: each call on a Map or a Set is one, and a call that searches or copies
 * a list is one for each of its elements.
 */
async function operationsOf(work: () => Promise<unknown>): Promise<number> {
  let count = 0
  const restore: (() => void)[] = []

  function counted(prototype: object, method: string, costOf: (self: unknown) => number): void {
    const real = Object.getOwnPropertyDescriptor(prototype, method)
    const run: unknown = real?.value
    if (real === undefined || typeof run !== 'function') return
    const value = function call(this: unknown, ...given: unknown[]): unknown {
      count += costOf(this)
      return Reflect.apply(run, this, given)
    }
    Object.defineProperty(prototype, method, { ...real, value })
    restore.push(() => Object.defineProperty(prototype, method, real))
  }

  for (const method of OF_LISTS) {
    counted(Array.prototype, method, (self) => (self as readonly unknown[]).length)
  }
  for (const method of ['get', 'set', 'has', 'delete']) counted(Map.prototype, method, () => 1)
  for (const method of ['add', 'has', 'delete']) counted(Set.prototype, method, () => 1)
  try {
    await work()
    return count
  } finally {
    for (const each of restore) each()
  }
}

const anySchema: DataSchema<Record<string, unknown>> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) => ({ value: value as Record<string, unknown> }),
  },
}
const refusing: DataSchema<Record<string, unknown>> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) => ({
      issues: Object.keys(Object(value)).map((key) => ({ message: 'no', path: [key] })),
    }),
  },
}
const plain = { stringify: (value: unknown) => JSON.stringify(value), parse: JSON.parse }

const CODECS: [name: string, codec: DataCodec | undefined][] = [
  ['JSON', undefined],
  ['a serializer', serialized(plain)],
  ['a schema', checked(anySchema)],
  ['a schema and a serializer', checked(anySchema, { codec: serialized(plain) })],
  ['a migration', checked(anySchema, { migrate: (stored) => stored })],
]

const key = (n: number): string => `key-${n}`

function setAll(session: AppSession, keys: number): void {
  for (let n = 0; n < keys; n += 1) session.set(key(n), 'v')
}

const WORK: Record<string, (session: AppSession, keys: number) => unknown> = {
  all: (session) => session.all(),
  keys: (session) => session.keys(),
  'a get of each': async (session, keys) => {
    for (let n = 0; n < keys; n += 1) await session.get(key(n))
  },
  'a set of each': setAll,
  'a set of each, then all': async (session, keys) => {
    setAll(session, keys)
    await session.all()
  },
  'a delete of each': (session, keys) => {
    for (let n = 0; n < keys; n += 1) session.delete(key(n))
  },
  'a clear, a commit of each, and another clear': async (session, keys) => {
    session.clear()
    setAll(session, keys)
    await session.commit()
    setAll(session, keys)
  },
  'messages, and their display': async (session, keys) => {
    for (let n = 0; n < keys; n += 1) session.flash(key(n), 'v')
    await session.commit()
    await session.flashes()
  },
}

/** Returns the operations of a request with that many keys in its session. */
async function operationsWith(
  keys: number,
  work: (session: AppSession, keys: number) => unknown,
  options: { readonly data?: DataCodec | undefined; readonly store?: SessionStore },
): Promise<number> {
  const app = newApp(options)
  const browser = app.browser()
  app.handler = (session) => setAll(session, keys)
  await browser.fetch('/')
  app.now += 2000
  app.handler = async (session) => {
    await work(session, keys)
    return null
  }
  return operationsOf(async () => {
    const response = await browser.fetch('/')
    expect(response.status).toBe(200)
  })
}

/** Returns by how much the operations grow where there are twice as many keys. Each request has some of its own. */
async function growth(operationsFor: (keys: number) => Promise<number>): Promise<number> {
  await operationsFor(50)
  const [few, more] = [await operationsFor(300), await operationsFor(600)]
  expect(few).toBeGreaterThan(100)
  return more / few
}

describe.each(CODECS)('with %s', (_name, data) => {
  test.each(Object.entries(WORK))('%s: in proportion to the keys', async (_what, work) => {
    const options = { store: memoryStore(), ...(data && { data }) }
    expect(await growth((keys) => operationsWith(keys, work, options))).toBeLessThan(2.2)
  })
})

describe.each<[name: string, isHere: boolean, makeStore: () => SessionStore]>([
  ['objects', true, () => durableObjectStore(env.SESSIONS)],
  ['copies', true, () => cached(memoryStore(), { maxAgeSeconds: 30 })],
  ['Redis', IS_THOROUGH && REDIS_PORT > 0, () => redisStore(redisConnector)],
  ['memcached', IS_THOROUGH && MEMCACHED_PORT > 0, () => memcachedStore(memcachedConnector())],
])('on %s', (_name, isHere, makeStore) => {
  const names = ['all', 'a set of each', 'a clear, a commit of each, and another clear']
  test.skipIf(!isHere).each(names)('%s: in proportion to the keys', async (name) => {
    const work = WORK[name] ?? (() => undefined)
    const store = makeStore()
    expect(await growth((keys) => operationsWith(keys, work, { store }))).toBeLessThan(2.2)
  })
})

test.each(['all', 'a set of each'])('on KV, %s: in proportion to the keys', async (name) => {
  const work = WORK[name] ?? (() => undefined)
  expect(
    await growth((keys) => operationsWith(keys, work, { store: kvStore(env.SESSION_KV) })),
  ).toBeLessThan(2.2)
})

test('a clear that keeps half of the keys: in proportion to the keys', async () => {
  expect(
    await growth(async (keys) => {
      const names = Array.from({ length: keys }, (_, n) => `=${key(n)}`)
      const entries = new Map(names.map((name) => [name, 'v']))
      const clear = names.slice(keys / 2)
      return operationsOf(async () => {
        const difference = differenceOf(entries, { id: 'x', clear })
        expect(difference).toMatchObject({ ok: true, after: { size: clear.length } })
      })
    }),
  ).toBeLessThan(2.2)
})

test('a dictionary that a schema refuses: in proportion to the keys', async () => {
  const store = memoryStore()
  expect(
    await growth(async (keys) => {
      const app = newApp({ store })
      app.handler = (session) => setAll(session, keys)
      const made = await app.browser().fetch('/')
      const [cookie = ''] = (made.headers.getSetCookie()[0] ?? '').split(';')
      const other = newApp({ store, data: checked(refusing) })
      other.handler = (session) => session.all()
      const operations = await operationsOf(() =>
        other.browser().fetch('/', { headers: { cookie } }),
      )
      expect(other.events.find(({ type }) => type === 'invalid')).toMatchObject({
        keys: { length: keys },
      })
      return operations
    }),
  ).toBeLessThan(2.2)
})

test('a set of each key after as many operations whose outcome is unknown: in proportion', async () => {
  const real = memoryStore()
  expect(
    await growth(async (keys) => {
      let isDown = false
      const store: SessionStore = {
        ...real,
        write: (...given) => (isDown ? Promise.reject(new Error('down')) : real.write(...given)),
      }
      const work = async (session: AppSession): Promise<void> => {
        isDown = true
        const counting = Array.from({ length: keys }, (_, n) => session.increment(`n-${n}`))
        await Promise.allSettled(counting)
        isDown = false
        for (let n = 0; n < keys; n += 1) session.set(`n-${n}`, 1)
      }
      return operationsWith(keys, work, { store })
    }),
  ).toBeLessThan(2.2)
})
