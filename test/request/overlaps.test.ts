import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import { createSessions, SessionError, type SessionStore } from '../../src/index.ts'
import { serialized } from '../../src/serialize.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { kvStore } from '../../src/store/kv.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { type App, type AppSession, type Handler, newApp } from '../support/app.ts'
import type { Browser } from '../support/browser.ts'
import { StaleKv } from '../support/stale-kv.ts'
import { storesHere, world } from '../support/worlds.ts'

// What one handler does at the same time, or does again after a failure.

const HERE = world()
const all: Handler = (session) => session.all()

async function visitorOf(app: App, data: Record<string, unknown>): Promise<Browser> {
  const browser = app.browser()
  app.handler = (session) => {
    for (const [key, value] of Object.entries(data)) session.set(key, value)
  }
  await browser.fetch('/')
  app.events.length = 0
  return browser
}

async function run(app: App, browser: Browser, handler: Handler): Promise<unknown> {
  app.handler = handler
  return browser.json('/')
}

/** Real objects behind a connection that loses the reply of one call. */
function losingStore(): { store: SessionStore; lose: 'none' | 'write' | 'regenerate' } {
  const store = durableObjectStore(env.SESSIONS)
  const losing = { store: { ...store }, lose: 'none' as 'none' | 'write' | 'regenerate' }
  for (const method of ['write', 'regenerate'] as const) {
    Object.assign(losing.store, {
      [method]: async (...parameters: never[]) => {
        const reply: unknown = await Reflect.apply(store[method], store, parameters)
        if (losing.lose !== method) return reply
        losing.lose = 'none'
        throw new Error('the reply was lost')
      },
    })
  }
  return losing
}

async function twice<T>(operation: () => Promise<T>): Promise<T> {
  return operation().catch((error: unknown) => {
    if (error instanceof SessionError && error.code === 'ERR_STORE') return operation()
    throw error
  })
}

describe('a read that runs beside', () => {
  const STORES = { object: undefined, memory: memoryStore(), kv: kvStore(env.SESSION_KV) }

  test.for(storesHere<SessionStore | undefined>(STORES))(
    'a regenerate loses nothing (%s)',
    async ([, store]) => {
      const app = newApp(store === undefined ? {} : { store })
      for (let round = 0; round < 10; round += 1) {
        const browser = await visitorOf(app, { a: 1 })
        app.handler = async (session) => Promise.all([session.get('a'), session.regenerate()])
        expect((await browser.fetch('/')).status).toBe(200)
        expect(await run(app, browser, all)).toEqual({ a: 1 })
      }
    },
  )

  test('a destroy is no late write', async () => {
    const app = newApp()
    const browser = await visitorOf(app, { a: 1 })
    app.handler = (session) => Promise.allSettled([session.get('a'), session.destroy()])
    expect((await browser.fetch('/')).status).toBe(200)
    expect(app.events.map(({ type }) => type)).toEqual(['destroyed'])
    expect(browser.cookies.size).toBe(0)
  })

  test.skipIf(HERE.isKv)('a write of a visitor who comes back too late makes no 409', async () => {
    const app = newApp()
    const browser = await visitorOf(app, { a: 1 })
    app.now += 31 * 60_000
    const both = await run(app, browser, (session) =>
      Promise.all([session.get('a'), session.increment('visits')]),
    )
    expect(both).toEqual([null, 1])
    expect(await run(app, browser, all)).toEqual({ visits: 1 })
  })
})

describe.skipIf(HERE.isKv)('operations at the same time on a key with a recorded change', () => {
  test('count each other in', async () => {
    const app = newApp()
    const browser = await visitorOf(app, { n: 1, k: 1 })
    const sums = await run(app, browser, (session) => {
      session.set('n', 5)
      return Promise.all([session.increment('n'), session.increment('n')])
    })
    expect(sums).toEqual([6, 7])
    app.handler = (session) => {
      session.clear()
      void session.increment('n')
      void session.increment('n')
    }
    await browser.fetch('/')
    expect(await run(app, browser, all)).toEqual({ n: 2 })
  })

  test('take once, and update one after the other', async () => {
    const app = newApp()
    const browser = await visitorOf(app, { a: 1 })
    const taken = await run(app, browser, (session) => {
      session.set('t', 'token')
      return Promise.all([session.take('t'), session.take('t')])
    })
    expect(taken).toEqual(['token', null])
    const add = (item: number) => async (list: unknown) => {
      await scheduler.wait(5)
      return [...((list ?? []) as number[]), item]
    }
    await run(app, browser, (session) => {
      session.set('list', [])
      return Promise.all([session.update('list', add(1)), session.update('list', add(2))])
    })
    expect(await run(app, browser, (session) => session.get('list'))).toEqual([1, 2])
  })

  test('do not undo what another request does once the recorded change is written', async () => {
    const base = durableObjectStore(env.SESSIONS)
    let afterWrite: (() => Promise<unknown>) | undefined
    const store: SessionStore = {
      ...base,
      write: async (...parameters) => {
        const reply = await base.write(...parameters)
        const next = afterWrite
        afterWrite = undefined
        await next?.()
        return reply
      },
    }
    const app = newApp({ store })
    const browser = await visitorOf(app, { a: 1 })
    const other = browser.copy()
    const sum = await run(app, browser, async (session) => {
      session.set('n', 5)
      afterWrite = () => run(app, other, (their) => their.increment('n', 100))
      const committing = session.commit()
      const count = await session.increment('n')
      await committing
      return count
    })
    expect(sum).toBe(106)
    expect(await run(app, browser, all)).toEqual({ a: 1, n: 106 })
  })
})

describe('a regenerate whose reply was lost, and which the handler passed over,', () => {
  const regenerate: Handler = (session) => session.regenerate().catch(() => undefined)

  test('is finished before what is written after it, and loses nothing', async () => {
    const losing = losingStore()
    const app = newApp({ store: losing.store })
    const browser = await visitorOf(app, { a: 1 })
    const old = browser.copy()
    await run(app, browser, async (session, request) => {
      losing.lose = 'regenerate'
      await regenerate(session, request)
      session.set('user', 'alice')
    })
    expect(await run(app, browser, all)).toEqual({ a: 1, user: 'alice' })
    expect(await run(app, old, all)).toEqual({})
  })

  test.for([
    ['get', (session: AppSession) => session.get('a')],
    ['load', async (session: AppSession) => session.load({ fresh: true }).then(() => 1)],
    ['update', (session: AppSession) => session.update('a', (value) => value)],
  ] as const)('is finished before what is read after it: %s', async ([, read]) => {
    const losing = losingStore()
    const app = newApp({ store: losing.store })
    const browser = await visitorOf(app, { a: 1 })
    const old = browser.copy()
    const value = await run(app, browser, async (session, request) => {
      losing.lose = 'regenerate'
      await regenerate(session, request)
      return read(session)
    })
    expect(value).toBe(1)
    expect(await run(app, browser, all)).toEqual({ a: 1 })
    expect(await run(app, old, all)).toEqual({})
  })

  test('is finished at the end where nothing is written', async () => {
    const losing = losingStore()
    const app = newApp({ store: losing.store })
    const browser = await visitorOf(app, { a: 1 })
    losing.lose = 'regenerate'
    await run(app, browser, regenerate)
    expect(await run(app, browser, all)).toEqual({ a: 1 })
  })
})

describe('repeated after a lost reply', () => {
  test('an increment and a take of a recorded value count once', async () => {
    const losing = losingStore()
    const app = newApp({ store: losing.store })
    const browser = await visitorOf(app, { n: 1 })
    const sum = await run(app, browser, (session) => {
      session.set('n', 5)
      losing.lose = 'write'
      return twice(() => session.increment('n'))
    })
    expect(sum).toBe(6)
    const taken = await run(app, browser, (session) => {
      session.set('t', 'token')
      losing.lose = 'write'
      return twice(() => session.take('t'))
    })
    expect(taken).toBe('token')
    expect(await run(app, browser, all)).toEqual({ n: 6 })
  })

  test('another update of the same key is not taken for the first', async () => {
    const losing = losingStore()
    const app = newApp({ store: losing.store })
    const browser = await visitorOf(app, { cart: [] })
    const add = (item: string) => (cart: unknown) => [...(cart as string[]), item]
    await run(app, browser, async (session) => {
      losing.lose = 'write'
      await session.update('cart', add('apple')).catch(() => undefined)
      return session.update('cart', add('pear'))
    })
    expect(await run(app, browser, all)).toEqual({ cart: ['apple', 'pear'] })
  })

  test('flash messages keep their keys when others were made in between', async () => {
    const losing = losingStore()
    const app = newApp({ store: losing.store })
    const browser = app.browser()
    await run(app, browser, (session) => {
      session.flash('a', 'A')
      session.flash('b', 'B')
    })
    const shown = await run(app, browser, async (session) => {
      losing.lose = 'write'
      await session.flashes().catch(() => undefined)
      session.flash('a', 'again')
      return session.flashes()
    })
    expect(shown).toEqual({ a: 'A', b: 'B' })
  })

  test('a commit of a framework writes what the first one could not', async () => {
    const store = durableObjectStore(env.SESSIONS)
    let isBroken = false
    const sessions = createSessions<{ a: number }>({
      secrets: [env.SESSION_SECRET],
      store: {
        ...store,
        create: async (...parameters) => {
          if (isBroken) throw new Error('no connection')
          return store.create(...parameters)
        },
      },
    })
    const session = await sessions.open(new Request('https://app.example/'), {})
    session.set('a', 1)
    isBroken = true
    expect((await sessions.commit(session, new Response('ok'))).status).toBe(503)
    isBroken = false
    const response = await sessions.commit(session, new Response('ok'))
    expect(response.headers.getSetCookie()).toHaveLength(1)
    const cookie = response.headers.getSetCookie()[0] ?? ''
    const next = new Request('https://app.example/', { headers: { cookie } })
    expect(await (await sessions.open(next, {})).all()).toEqual({ a: 1 })
  })
})

describe('on KV, which takes one write a second for a key', () => {
  test('a sign-in writes each key once: a new token, and what is set after it', async () => {
    let now = 1_800_000_000_000
    const app = newApp({ store: kvStore(new StaleKv(() => now).location()), now: () => now })
    const browser = await visitorOf(app, { a: 1 })
    const old = browser.copy()
    now += 10_000
    app.handler = async (session) => {
      await session.regenerate()
      session.set('user', 'alice')
    }
    expect((await browser.fetch('/')).status).toBe(200)
    expect(await run(app, browser, all)).toEqual({ a: 1, user: 'alice' })
    expect(await run(app, old, all)).toEqual({})
  })
})

describe('the response', () => {
  test.for(['id', 'isNew', 'createdAt', 'expiresAt'] as const)(
    'varies by cookie when session.%s was looked at',
    async (member) => {
      const app = newApp()
      app.handler = (session) => String(session[member])
      expect((await app.browser().fetch('/')).headers.get('Vary')).toBe('Cookie')
    },
  )

  test('has no header left that caches heed before Cache-Control, when it has a cookie', async () => {
    const app = newApp()
    app.handler = (session) => {
      session.set('a', 1)
      const value = 'public, max-age=600'
      const names = ['CDN-Cache-Control', 'Cloudflare-CDN-Cache-Control', 'Surrogate-Control']
      return new Response('', { headers: Object.fromEntries(names.map((name) => [name, value])) })
    }
    const { headers } = await app.browser().fetch('/')
    expect(headers.get('CDN-Cache-Control')).toBe(null)
    expect(headers.get('Cloudflare-CDN-Cache-Control')).toBe(null)
    expect(headers.get('Surrogate-Control')).toBe(null)
  })

  test('of a handler that threw ends the session’s changes, too', async () => {
    const app = newApp()
    const browser = await visitorOf(app, { a: 1 })
    let late: (() => void) | undefined
    app.handler = (session) => {
      late = () => session.set('a', 2)
      throw new Error('mine')
    }
    await expect(browser.fetch('/')).rejects.toThrow('mine')
    expect(late).toThrow(/^ERR_RESPONSE_SENT/)
  })
})

test('a serializer can be added later: what was stored as JSON is still read', async () => {
  const store = memoryStore()
  const before = newApp({ store })
  const browser = await visitorOf(before, { user: { name: 'alice' }, n: 1 })
  const serializer = { stringify: (value: unknown) => JSON.stringify([value]), parse: () => 'x' }
  const app = newApp({ store, data: serialized(serializer) })
  app.handler = all
  const cookie = browser.cookieHeader()
  const response = await app.browser().fetch('/', { headers: { cookie } })
  expect(await response.json()).toEqual({ user: { name: 'alice' }, n: 1 })
})
