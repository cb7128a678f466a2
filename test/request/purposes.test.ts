import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import { renewing } from '../../src/renew.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { kvStore } from '../../src/store/kv.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { type App, type Handler, newApp } from '../support/app.ts'
import type { Browser } from '../support/browser.ts'

const SECOND = 1000
const STORES = {
  objects: () => durableObjectStore(env.SESSIONS),
  memory: () => memoryStore(),
  kv: () => kvStore(env.SESSION_KV),
}
const ATOMIC = Object.entries(STORES).filter(([name]) => name !== 'kv')

/** The headers of a browser's or a library's request for a page that may never be shown. */
const SPECULATIVE = {
  prefetch: { 'Sec-Purpose': 'prefetch' },
  prerender: { 'Sec-Purpose': 'prefetch;prerender' },
  'a proxied prefetch': { 'Sec-Purpose': 'prefetch;anonymous-client-ip' },
  Turbo: { 'X-Sec-Purpose': 'prefetch' },
  'an older browser': { Purpose: 'prefetch' },
}
const LOOKS: [string, RequestInit][] = [
  ...Object.entries(SPECULATIVE).map(([name, headers]): [string, RequestInit] => [
    name,
    { headers },
  ]),
  ['HEAD', { method: 'HEAD' }],
]

const flash: Handler = (session) => session.flash('note', 'saved')
const flashes: Handler = (session) => session.flashes()
const read: Handler = async (session) => (await session.get('a')) ?? null

async function visitor(app: App, handler: Handler): Promise<Browser> {
  const browser = app.browser()
  app.handler = handler
  await browser.fetch('/')
  return browser
}

describe.for(Object.entries(STORES))('a page that nobody sees, on %s', ([, newStore]) => {
  test.for(LOOKS)('leaves a flash message to the page that is shown: %s', async ([, init]) => {
    const app = newApp({ store: newStore() })
    const browser = await visitor(app, flash)
    app.handler = flashes
    await browser.fetch('/', init)
    await browser.fetch('/', init)
    expect(await browser.json('/')).toEqual({ note: 'saved' })
    expect(await browser.json('/')).toEqual({})
  })

  test('has no flash message, so that each is shown once; a HEAD has the length of its GET', async () => {
    const app = newApp({ store: newStore() })
    const browser = await visitor(app, flash)
    app.handler = flashes
    const prefetched = await browser.fetch('/', { headers: SPECULATIVE.prefetch })
    expect(await prefetched.json()).toEqual({})
    let seen: unknown
    app.handler = async (session) => (seen = await session.flashes())
    await browser.fetch('/', { method: 'HEAD' })
    expect(seen).toEqual({ note: 'saved' })
  })

  test.for(LOOKS)('is no use of the session: %s', async ([, init]) => {
    const app = newApp({ store: newStore(), idleTimeout: 100, touchInterval: 5 })
    const browser = await visitor(app, (session) => session.set('a', 1))
    app.handler = read
    app.now += 60 * SECOND
    const looked = await browser.fetch('/', init)
    expect(looked.headers.getSetCookie()).toEqual([])
    app.now += 50 * SECOND
    expect(await browser.json('/')).toBe(null)
  })

  test('leaves the use to the next request', async () => {
    const app = newApp({ store: newStore(), idleTimeout: 100, touchInterval: 5 })
    const browser = await visitor(app, (session) => session.set('a', 1))
    app.handler = read
    app.now += 60 * SECOND
    await browser.fetch('/', { headers: SPECULATIVE.prefetch })
    await browser.fetch('/')
    app.now += 60 * SECOND
    expect(await browser.json('/')).toBe(1)
  })

  test('ends with its session', async () => {
    const app = newApp({ store: newStore(), idleTimeout: 100 })
    const browser = await visitor(app, (session) => session.set('a', 1))
    app.handler = read
    app.now += 100 * SECOND
    expect(await (await browser.fetch('/', { headers: SPECULATIVE.prefetch })).json()).toBe(null)
  })

  test('writes what its handler records', async () => {
    const app = newApp({ store: newStore() })
    const browser = await visitor(app, (session) => session.set('a', 1))
    app.now += 2 * SECOND
    app.handler = (session) => session.set('a', 2)
    await browser.fetch('/', { headers: SPECULATIVE.prefetch })
    app.handler = read
    expect(await browser.json('/')).toBe(2)
  })
})

describe.for(ATOMIC)('take, on %s', ([, newStore]) => {
  const take: Handler = async (session) => (await session.take('state')) ?? null

  test.for(Object.entries(SPECULATIVE))('answers 503 to a speculation: %s', async ([, headers]) => {
    const app = newApp({ store: newStore() })
    const browser = await visitor(app, (session) => session.set('state', 'xyz'))
    app.handler = take
    const refused = await browser.fetch('/', { headers })
    expect([refused.status, refused.headers.get('Cache-Control')]).toEqual([
      503,
      'private, no-store',
    ])
    expect(await refused.json()).toMatchObject({ code: 'ERR_SPECULATIVE' })
    expect(await browser.json('/')).toBe('xyz')
    expect(await browser.json('/')).toBe(null)
  })

  test('of a speculation gives nothing if there is nothing', async () => {
    const app = newApp({ store: newStore() })
    const browser = await visitor(app, (session) => session.set('a', 1))
    app.handler = take
    const response = await browser.fetch('/', { headers: SPECULATIVE.prefetch })
    expect([response.status, await response.json()]).toEqual([200, null])
  })

  test('of a speculation that catches the error takes nothing', async () => {
    const app = newApp({ store: newStore() })
    const browser = await visitor(app, (session) => session.set('state', 'xyz'))
    app.handler = (session) => session.take('state').catch(() => 'caught')
    const response = await browser.fetch('/', { headers: SPECULATIVE.prefetch })
    expect(await response.json()).toBe('caught')
    app.handler = take
    expect(await browser.json('/')).toBe('xyz')
  })

  test('of a HEAD takes, as it must: it is given once', async () => {
    const app = newApp({ store: newStore() })
    const browser = await visitor(app, (session) => session.set('state', 'xyz'))
    app.handler = take
    await browser.fetch('/', { method: 'HEAD' })
    expect(await browser.json('/')).toBe(null)
  })
})

test('a copy that a prefetch has fetched records no use, and leaves the next use to the store', async () => {
  const app = newApp({ idleTimeout: 100, touchInterval: 5, cached: { maxAgeSeconds: 30 } })
  const browser = await visitor(app, (session) => session.set('a', 1))
  app.handler = read
  app.now += 60 * SECOND
  await browser.fetch('/', { headers: SPECULATIVE.prefetch })
  await browser.fetch('/', { headers: SPECULATIVE.prefetch })
  app.now += 39 * SECOND
  expect(await browser.json('/')).toBe(1)
  app.now += 99 * SECOND
  expect(await browser.json('/')).toBe(1)
})

test('a prefetch does not renew a token; the next page does', async () => {
  const app = newApp({ use: [renewing({ everySeconds: 60 })] })
  const browser = await visitor(app, (session) => session.set('a', 1))
  app.handler = read
  app.now += 61 * SECOND
  const prefetched = await browser.fetch('/', { headers: SPECULATIVE.prefetch })
  expect(prefetched.headers.getSetCookie()).toEqual([])
  expect((await browser.fetch('/')).headers.getSetCookie()).toHaveLength(1)
})

test('on KV the time that a session has left does not grow by a prefetch', async () => {
  const app = newApp({ store: STORES.kv(), idleTimeout: 100, touchInterval: 5 })
  const browser = await visitor(app, (session) => session.set('a', 1))
  const end = app.now + 100 * SECOND
  app.handler = async (session) => {
    await session.load()
    return session.expiresAt?.getTime()
  }
  app.now += 60 * SECOND
  const prefetched = await browser.fetch('/', { headers: SPECULATIVE.prefetch })
  expect(await prefetched.json()).toBe(end)
})

test('after a change of the timeouts a prefetch is no use either', async () => {
  const store = memoryStore()
  const before = newApp({ store, idleTimeout: 100, absoluteTimeout: 1000 })
  const browser = await visitor(before, (session) => session.set('a', 1))
  const clock = { now: before.now + 60 * SECOND }
  const after = newApp({ store, clock, idleTimeout: 90, absoluteTimeout: 1000 })
  after.handler = read
  const here = after.browser()
  here.cookies.addAll(browser.cookies)
  expect(await (await here.fetch('/', { headers: SPECULATIVE.prefetch })).json()).toBe(1)
  clock.now += 31 * SECOND
  expect(await here.json('/')).toBe(null)
})
