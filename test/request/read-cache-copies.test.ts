import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import { requireUser } from '../../src/guard/require-user.ts'
import type { SessionStore } from '../../src/index.ts'
import { renewing } from '../../src/renew.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import type { SessionKvNamespace } from '../../src/store/kv.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { userIndex } from '../../src/store/user-index.ts'
import { type App, type AppOptions, type Handler, newApp } from '../support/app.ts'
import type { Browser } from '../support/browser.ts'
import { lossyStore } from '../support/lossy-store.ts'
import { CONTEXT } from '../support/site.ts'

interface SharedKv {
  readonly kv: SessionKvNamespace
  readonly calls: string[]
  /** What happens while KV is looking, once. */
  whileGetting: (() => Promise<void>) | undefined
}

/** A namespace in which every write is seen at once. */
function newKv(): SharedKv {
  const values = new Map<string, string>()
  const calls: string[] = []
  const shared: SharedKv = {
    calls,
    whileGetting: undefined,
    kv: {
      get: async (key) => {
        calls.push('get')
        const value = values.get(key) ?? null
        const { whileGetting } = shared
        shared.whileGetting = undefined
        await whileGetting?.()
        return value
      },
      put: async (key, value) => {
        calls.push('put')
        values.set(key, value)
      },
      delete: async (key) => void values.delete(key),
    },
  }
  return shared
}

/** An isolate with copies over this store. */
function isolate(store: SessionStore, kv?: SessionKvNamespace, options: AppOptions = {}): App {
  return newApp({ store, cached: { maxAgeSeconds: 20, ...(kv && { kv }) }, ...options })
}

/** Has an isolate answer a request with this cookie; the others see nothing of it. */
async function visit(app: App, browser: Browser, handler: Handler): Promise<unknown> {
  app.handler = handler
  app.calls.length = 0
  const there = app.browser()
  for (const [name, value] of browser.cookies) there.cookies.set(name, value)
  const response = await there.fetch('/')
  browser.cookies.clear()
  for (const [name, value] of there.cookies) browser.cookies.set(name, value)
  return response.json()
}

const all: Handler = (session) => session.all()
const who: Handler = async (session) => {
  await session.load()
  return session.userId ?? null
}

const NOTHING = (): undefined => undefined

describe.for([
  ['of this version', true, () => durableObjectStore(env.SESSIONS)],
  [
    'of the former version, which do not say what a write has changed',
    false,
    () => durableObjectStore(env.FORMER_SESSIONS),
  ],
  [
    'of this version, behind a store that picks what it passes on',
    false,
    () => picking(durableObjectStore(env.SESSIONS)),
  ],
] as const)('over objects %s, a copy', ([, tellsMoved, makeStore]) => {
  test.for([
    ['set of the same value', (session) => session.set('a', 1)],
    ['delete of a missing key', (session) => session.delete('missing')],
    ['take of a missing key', (session) => session.take('missing')],
    ['increment by 0', (session) => session.increment('n', 0)],
    ['update to the same value', (session) => session.update('a', (a) => a)],
    ['set of the same value, with a use to record', (session) => session.set('a', 1), 60_000],
    ['count', (session) => session.increment('m')],
  ] satisfies [string, Handler, number?][])(
    'is not taken for the newest after a %s',
    async ([, change, wait = 0]) => {
      const store = makeStore()
      const [one, other] = [isolate({ ...store }), isolate({ ...store })]
      const browser = one.browser()
      await visit(one, browser, (session) => {
        session.set('a', 1)
        session.set('n', 1)
      })
      await visit(one, browser, all)
      await visit(other, browser, (session) => session.set('b', 2))
      one.now += wait
      await visit(one, browser, change)
      const copied = await visit(one, browser, all)
      expect(copied).toMatchObject({ a: 1, b: 2, n: 1 })
    },
  )

  test('is not taken for the newest after an operation that is repeated', async () => {
    const lossy = lossyStore(makeStore())
    const [one, other] = [isolate(lossy.store), isolate({ ...lossy.store })]
    const browser = one.browser()
    await visit(one, browser, (session) => session.set('n', 1))
    await visit(one, browser, async (session) => {
      lossy.losses = 1
      await session.increment('n').catch(NOTHING)
      const copy = browser.copy()
      const handler = one.handler
      await visit(one, copy, (again) => again.load({ fresh: true }))
      await visit(other, copy, (again) => again.set('b', 2))
      one.handler = handler
      return session.increment('n')
    })
    expect(await visit(one, browser, all)).toEqual({ n: 2, b: 2 })
  })

  test('follows a write without a call, where it is known that nothing came between', async () => {
    const app = isolate(makeStore())
    const browser = app.browser()
    await visit(app, browser, (session) => session.set('a', 1))
    await visit(app, browser, all)
    await visit(app, browser, (session) => session.set('a', 2))
    expect(await visit(app, browser, all)).toEqual({ a: 2 })
    expect(app.calls).toEqual(tellsMoved ? [] : ['read'])
  })
})

/** A store of a user that passes on what they knew of, and nothing else. */
function picking(store: SessionStore): SessionStore {
  return {
    ...store,
    async write(credential, context, patch) {
      const reply = await store.write(credential, context, patch)
      if (!reply.ok) return reply
      const { usedAt, revision, taken, counts } = reply
      const status = {
        ...(usedAt !== undefined && { usedAt }),
        ...(revision !== undefined && { revision }),
      }
      return { ok: true, taken, counts, ...status }
    },
  }
}

describe('a copy in KV', () => {
  test.for([
    ['a sign-in of a new visitor', []],
    ['a sign-in of a visitor who has a session', ['cart']],
  ] as const)('of %s is shared, with lists of users', async ([, keys]) => {
    const store = durableObjectStore(env.SESSIONS)
    const { kv, calls } = newKv()
    const options = { accounts: { index: () => userIndex(env.USERS) } }
    const [one, other] = [isolate({ ...store }, kv, options), isolate({ ...store }, kv, options)]
    const browser = one.browser()
    for (const key of keys) {
      // oxlint-disable-next-line no-await-in-loop
      await visit(one, browser, (session) => session.set(key, 1))
      // oxlint-disable-next-line no-await-in-loop
      await visit(one, browser, all)
    }
    calls.length = 0
    await visit(one, browser, async (session) => {
      // The clock goes on while the user's list is written.
      one.now += 5
      await session.signIn(`ada-${crypto.randomUUID()}`)
      one.now += 5
    })
    expect(calls).toEqual(['put'])
    other.now = one.now
    expect(await visit(other, browser, who)).toMatch(/^ada-/)
    expect(other.calls).toEqual([])
  })

  test('of a sign-in in a wrapper within another is shared once', async () => {
    const store = memoryStore()
    const { kv, calls } = newKv()
    const app = isolate({ ...store }, kv)
    const inner = app.sessions.withSession(async ({ session }) => {
      await session.signIn('ada')
      return 'ok'
    })
    const browser = app.browser()
    app.handler = (_, request) => inner(request, {}, CONTEXT)
    await browser.fetch('/')
    expect(calls).toEqual(['put'])
    const other = isolate({ ...store }, kv)
    expect(await visit(other, browser, who)).toBe('ada')
    expect(other.calls).toEqual([])
  })

  test('of a session with a new token is shared, and is of no use to the former token', async () => {
    const store = memoryStore()
    const { kv } = newKv()
    const [one, other] = [isolate({ ...store }, kv), isolate({ ...store }, kv)]
    const browser = one.browser()
    await visit(one, browser, (session) => session.set('n', 1))
    const thief = browser.copy()
    await visit(one, browser, (session) => session.regenerate())
    expect(await visit(other, browser, all)).toEqual({ n: 1 })
    expect(other.calls).toEqual([])
    expect(await visit(one, browser, all)).toEqual({ n: 1 })
    expect(one.calls).toEqual([])
    expect(await visit(other, thief, all)).toEqual({})
    expect(await visit(one, thief, all)).toEqual({})
  })

  test('of a session with a renewed token is shared', async () => {
    const store = memoryStore()
    const { kv } = newKv()
    const options = { use: [renewing({ everySeconds: 10 })] }
    const [one, other] = [isolate({ ...store }, kv, options), isolate({ ...store }, kv, options)]
    const browser = one.browser()
    await visit(one, browser, (session) => session.set('n', 1))
    one.now += 25_000
    await visit(one, browser, (session) => session.load())
    expect(one.calls).toEqual(['read', 'regenerate'])
    other.now = one.now
    expect(await visit(other, browser, all)).toEqual({ n: 1 })
    expect(other.calls).toEqual([])
    expect(await visit(one, browser, all)).toEqual({ n: 1 })
    expect(one.calls).toEqual([])
  })

  test('of another user’s sign-in has nothing of the former user', async () => {
    const store = memoryStore()
    const { kv } = newKv()
    const [one, other] = [isolate({ ...store }, kv), isolate({ ...store }, kv)]
    const browser = one.browser()
    await visit(one, browser, async (session) => {
      await session.signIn('ada')
      session.set('of', 'ada')
    })
    await visit(one, browser, all)
    await visit(one, browser, (session) => session.signIn('bob'))
    for (const app of [one, other]) {
      expect(await visit(app, browser, all)).toEqual({})
      expect(await visit(app, browser, who)).toBe('bob')
    }
  })

  interface Revoked {
    /** An isolate that knows nothing yet. */
    readonly app: App
    /** The cookie of before. */
    readonly browser: Browser
    readonly shared: ReturnType<typeof newKv>
  }

  /** A user's session with a copy in KV, which stays there though the session was revoked in another isolate. */
  async function revokedElsewhere(how: Handler): Promise<Revoked> {
    const store = memoryStore()
    const shared = newKv()
    const untold = { ...shared.kv, put: async () => undefined, delete: async () => undefined }
    const [one, other] = [isolate({ ...store }, shared.kv), isolate({ ...store }, untold)]
    const browser = one.browser()
    await visit(one, browser, (session) => session.signIn('ada'))
    await visit(other, browser.copy(), how)
    return { app: isolate({ ...store }, shared.kv), browser, shared }
  }

  describe.for([
    ['destroyed', (session) => session.destroy()],
    ['given another token', (session) => session.regenerate()],
    ['taken over by another user', (session) => session.signIn('bob')],
  ] satisfies [string, Handler][])('of a session that was %s elsewhere', ([, how]) => {
    test('answers until this isolate learns of it, as documented', async () => {
      const { app, browser } = await revokedElsewhere(how)
      expect(await visit(app, browser, who)).toBe('ada')
      expect(app.calls).toEqual([])
    })

    test.for([
      ['a fresh read', (session) => session.load({ fresh: true })],
      [
        'a fresh guard',
        (_, request) => requireUser({ fresh: true })(() => 'in')(request as never, {}, CONTEXT),
      ],
      ['a write', (session) => session.increment('n').catch(NOTHING)],
      ['a sign-out', (session) => session.destroy().catch(NOTHING)],
    ] satisfies [string, Handler][])('answers no more after %s', async ([, learn]) => {
      const { app, browser, shared } = await revokedElsewhere(how)
      await visit(app, browser.copy(), learn)
      shared.calls.length = 0
      expect(await visit(app, browser.copy(), who)).toBe(null)
      // An isolate that knows better does not ask.
      expect(shared.calls).toEqual([])
      expect(await visit(app, browser.copy(), who)).toBe(null)
    })

    test('answers no more after a copy has answered and then a fresh read', async () => {
      const { app, browser } = await revokedElsewhere(how)
      expect(await visit(app, browser.copy(), who)).toBe('ada')
      await visit(app, browser.copy(), (session) => session.load({ fresh: true }))
      expect(await visit(app, browser.copy(), who)).toBe(null)
    })

    test('answers no more though KV was asked before this isolate learnt of it', async () => {
      const { app, browser, shared } = await revokedElsewhere(how)
      shared.whileGetting = async () => {
        const handler = app.handler
        await visit(app, browser.copy(), (session) => session.load({ fresh: true }))
        app.handler = handler
      }
      expect(await visit(app, browser.copy(), who)).toBe(null)
      expect(await visit(app, browser.copy(), who)).toBe(null)
    })
  })

  test('answers no more than this isolate knows of by its own writes', async () => {
    const store = memoryStore()
    const shared = newKv()
    const [one, other] = [isolate({ ...store }, shared.kv), isolate({ ...store }, shared.kv)]
    const browser = one.browser()
    await visit(one, browser, (session) => session.set('n', 1))
    // Its copy in KV does not come to be: the one of before stays.
    shared.kv.put = async () => undefined
    const former = browser.copy()
    await visit(other, browser, (session) => session.set('n', 2))
    expect(await visit(other, former, all)).toEqual({ n: 2 })
  })
})

describe('touchInterval: 0', () => {
  test('is refused with copies, which could never answer', async () => {
    const app = isolate(memoryStore(), undefined, { touchInterval: 0 })
    const plain = newApp({ store: memoryStore(), touchInterval: 0 })
    for (const handler of [all, (session) => session.set('a', 1)] satisfies Handler[]) {
      const browser = app.browser()
      for (const [name, value] of await cookiesOf(plain)) browser.cookies.set(name, value)
      app.handler = handler
      const response = browser.fetch('/')
      // oxlint-disable-next-line no-await-in-loop
      await expect(response).rejects.toMatchObject({
        code: 'ERR_OPTION',
        message: expect.stringContaining('touchInterval: 0'),
      })
    }
    app.handler = (session) => session.set('a', 1)
    await expect(app.browser().fetch('/')).rejects.toMatchObject({ code: 'ERR_OPTION' })
  })

  async function cookiesOf(app: App): Promise<Browser['cookies']> {
    const browser = app.browser()
    await visit(app, browser, (session) => session.set('a', 1))
    return browser.cookies
  }
})
