import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'

import { SessionError, type SessionStore } from '../../src/index.ts'
import { checked } from '../../src/schema.ts'
import { serialized } from '../../src/serialize.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { type App, type AppOptions, type Handler, newApp } from '../support/app.ts'
import type { Browser } from '../support/browser.ts'

const SCHEMA = z.object({ user: z.object({ name: z.string() }), visits: z.number() })

/** A session used to have a name and a count. */
function migrate({ name, count, ...stored }: Readonly<Record<string, unknown>>): object {
  return {
    ...stored,
    ...(typeof name === 'string' && { user: { name } }),
    ...(count !== undefined && { visits: Number(count) }),
  }
}

/** How the writes of a store go wrong. Only the first ones, so many as `times` says. */
interface Failing {
  times: number
  /** A write whose answer is lost is applied all the same. */
  isLost: boolean
  error: Error
}

interface World {
  readonly app: App
  readonly browser: Browser
  readonly failing: Failing
  /** What is in the store, whatever any schema says. */
  readonly stored: () => Promise<unknown>
}

async function newWorld(store: SessionStore, options: AppOptions = {}): Promise<World> {
  const before = newApp({ store })
  const browser = before.browser()
  before.handler = (session) => {
    session.set('name', 'ada')
    session.set('count', '41')
  }
  await browser.fetch('/')
  const failing: Failing = { times: 1, isLost: false, error: new Error('no space left') }
  const broken: SessionStore = {
    ...store,
    write: async (...call) => {
      if (failing.times <= 0) return store.write(...call)
      failing.times -= 1
      if (failing.isLost) await store.write(...call)
      throw failing.error
    },
  }
  const data = checked(SCHEMA, { migrate })
  const app = newApp({ store: broken, ...({ data } as AppOptions), ...options })
  const after = app.browser()
  for (const [name, value] of browser.cookies) after.cookies.set(name, value)
  before.handler = (session) => session.all()
  return { app, browser: after, failing, stored: () => browser.json('/') }
}

const OLD = { name: 'ada', count: '41' }
const NEW = { user: { name: 'ada' }, visits: 41 }
const all: Handler = (session) => session.all()

async function run({ app, browser }: World, handler: Handler): Promise<[number, unknown]> {
  app.handler = handler
  const response = await browser.fetch('/')
  return [response.status, await response.json()]
}

const typesOf = ({ app }: World): string[] => app.events.map(({ type }) => type)

describe.for<[name: string, newStore: () => SessionStore]>([
  ['objects', () => durableObjectStore(env.SESSIONS)],
  ['memory', () => memoryStore()],
])('on %s, a migration that the store does not write', ([, newStore]) => {
  test.for<AppOptions>([
    {},
    { onStoreFailure: 'anonymous' },
    { onStoreFailure: () => new Response(null, { status: 500 }) },
    { cached: { maxAgeSeconds: 30 } },
  ])('is shown to a request that only reads, with %o', async (options) => {
    const world = await newWorld(newStore(), options)
    world.failing.times = Infinity
    expect(await run(world, all)).toEqual([200, NEW])
    expect(typesOf(world)).toEqual(['store-failed'])
    expect(await world.stored()).toEqual(OLD)
    world.failing.times = 0
    expect(await run(world, all)).toEqual([200, NEW])
    expect(await world.stored()).toEqual(NEW)
    expect(typesOf(world)).toEqual(['store-failed', 'migrated'])
  })

  test('is shown where other requests won every time', async () => {
    const world = await newWorld(newStore())
    world.failing.error = new SessionError('ERR_CONFLICT', 'Other requests won.')
    expect(await run(world, all)).toEqual([200, NEW])
  })

  test.for<[what: string, change: Handler, result: unknown, stored: object]>([
    ['set', (session) => session.set('visits', 1), null, { ...NEW, visits: 1 }],
    [
      'set after a read',
      async (session) => session.set('visits', ((await session.get('visits')) as number) + 1),
      null,
      { ...NEW, visits: 42 },
    ],
    ['increment', (session) => session.increment('visits'), 42, { ...NEW, visits: 42 }],
    [
      'update',
      (session) => session.update('visits', (visits) => (visits as number) * 2),
      82,
      { ...NEW, visits: 82 },
    ],
    ['take', (session) => session.take('user'), { name: 'ada' }, { visits: 41 }],
    [
      'a change that was not awaited beside another',
      async (session) => {
        const [first, second] = [session.increment('visits'), session.increment('visits')]
        return [await first, await second]
      },
      [42, 43],
      { ...NEW, visits: 43 },
    ],
    ['clear', (session) => session.clear(), null, {}],
  ])('is written before %s, once', async ([, change, result, stored]) => {
    for (const isLost of [false, true]) {
      const world = await newWorld(newStore())
      world.failing.isLost = isLost
      expect(await run(world, change)).toEqual([200, result])
      expect(await world.stored()).toEqual(stored)
      expect(typesOf(world)).toEqual(['store-failed', 'migrated'])
    }
  })

  test('fails a change with it, which can be sent again', async () => {
    const world = await newWorld(newStore())
    world.failing.times = 2
    const visit: Handler = (session) => session.increment('visits')
    expect((await run(world, visit))[0]).toBe(503)
    expect(await world.stored()).toEqual(OLD)
    expect(await run(world, visit)).toEqual([200, 42])
    world.failing.times = 0
    const again = await newWorld(newStore())
    again.failing.times = 2
    const twice: Handler = async (session) => {
      const first = await session.increment('visits').catch((error: SessionError) => error.code)
      return [first, await session.increment('visits')]
    }
    expect(await run(again, twice)).toEqual([200, ['ERR_STORE', 42]])
    expect(await again.stored()).toEqual({ ...NEW, visits: 42 })
  })

  test('gives way to a request that has migrated it meanwhile', async () => {
    const store = newStore()
    const world = await newWorld(store)
    const other = newApp({ store, ...({ data: checked(SCHEMA, { migrate }) } as AppOptions) })
    const headers = { Cookie: world.browser.cookieHeader() }
    const answer = await run(world, async (session) => {
      await session.load()
      other.handler = (theirs) => theirs.increment('visits')
      await other.browser().fetch('/', { headers })
      return session.increment('visits')
    })
    expect(answer).toEqual([200, 43])
    expect(await world.stored()).toEqual({ ...NEW, visits: 43 })
  })
})

test('a migration may change in place what freezing does not protect', async () => {
  const serializer = {
    stringify: (value: unknown) => JSON.stringify([...(value as Set<string>)]),
    parse: (text: string) => new Set(JSON.parse(text) as string[]),
  }
  const codec = serialized(serializer)
  const store = memoryStore()
  const before = newApp({ store, data: codec })
  const browser = before.browser()
  before.handler = (session) => session.set('tags', new Set(['a']))
  await browser.fetch('/')
  const schema = z.object({ tags: z.set(z.string()), visits: z.number() })
  const add = (stored: Readonly<Record<string, unknown>>): object => {
    ;(stored['tags'] as Set<string>).add('b')
    return stored
  }
  const data = checked(schema, { codec, migrate: add })
  const app = newApp({ store, ...({ data } as AppOptions) })
  const list: Handler = async (session) => [...((await session.get('tags')) as Set<string>)]
  app.handler = list
  const headers = { Cookie: browser.cookieHeader() }
  expect(await app.browser().json('/', { headers })).toEqual(['a', 'b'])
  before.handler = list
  expect(await browser.json('/')).toEqual(['a', 'b'])
})
