import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import { newRandomText } from '../../src/codec/random.ts'
import { requireFresh, requireUser } from '../../src/guard/require-user.ts'
import { createSessions, type SessionStore } from '../../src/index.ts'
import { renewing } from '../../src/renew.ts'
import type { SessionOptions } from '../../src/request/options.ts'
import { cached, type CachedOptions } from '../../src/store/cached.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { kvStore, type SessionKvNamespace } from '../../src/store/kv.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { type App, type Handler, newApp } from '../support/app.ts'
import type { Browser } from '../support/browser.ts'
import { skipSeconds } from '../support/no-waiting.ts'
import { CONTEXT } from '../support/site.ts'
import { StaleKv } from '../support/stale-kv.ts'

const MAX_AGE = 20

/** Two isolates of one Worker: the same store and secrets, each with a cache of its own, and one clock. */
function isolates({ store = memoryStore(), kv, ...options }: IsolateOptions = {}): [App, App] {
  const clock = { now: Date.now() }
  const isolate = (): App => {
    const namespace = kv?.(() => clock.now)
    const shared = namespace === undefined ? {} : { kv: namespace }
    const copies = { maxAgeSeconds: MAX_AGE, ...shared }
    const app = newApp({ store, cached: copies, now: () => clock.now, ...options })
    return Object.defineProperty(app, 'now', {
      get: () => clock.now,
      set: (now: number) => {
        clock.now = now
      },
    })
  }
  return [isolate(), isolate()]
}

interface IsolateOptions extends Partial<Omit<SessionOptions<unknown>, 'store'>> {
  readonly store?: SessionStore
  /** The namespace as an isolate sees it. */
  readonly kv?: (now: () => number) => SessionKvNamespace
}

const set =
  (n: number): Handler =>
  (session) => {
    session.set('n', n)
  }
const get: Handler = (session) => session.get('n')

/** Has an isolate handle a browser's request, and gives the handler's answer. The other isolates see nothing of it. */
async function at(app: App, browser: Browser, handler: Handler): Promise<unknown> {
  app.handler = handler
  app.calls.length = 0
  const there = app.browser()
  for (const [name, value] of browser.cookies) there.cookies.set(name, value)
  const before = browser.cookieHeader()
  const response = await there.fetch('/')
  browser.cookies.clear()
  for (const [name, value] of there.cookies) browser.cookies.set(name, value)
  sent.setCookie = there.cookieHeader() !== before
  return response.json()
}

const sent = { setCookie: false }

describe('a read with a read cache', () => {
  test('asks the store if the request has asked it before, for it has seen what no copy has', async () => {
    const [app, other] = isolates()
    const browser = app.browser()
    await at(app, browser, set(1))
    expect(await at(app, browser, get)).toBe(1)
    expect(app.calls).toEqual([])
    const counted: Handler = async (session) => [
      await session.increment('m'),
      await session.get('n'),
    ]
    // The copy follows the request's own write.
    expect(await at(app, browser, counted)).toEqual([1, 1])
    expect(app.calls).toEqual(['write', 'read'])
    await at(other, browser, set(2))
    expect(await at(app, browser, counted)).toEqual([2, 2])
    expect(app.calls).toEqual(['write', 'read'])
  })

  test('makes no call once the store has told, and sets no cookie', async () => {
    const [app] = isolates()
    const browser = app.browser()
    await at(app, browser, set(1))
    for (let each = 0; each < 3; each += 1) {
      expect(await at(app, browser, get)).toBe(1)
      expect(app.calls).toEqual([])
      expect(sent.setCookie).toBe(false)
    }
  })

  test('sees what its browser wrote: in this isolate without a call, in another with one', async () => {
    const [one, other] = isolates()
    const browser = one.browser()
    await at(one, browser, set(1))
    await at(other, browser, get)
    await at(one, browser, set(2))
    expect(sent.setCookie).toBe(true)
    expect(await at(one, browser, get)).toBe(2)
    expect(one.calls).toEqual([])
    expect(await at(other, browser, get)).toBe(2)
    expect(other.calls).toEqual(['read'])
    expect(await at(other, browser, get)).toBe(2)
    expect(other.calls).toEqual([])
  })

  test('sees every kind of write of its browser', async () => {
    const [app] = isolates()
    const browser = app.browser()
    await at(app, browser, (session) => session.increment('n', 5))
    expect(await at(app, browser, get)).toBe(5)
    await at(app, browser, (session) => session.update('n', (n) => Number(n) * 2))
    expect(await at(app, browser, get)).toBe(10)
    await at(app, browser, (session) => session.take('n'))
    expect(await at(app, browser, get)).toBe(null)
    await at(app, browser, (session) => {
      session.clear()
      session.set('m', 1)
      session.flash('hi', 'there')
    })
    expect(app.calls).toEqual(['write'])
    expect(await at(app, browser, (session) => session.all())).toEqual({ m: 1 })
    expect(app.calls).toEqual([])
    expect(await at(app, browser, (session) => session.flashes())).toEqual({ hi: 'there' })
    expect(await at(app, browser, (session) => session.flashes())).toEqual({})
  })

  test('sees another device’s change within maxAgeSeconds, and then never goes back', async () => {
    const [one, other] = isolates()
    const browser = one.browser()
    await at(one, browser, set(1))
    await at(other, browser, get)
    const device = browser.copy()
    await at(one, device, set(2))
    expect(await at(other, browser, get)).toBe(1)
    one.now += MAX_AGE * 1000 - 1
    expect(await at(other, browser, get)).toBe(1)
    one.now += 1
    expect(await at(one, browser, get)).toBe(2)
    // It was news to this browser, whose cookie says so from now on.
    expect(sent.setCookie).toBe(true)
    expect(await at(other, browser, get)).toBe(2)
  })

  test.for([
    ['destroyed', (session) => session.destroy()],
    ['signed out', (session) => session.signOut()],
    ['given a new token', (session) => session.regenerate()],
  ] as [string, Handler][])(
    'gives nothing of a session that was %s, here at once, elsewhere after maxAgeSeconds',
    async ([, end]) => {
      const [one, other] = isolates()
      const browser = one.browser()
      await at(one, browser, set(1))
      await at(other, browser, get)
      const [thief, another] = [browser.copy(), browser.copy()]
      await at(one, browser, end)
      expect(await at(one, thief, get)).toBe(null)
      expect(await at(other, another, get)).toBe(1)
      one.now += MAX_AGE * 1000
      expect(await at(other, another, get)).toBe(null)
      expect(await at(other, another, get)).toBe(null)
    },
  )

  test('asks the store when a use has to be recorded, so that nobody is signed out early or late', async () => {
    const [app] = isolates({ idleTimeout: 600, touchInterval: 10, absoluteTimeout: 3600 })
    const browser = app.browser()
    await at(app, browser, set(1))
    app.now += 9_999
    await at(app, browser, get)
    expect(app.calls).toEqual([])
    app.now += 1
    await at(app, browser, get)
    expect(app.calls).toEqual(['read'])
    app.now += 599_999
    expect(await at(app, browser, get)).toBe(1)
    app.now += 600_000
    expect(await at(app, browser, get)).toBe(null)
  })

  test('never outlives the absolute timeout', async () => {
    const [app] = isolates({ idleTimeout: 60, touchInterval: 30, absoluteTimeout: 60 })
    const browser = app.browser()
    await at(app, browser, set(1))
    app.now += 29_000
    await at(app, browser, get)
    app.now += 29_000
    expect(await at(app, browser, get)).toBe(1)
    app.now += 2000
    expect(await at(app, browser, get)).toBe(null)
  })

  test('is not answered by a copy from the future, after the clock was set back', async () => {
    const [app] = isolates()
    const browser = app.browser()
    await at(app, browser, set(1))
    app.now -= 60_000
    expect(await at(app, browser, get)).toBe(1)
    expect(app.calls).toEqual(['read'])
  })

  test('goes on while the store is down, for as long as copies are good', async () => {
    const working = memoryStore()
    let isDown = false
    const store: SessionStore = {
      ...working,
      read: async (...call) => {
        if (isDown) throw new Error('the store is down')
        return working.read(...call)
      },
    }
    const [app] = isolates({ store })
    const browser = app.browser()
    await at(app, browser, set(1))
    isDown = true
    expect(await at(app, browser, get)).toBe(1)
    app.now += MAX_AGE * 1000
    expect(await at(app, browser, get)).toMatchObject({ code: 'ERR_STORE' })
    isDown = false
    expect(await at(app, browser, get)).toBe(1)
  })

  test('that has to be fresh asks the store, once', async () => {
    const [app] = isolates()
    const browser = app.browser()
    await at(app, browser, set(1))
    const fresh: Handler = async (session) => {
      await session.load({ fresh: true })
      return session.get('n')
    }
    expect(await at(app, browser, fresh)).toBe(1)
    expect(app.calls).toEqual(['read'])
    const both: Handler = async (session) => {
      await session.get('n')
      await session.load({ fresh: true })
      await session.load({ fresh: true })
      return session.get('n')
    }
    expect(await at(app, browser, both)).toBe(1)
    expect(app.calls).toEqual(['read'])
  })

  test.for([
    ['destroyed', (session) => session.destroy()],
    ['given a new token', (session) => session.regenerate()],
  ] as [string, Handler][])(
    'that found the session %s, has its copy answer nobody any more',
    async ([, end]) => {
      const [one, other] = isolates()
      const browser = one.browser()
      await at(one, browser, set(1))
      await at(other, browser, get)
      const [first, second] = [browser.copy(), browser.copy()]
      await at(one, browser, end)
      const fresh: Handler = async (session) => {
        await session.load({ fresh: true })
        return session.get('n')
      }
      expect(await at(other, first, fresh)).toBe(null)
      expect(await at(other, second, get)).toBe(null)
    },
  )

  test('that nobody made for the idle time is made again before a write, of the store', async () => {
    const options = { idleTimeout: 60, touchInterval: 30, absoluteTimeout: 3600 }
    const [one, other] = isolates(options)
    const browser = one.browser()
    await at(one, browser, set(1))
    const asleep = browser.copy()
    one.now += 45_000
    await at(other, browser, get)
    one.now += 5000
    await at(one, browser, (session) => session.destroy())
    one.now += 10_000
    // By its own account this token is too old: its visitor begins anew, and is no late writer.
    expect(await at(other, asleep, set(2))).toBe(null)
    expect(await at(other, asleep, get)).toBe(2)
  })

  test('that was answered by a copy of a dead session is no late writer when it signs in', async () => {
    const [one, other] = isolates()
    const browser = one.browser()
    await at(one, browser, set(1))
    await at(other, browser, get)
    await at(one, browser.copy(), (session) => session.destroy())
    const signIn: Handler = async (session) => {
      const before = await session.get('n')
      await session.signIn('ada')
      return [before, session.userId, await session.get('n')]
    }
    expect(await at(other, browser, signIn)).toEqual([1, 'ada', null])
  })

  test('keeps a write to a session that ended elsewhere a late one', async () => {
    const [one, other] = isolates()
    const browser = one.browser()
    await at(one, browser, set(1))
    await at(other, browser, get)
    await at(one, browser.copy(), (session) => session.destroy())
    const write: Handler = async (session) => {
      session.set('n', Number(await session.get('n')) + 1)
    }
    expect(await at(other, browser, write)).toMatchObject({ code: 'ERR_SESSION_ENDED' })
    expect(browser.cookies.size).toBe(0)
  })

  test('shows a user nothing of who was signed in before', async () => {
    const [one, other] = isolates()
    const browser = one.browser()
    await at(one, browser, (session) => session.signIn('ada'))
    await at(one, browser, set(1))
    await at(other, browser, get)
    await at(one, browser, (session) => session.signIn('eve'))
    for (const app of [one, other]) {
      const look: Handler = async (session) => [await session.get('n'), session.userId]
      expect(await at(app, browser, look)).toEqual([null, 'eve'])
    }
  })

  test('works over Durable Objects as it does over any other store', async () => {
    const [one, other] = isolates({ store: durableObjectStore(env.SESSIONS) })
    const browser = one.browser()
    await at(one, browser, set(1))
    expect(await at(one, browser, get)).toBe(1)
    expect(one.calls).toEqual([])
    await at(other, browser, set(2))
    expect(await at(one, browser, get)).toBe(2)
    expect(one.calls).toEqual(['read'])
    await at(other, browser.copy(), (session) => session.destroy())
    one.now += MAX_AGE * 1000
    expect(await at(one, browser, get)).toBe(null)
  })

  test('keeps the tokens of others out: a copy answers for the very token it was asked with', async () => {
    const [app] = isolates()
    const [ada, eve] = [app.browser(), app.browser()]
    await at(app, ada, set(1))
    await at(app, eve, set(2))
    expect(await at(app, ada, get)).toBe(1)
    expect(await at(app, eve, get)).toBe(2)
    expect(await at(app, app.browser(), get)).toBe(null)
  })

  test('with a token of before there was a cache asks the store once, and renews the token', async () => {
    const store = memoryStore()
    const [withCopies] = isolates({ store })
    const plain = newApp({ store })
    const browser = plain.browser()
    plain.now = withCopies.now
    await at(plain, browser, set(1))
    expect(browser.cookieHeader()).toMatch(/=1\./)
    await at(withCopies, browser, get)
    expect(withCopies.calls).toEqual(['read'])
    expect(browser.cookieHeader()).toMatch(/=2\./)
    await at(withCopies, browser, get)
    expect(withCopies.calls).toEqual([])
    // And back, so that no revision of old is taken for the present one when the cache comes again.
    await at(plain, browser, get)
    expect(browser.cookieHeader()).toMatch(/=1\./)
  })

  test('of a renewed token is answered by no copy of the former one', async () => {
    const [app] = isolates({ use: [renewing({ everySeconds: 30 })], touchInterval: 60 })
    const browser = app.browser()
    await at(app, browser, set(1))
    app.now += 31_000
    const former = browser.copy()
    expect(await at(app, browser, get)).toBe(1)
    expect(browser.cookieHeader()).not.toBe(former.cookieHeader())
    expect(await at(app, browser, get)).toBe(1)
    app.now += 31_000
    expect(await at(app, former, get)).toBe(null)
  })
})

describe('a guard with a read cache', () => {
  const pass =
    (guard: ReturnType<typeof requireUser>): Handler =>
    (session, request) =>
      guard(() => 'in')(Object.assign(request, { session }), {}, {})

  const REFUSED = expect.objectContaining({ code: 'ERR_SIGN_IN' }) as unknown
  test.for([
    ['a user whose session was ended elsewhere', 'requireUser', 'in', requireUser()],
    ['nobody else', 'requireUser({ fresh: true })', REFUSED, requireUser({ fresh: true })],
    ['nobody else', 'requireFresh', REFUSED, requireFresh(300)],
  ] as const)('lets in a user, and %s: %s', async ([, , outcome, guard]) => {
    const [one, other] = isolates()
    const browser = one.browser()
    await at(one, browser, (session) => session.signIn('ada'))
    expect(await at(other, browser, pass(guard))).toBe('in')
    await at(one, browser.copy(), (session) => session.destroy())
    expect(await at(other, browser, pass(guard))).toEqual(outcome)
  })
})

describe('copies in KV', () => {
  const stale = (): IsolateOptions => {
    let world: StaleKv | undefined
    return { kv: (now) => (world ??= new StaleKv(now)).location() }
  }

  test('answer another isolate without a call of the store, which then asks KV no more', async () => {
    const values = new Map<string, string>()
    let gets = 0
    const kv = {
      ...kvOf(values),
      get: async (key: string) => ((gets += 1), values.get(key) ?? null),
    }
    const [one, other] = isolates({ kv: () => kv })
    const browser = one.browser()
    await at(one, browser, set(1))
    for (let each = 0; each < 3; each += 1) {
      expect(await at(other, browser, get)).toBe(1)
      expect(other.calls).toEqual([])
    }
    expect(gets).toBe(1)
    // What KV has told is no younger for it.
    one.now += MAX_AGE * 1000
    await at(other, browser, get)
    expect(other.calls).toEqual(['read'])
  })

  test('that are stale, missing, or remembered as missing cost a call, and nothing else', async () => {
    const [one, other] = isolates(stale())
    const browser = one.browser()
    await at(one, browser, set(1))
    await at(other, browser, get)
    one.now += 2000
    await at(one, browser, set(2))
    // The other location remembers the first copy.
    expect(await at(other, browser, get)).toBe(2)
    expect(other.calls).toEqual(['read'])
    one.now += 1
    await at(one, browser, set(3))
    // This copy was refused: KV takes one a second.
    expect(await at(other, browser, get)).toBe(3)
  })

  test('go with the session that is destroyed, and are no use to who has the former token', async () => {
    const [one, other] = isolates(stale())
    const browser = one.browser()
    await at(one, browser, set(1))
    const thief = browser.copy()
    one.now += 1000
    await at(one, browser, (session) => session.destroy())
    expect(await at(other, thief, get)).toBe(null)
  })

  const ENTRIES = { '=n': '"forged"' }
  test.for([
    ['no JSON', () => '{'],
    ['no object', () => '5'],
    ['nothing', () => 'null'],
    ['entries that are none', (copy) => ({ ...copy, entries: 5 })],
    ['entries that are no texts', (copy) => ({ ...copy, entries: { '=n': 7 } })],
    ['no revision', (copy) => ({ ...copy, revision: undefined, entries: ENTRIES })],
    ['an earlier revision', (copy) => ({ ...copy, revision: 0, entries: ENTRIES })],
    ['another hash', (copy) => ({ ...copy, hash: newRandomText(), entries: ENTRIES })],
    ['an old age', (copy) => ({ ...copy, at: 1, entries: ENTRIES })],
    ['a later time', (copy) => ({ ...copy, at: Date.now() + 1e9, entries: ENTRIES })],
  ] as [string, (copy: object) => unknown][])('with %s answer nothing', async ([, damaged]) => {
    const values = new Map<string, string>()
    const [one, other] = isolates({ kv: () => kvOf(values) })
    const browser = one.browser()
    await at(one, browser, set(1))
    for (const [key, value] of values) {
      const text = damaged(JSON.parse(value) as object)
      values.set(key, typeof text === 'string' ? text : JSON.stringify(text))
    }
    expect(await at(other, browser, get)).toBe(1)
    expect(other.calls).toEqual(['read'])
  })

  test('hold no secret, and say nothing of who came', async () => {
    const values = new Map<string, string>()
    const [app] = isolates({ kv: () => kvOf(values) })
    const browser = app.browser()
    await at(app, browser, set(1))
    const [text = ''] = values.values()
    expect(Object.keys(JSON.parse(text) as object)).toEqual(
      expect.arrayContaining(['hash', 'at', 'usedAt', 'revision', 'entries']),
    )
    const secret = browser.cookieHeader().split('.')[2]?.slice(16, 48) ?? ''
    expect(secret).toHaveLength(32)
    expect(text).not.toContain(secret)
  })

  test('are written once for each request that changes the session, however it does', async () => {
    const written: string[] = []
    const values = new Map<string, string>()
    const kv: SessionKvNamespace = {
      ...kvOf(values),
      put: async (key, value) => {
        written.push(key)
        values.set(key, value)
      },
    }
    const [app] = isolates({ kv: () => kv })
    const browser = app.browser()
    for (const change of [
      set(1),
      (session) => session.increment('n'),
      (session) => session.update('n', () => 5),
      (session) => session.take('n'),
      async (session) => {
        session.set('a', 1)
        await session.commit()
      },
    ] satisfies Handler[]) {
      written.length = 0
      await at(app, browser, change)
      expect(written).toHaveLength(1)
    }
  })

  test('that fail or hang cost a call, and the response does not wait for them where it need not', async () => {
    const kv: SessionKvNamespace = {
      get: async () => {
        throw new Error('KV is down')
      },
      put: () => new Promise(() => undefined),
      delete: async () => {
        throw new Error('KV is down')
      },
    }
    const [app, other] = isolates({ kv: () => kv })
    const browser = app.browser()
    await at(app, browser, set(1))
    expect(await at(other, browser, get)).toBe(1)
    expect(other.calls).toEqual(['read'])
    await at(app, browser, (session) => session.destroy())
    expect(browser.cookies.size).toBe(0)
  })

  test('that are not told in time are not waited for', async () => {
    skipSeconds()
    const kv = { ...kvOf(new Map()), get: () => new Promise<never>(() => undefined) }
    const [one, other] = isolates({ kv: () => kv })
    const browser = one.browser()
    await at(one, browser, set(1))
    expect(await at(other, browser, get)).toBe(1)
    expect(other.calls).toEqual(['read'])
  })

  test('are awaited where there is no way to go on after the response', async () => {
    const values = new Map<string, string>()
    const sessions = createSessions({
      secrets: ['s'.repeat(32)],
      store: cached(memoryStore(), { maxAgeSeconds: 5, kv: kvOf(values) }),
    })
    const session = await sessions.open(new Request('https://app.example/'), {})
    session.set('n', 1)
    await sessions.commit(session, new Response())
    expect(values.size).toBe(1)
    const later: Promise<unknown>[] = []
    const ctx = { waitUntil: (promise: Promise<unknown>) => void later.push(promise) }
    const another = await sessions.open(new Request('https://app.example/'), {}, ctx)
    another.set('n', 1)
    await sessions.commit(another, new Response())
    expect(later).toHaveLength(1)
    await Promise.all(later)
    expect(values.size).toBe(2)
  })
})

describe('cached()', () => {
  /** Stores and options that JavaScript lets through, whatever their types. */
  const refused = (store: unknown, options: unknown) => () =>
    cached(store as SessionStore, options as CachedOptions)

  test.for([
    undefined,
    null,
    {},
    { maxAgeSeconds: '5' },
    ...[0, -1, Number.NaN, Infinity].map((maxAgeSeconds) => ({ maxAgeSeconds })),
  ])('refuses %j in place of its options', (options) => {
    expect(refused(memoryStore(), options)).toThrow(
      expect.objectContaining({
        code: 'ERR_OPTION',
        message: expect.stringContaining('cached(): maxAgeSeconds'),
      }),
    )
  })

  test('refuses a store whose answers have no revision, and what is no store', () => {
    const kv = new StaleKv(Date.now).location()
    for (const store of [kvStore(kv), {}, undefined]) {
      expect(refused(store, { maxAgeSeconds: 5 })).toThrow(
        expect.objectContaining({
          code: 'ERR_OPTION',
          message: expect.stringContaining('keeps no revisions'),
        }),
      )
    }
  })

  test.for([undefined, null, 5])('refuses %j in place of a KV namespace', (kv) => {
    expect(refused(memoryStore(), { maxAgeSeconds: 5, kv })).toThrow(
      expect.objectContaining({ code: 'ERR_BINDING' }),
    )
  })

  test('keeps one set of copies of a store and these options, and another one of others', () => {
    const [store, other] = [memoryStore(), memoryStore()]
    const kv = kvOf(new Map())
    const one = cached(store, { maxAgeSeconds: 5, kv })
    expect(cached(store, { maxAgeSeconds: 5, kv })).toBe(one)
    expect(cached(store, { maxAgeSeconds: 6, kv })).not.toBe(one)
    expect(cached(store, { maxAgeSeconds: 5 })).not.toBe(one)
    expect(cached(store, { maxAgeSeconds: 5, kv: kvOf(new Map()) })).not.toBe(one)
    expect(cached(other, { maxAgeSeconds: 5, kv })).not.toBe(one)
  })

  test('passes on what the store can do, and its name', () => {
    const store = memoryStore()
    const { name, can } = cached(store, { maxAgeSeconds: 5 })
    expect({ name, can }).toEqual({ name: store.name, can: store.can })
  })

  test('keeps its copies over an env that comes anew with each request', async () => {
    const asked: string[] = []
    const inner = memoryStore()
    const store: SessionStore = {
      ...inner,
      read: (...call) => {
        asked.push('read')
        return inner.read(...call)
      },
    }
    const { withSession } = createSessions({
      secrets: ['s'.repeat(32)],
      store: (_env: object) => cached(store, { maxAgeSeconds: 20 }),
    })
    const fetch = withSession(async ({ session }) => {
      if (session.isNew) session.set('n', 1)
      return Response.json(await session.get('n'))
    })
    const first = await fetch(new Request('https://app.example/'), {}, CONTEXT)
    const cookie = first.headers.getSetCookie().join()
    for (let each = 0; each < 3; each += 1) {
      const request = new Request('https://app.example/', { headers: { cookie } })
      expect(await (await fetch(request, {}, CONTEXT)).json()).toBe(1)
    }
    expect(asked).toEqual([])
  })
})

/** A namespace in which every write is seen at once. */
function kvOf(values: Map<string, string>): SessionKvNamespace {
  return {
    get: async (key) => values.get(key) ?? null,
    put: async (key, value) => void values.set(key, value),
    delete: async (key) => void values.delete(key),
  }
}
