import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import { kvStore } from '../../src/store/kv.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { type App, type Handler, newApp } from '../support/app.ts'
import type { Browser } from '../support/browser.ts'
import { storesHere, world } from '../support/worlds.ts'

const HERE = world()
const SECOND = 1000
const IDLE = 100 * SECOND
const ABSOLUTE = 1000 * SECOND
const TOUCH = 5 * SECOND

const STORES = {
  'durable-object': undefined,
  memory: memoryStore(),
  kv: kvStore(env.SESSION_KV),
}

const readOne: Handler = async (session) => (await session.get('a')) ?? null

function appOn(store: (typeof STORES)[keyof typeof STORES]): App {
  const timeouts = { idleTimeout: 100, absoluteTimeout: 1000 }
  return newApp(store === undefined ? timeouts : { ...timeouts, store })
}

async function visitor(app: App): Promise<Browser> {
  const browser = app.browser()
  app.handler = (session) => {
    session.set('a', 1)
    return 'ok'
  }
  await browser.fetch('/')
  app.handler = readOne
  app.calls.length = 0
  app.events.length = 0
  return browser
}

describe.for(storesHere<(typeof STORES)[keyof typeof STORES]>(STORES))(
  'on the %s store',
  ([name, store]) => {
    test('a session is alive until the last millisecond of its idle timeout, and not after', async () => {
      const app = appOn(store)
      const browser = await visitor(app)
      const kept = browser.copy()
      app.now += IDLE - 1
      expect(await browser.copy().json('/')).toBe(1)
      const late = appOn(store)
      const other = await visitor(late)
      late.now += IDLE
      expect(await other.json('/')).toBe(null)
      expect(late.events).toMatchObject([{ type: 'expired', timeout: 'idle' }])
      expect(kept.cookies.size).toBe(1)
    })

    test('use keeps it alive beyond its idle timeout, and stopping ends it', async () => {
      const app = appOn(store)
      const browser = await visitor(app)
      for (let use = 0; use < 5; use += 1) {
        app.now += IDLE - TOUCH - 1
        expect(await browser.json('/')).toBe(1)
      }
      app.now += IDLE
      expect(await browser.json('/')).toBe(null)
    })

    test('uses so close that none is recorded do not shorten it by more than a touch interval', async () => {
      const app = appOn(store)
      const browser = await visitor(app)
      app.now += TOUCH - 1
      expect(await browser.json('/')).toBe(1)
      app.now += IDLE - TOUCH
      expect(await browser.json('/')).toBe(1)
    })

    test('no use carries it beyond its absolute timeout, at the exact millisecond', async () => {
      const app = appOn(store)
      const browser = await visitor(app)
      const start = app.now
      while (app.now < start + ABSOLUTE - IDLE) {
        app.now += IDLE / 2
        expect(await browser.json('/')).toBe(1)
      }
      app.now = start + ABSOLUTE - IDLE / 2
      expect(await browser.json('/')).toBe(1)
      app.now = start + ABSOLUTE - 1
      expect(await browser.json('/')).toBe(1)
      app.now = start + ABSOLUTE
      app.calls.length = 0
      expect(await browser.json('/')).toBe(null)
      expect(app.calls).toEqual([])
      expect(app.events.at(-1)).toMatchObject({ type: 'expired', timeout: 'absolute' })
    })

    test('a browser that keeps its cookie for ever stays out, for reading and for writing', async () => {
      const app = appOn(store)
      const browser = await visitor(app)
      const thief = browser.copy()
      app.now += 40 * ABSOLUTE
      expect(await thief.copy().json('/')).toBe(null)
      app.handler = (session) => {
        session.set('b', 2)
        return session.id
      }
      await thief.fetch('/')
      app.handler = (session) => session.all()
      expect(await thief.json('/')).toEqual({ b: 2 })
    })

    test('who comes back too late is a new visitor, whose first write makes a session', async () => {
      const app = appOn(store)
      const browser = await visitor(app)
      const before = browser.cookieHeader()
      app.now += IDLE
      app.handler = async (session) => {
        session.set('b', 2)
        return session.isNew
      }
      const response = await browser.fetch('/')
      expect(response.status).toBe(200)
      expect(browser.cookieHeader()).not.toBe(before)
      app.handler = (session) => session.all()
      expect(await browser.json('/')).toEqual({ b: 2 })
      expect(app.events.filter(({ type }) => type === 'late-write')).toEqual([])
    })

    test('the times are told', async () => {
      const app = appOn(store)
      const browser = app.browser()
      const start = app.now
      app.handler = async (session) => {
        const before = [session.createdAt, session.expiresAt, session.isNew]
        session.set('a', 1)
        await session.commit()
        return [before, session.createdAt ?? null, session.expiresAt ?? null, session.isNew]
      }
      expect(await browser.json('/')).toEqual([
        [null, null, true],
        new Date(start).toISOString(),
        new Date(start + IDLE).toISOString(),
        true,
      ])
      app.now += IDLE / 2
      app.handler = async (session) => {
        await session.get('a')
        return [session.createdAt ?? null, session.expiresAt ?? null, session.isNew]
      }
      expect(await browser.json('/')).toEqual([
        new Date(start).toISOString(),
        new Date(start + IDLE / 2 + IDLE).toISOString(),
        false,
      ])
    })

    test('a clock that jumps back ends nothing and brings nothing back', async () => {
      const app = appOn(store)
      const browser = await visitor(app)
      app.now -= 10 * ABSOLUTE
      expect(await browser.json('/')).toBe(1)
      app.now += 10 * ABSOLUTE + IDLE - 1
      expect(await browser.json('/')).toBe(1)
      expect(name).not.toBe('')
    })
  },
)

// Only where the store records use.
test.skipIf(HERE.isKv)(
  'a token past its idle timeout by its own time is decided by the store, with no call more',
  async () => {
    const app = appOn(undefined)
    const browser = await visitor(app)
    // Used twice without a new cookie: the object knows of a later use than the token.
    app.now += IDLE / 2 - 1
    expect(await browser.json('/')).toBe(1)
    app.now += IDLE / 2 + 2
    app.calls.length = 0
    app.handler = (session) => session.increment('a')
    expect(await browser.json('/')).toBe(2)
    expect(app.calls).toEqual(['write'])
  },
)

// On KV the request itself is the use that keeps the session alive.
test.skipIf(HERE.isKv)(
  'a session that expires during a slow request is not written back',
  async () => {
    const app = appOn(undefined)
    const browser = await visitor(app)
    app.handler = async (session) => {
      await session.get('a')
      app.now += IDLE
      session.set('a', 2)
      return 'ok'
    }
    const response = await browser.fetch('/')
    expect(response.status).toBe(409)
    expect(app.events.at(-1)).toMatchObject({ type: 'late-write', reason: 'ended' })
    expect(browser.cookies.size).toBe(0)
  },
)

test('shorter timeouts count for sessions made under longer ones', async () => {
  const store = memoryStore()
  const long = newApp({ idleTimeout: 1000, absoluteTimeout: 10_000, store })
  const browser = await visitor(long)
  const short = newApp({ idleTimeout: 10, absoluteTimeout: 100, store })
  short.now = long.now + 10 * SECOND
  short.handler = readOne
  const cookie = browser.cookieHeader()
  const response = await short.browser().fetch('/', { headers: { cookie } })
  expect(await response.json()).toBe(null)
})
