import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import type { SessionStore } from '../../src/index.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { kvStore } from '../../src/store/kv.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { userIndex } from '../../src/store/user-index.ts'
import { type App, type AppOptions, type Handler, newApp } from '../support/app.ts'
import type { Browser } from '../support/browser.ts'
import { storesHere, world } from '../support/worlds.ts'

const STORES = {
  objects: () => durableObjectStore(env.SESSIONS),
  memory: () => memoryStore(),
  kv: () => kvStore(env.SESSION_KV),
}
const HERE = world()
const ATOMIC = { objects: STORES.objects, memory: STORES.memory }

const set: Handler = (session) => {
  session.set('a', 1)
  return 'ok'
}
const all: Handler = async (session) => ({
  ...(await session.all()),
  user: session.userId ?? null,
})

/** The changes that may be the first contact of a request with the store. */
const BLIND: Record<string, Handler> = {
  set,
  delete: (session) => {
    session.delete('a')
    return 'ok'
  },
  clear: (session) => {
    session.clear()
    return 'ok'
  },
  flash: (session) => {
    session.flash('note', 'hi')
    return 'ok'
  },
  commit: async (session) => {
    session.set('a', 1)
    await session.commit()
    return 'ok'
  },
  regenerate: async (session) => {
    await session.regenerate()
    return 'ok'
  },
  signIn: async (session) => {
    await session.signIn('ada')
    return 'ok'
  },
}
const BLIND_ATOMIC: Record<string, Handler> = {
  increment: (session) => session.increment('n'),
  update: (session) => session.update('n', () => 1),
  take: async (session) => (await session.take('a')) ?? 'ok',
}

/** An application over such a store, or else that of the world. */
function appOn(newStore?: () => SessionStore, options: AppOptions = {}): App {
  return newApp(newStore === undefined ? options : { ...options, store: newStore() })
}

async function visitor(app: App): Promise<Browser> {
  const browser = app.browser()
  app.handler = set
  await browser.fetch('/')
  return browser
}

describe.for(storesHere<() => SessionStore>(STORES))(
  'a session that ended before the request came, on %s',
  ([name, newStore]) => {
    const changes = { ...BLIND, ...(name === 'kv' ? {} : BLIND_ATOMIC) }

    test.for(Object.entries(changes))('makes the visitor a new one: %s', async ([, change]) => {
      const app = appOn(newStore)
      const browser = await visitor(app)
      const dead = browser.copy()
      app.handler = async (session) => {
        await session.destroy()
        return 'bye'
      }
      await browser.fetch('/')
      app.events.length = 0
      app.handler = change
      const response = await dead.fetch('/')
      expect(response.status).toBe(200)
      expect(app.events.map(({ type }) => type)).not.toContain('late-write')
      expect(app.events[0]).toMatchObject({ type: 'refused', reason: 'ended' })
    })

    test('gives the new session only what this request writes', async () => {
      const app = appOn(newStore)
      const browser = await visitor(app)
      const dead = browser.copy()
      app.handler = async (session) => {
        await session.destroy()
        return 'bye'
      }
      await browser.fetch('/')
      app.handler = (session) => {
        session.set('b', 2)
        return 'ok'
      }
      await dead.fetch('/')
      app.handler = all
      expect(await dead.json('/')).toEqual({ b: 2, user: null })
    })

    test('is not written by a request that came before the end, though it had read nothing', async () => {
      const app = appOn(newStore)
      const browser = await visitor(app)
      const slow = browser.copy()
      const gate = Promise.withResolvers<undefined>()
      app.handler = async (session) => {
        await gate.promise
        session.set('late', 1)
        return 'ok'
      }
      const late = slow.fetch('/')
      await scheduler.wait(1)
      app.handler = async (session) => {
        await session.destroy()
        return 'bye'
      }
      await browser.fetch('/')
      gate.resolve(undefined)
      const response = await late
      expect(response.status).toBe(409)
      expect(app.events.at(-1)).toMatchObject({ type: 'late-write', reason: 'ended' })
    })
  },
)

describe.skipIf(HERE.isKv).for(storesHere<() => SessionStore>(ATOMIC))(
  'a session that expired, on %s',
  ([, newStore]) => {
    test.for(Object.entries({ ...BLIND, ...BLIND_ATOMIC }))(
      'makes the visitor a new one: %s',
      async ([, change]) => {
        const app = appOn(newStore, { idleTimeout: 60 })
        const browser = await visitor(app)
        app.now += 61_000
        app.events.length = 0
        app.calls.length = 0
        app.handler = change
        expect((await browser.fetch('/')).status).toBe(200)
        expect(app.events[0]).toMatchObject({ type: 'expired', timeout: 'idle' })
        expect(app.calls.filter((call) => call === 'read')).toEqual(
          change === BLIND_ATOMIC['update'] && !HERE.isReading ? ['read'] : [],
        )
      },
    )
  },
)

// A copy that says it is alive makes the write a late one; KV learns of a revocation up to 60 s later.
test.skipIf(HERE.isCached || HERE.isKv)(
  'a revocation that another browser learns only by its next write makes it a new visitor',
  async () => {
    const app = newApp({ accounts: { index: userIndex(env.USERS) } })
    const userId = crypto.randomUUID()
    const [one, other] = [app.browser(), app.browser()]
    app.handler = async (session) => {
      await session.signIn(userId)
      return 'ok'
    }
    await one.fetch('/')
    await other.fetch('/')
    expect(await app.sessions.user(userId, {}).revokeAll()).toBe(2)
    app.handler = (session) => session.increment('n')
    expect(await other.json('/')).toBe(1)
    app.handler = all
    expect(await other.json('/')).toEqual({ n: 1, user: null })
    app.handler = set
    expect((await one.fetch('/')).status).toBe(200)
  },
)

test('a dead cookie in a framework’s middleware is written like a new visitor’s', async () => {
  const app = newApp()
  const browser = await visitor(app)
  const dead = browser.copy()
  app.handler = async (session) => {
    await session.destroy()
    return 'bye'
  }
  await browser.fetch('/')
  const { open, commit } = app.sessions
  const url = new URL('https://app.example/')
  const headers = { cookie: dead.cookies.headerFor(url, { method: 'GET', isForeign: false }) }
  const session = await open(new Request(url, { headers }), {})
  session.set('n', 1)
  await session.commit()
  const response = await commit(session, new Response('ok'))
  expect(response.status).toBe(200)
  expect(response.headers.getSetCookie()).toHaveLength(1)
})

test('a sign-in after its session was ended in the same request begins a new one', async () => {
  const app = newApp({ accounts: { index: userIndex(env.USERS) } })
  const userId = crypto.randomUUID()
  const browser = app.browser()
  app.handler = async (session) => {
    await session.signIn(userId)
    session.set('a', 1)
    return 'ok'
  }
  await browser.fetch('/')
  app.handler = async (session) => {
    await session.get('a')
    await app.sessions.user(userId, {}).revokeAll()
    await session.signIn(userId)
    return [await session.get('a'), session.userId]
  }
  expect(await browser.json('/')).toEqual([null, userId])
  app.handler = all
  expect(await browser.json('/')).toEqual({ user: userId })
  expect(await app.sessions.user(userId, {}).list()).toHaveLength(1)
})

test('a write after a read that found the session alive is late, whenever it ended', async () => {
  const app = newApp()
  const browser = await visitor(app)
  const thief = browser.copy()
  app.handler = async (session) => {
    await session.get('a')
    app.handler = (other) => other.destroy()
    await thief.fetch('/')
    session.set('a', 2)
    return 'ok'
  }
  const response = await browser.fetch('/')
  expect(response.status).toBe(409)
  expect(response.headers.getSetCookie()[0]).toContain('Max-Age=0')
})

// Another isolate ended it: only the time that the store tells says when. The endings of this isolate are numbered.
// After a read the session was known to be alive, and every end is late.
test.skipIf(HERE.isReading).for([
  ['long before', -60_000, 200],
  ['just before', -2, 200],
  ['at the same time, as far as two clocks can tell', -1, 409],
  ['while the request ran', 5, 409],
  ['nobody knows when', undefined, 200],
] as const)('an end by another isolate %s', async ([, difference, status]) => {
  const store = memoryStore()
  let at: number | undefined
  let isEnded = false
  const write: typeof store.write = (...parameters) =>
    isEnded
      ? { ok: false, gone: 'ended', ...(at !== undefined && { at }) }
      : store.write(...parameters)
  const app = newApp({ store: { ...store, write } })
  const browser = await visitor(app)
  isEnded = true
  at = difference === undefined ? undefined : app.now + difference
  app.handler = set
  expect((await browser.fetch('/')).status).toBe(status)
})
