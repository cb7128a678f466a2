import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, test, vi } from 'vitest'

import { accounts } from '../../src/accounts.ts'
import { type Adopted, adopting } from '../../src/adopt.ts'
import { requireFresh } from '../../src/guard/require-user.ts'
import type { SessionStore } from '../../src/index.ts'
import { adoption } from '../../src/migrate/adoption.ts'
import { remembering, type RememberTimeouts } from '../../src/remember.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { kvStore } from '../../src/store/kv.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { userIndex } from '../../src/store/user-index.ts'
import type { SessionLimit } from '../../src/store/user-index/user-list.ts'
import { type App, type AppOptions, type Handler, newApp } from '../support/app.ts'
import { Visitor, who } from '../support/visitor.ts'

const COOKIE = '__Host-session'
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const DAY_SECONDS = 86_400
const STORES: readonly (readonly [name: string, newStore: () => SessionStore])[] = [
  ['objects', () => durableObjectStore(env.SESSIONS)],
  ['memory', () => memoryStore()],
  ['KV', () => kvStore(env.SESSION_KV)],
]

afterEach(() => {
  vi.useRealTimers()
})

function appWith(options: AppOptions = {}, timeouts?: RememberTimeouts): App {
  return newApp({
    ...options,
    accounts: { remember: remembering(timeouts), ...options.accounts },
  })
}

function signingIn(details: object, userId = 'ada'): Handler {
  return (session) => session.signIn(userId, details)
}

/** Returns an application, and a visitor who is signed in and remembered. */
async function remembered(
  options: AppOptions = {},
  remember: true | RememberTimeouts = true,
): Promise<{ readonly app: App; readonly visitor: Visitor }> {
  const app = appWith(options)
  const visitor = new Visitor(app)
  await visitor.visit(signingIn({ remember }))
  app.calls.length = 0
  app.events.length = 0
  return { app, visitor }
}

/** Returns the code and message of the error of a sign-in. */
function refusalOf(details: object): Handler {
  return async (session) => {
    try {
      await session.signIn('ada', details)
    } catch (error) {
      return String(error)
    }
    return 'signed in'
  }
}

describe('an option that cannot work is refused:', () => {
  test.for<[what: string, timeouts: unknown]>([
    ['no timeout at all', { idleTimeout: 0 }],
    ['a time in the past', { absoluteTimeout: -1 }],
    ['a text', { idleTimeout: '30 days' }],
    ['not a number', { absoluteTimeout: Number.NaN }],
    ['no end', { absoluteTimeout: Infinity }],
    ['more than a thousand years', { absoluteTimeout: 1001 * 365 * DAY_SECONDS }],
    ['an idle timeout past the absolute one', { idleTimeout: 20, absoluteTimeout: 10 }],
    ['an unknown name', { idle: 1000 }],
    ['a number', 1000],
    ['nothing', null],
  ])('%s', async ([, timeouts]) => {
    expect(() => remembering(timeouts as never)).toThrow(/^ERR_OPTION: remember: idleTimeout is /)
    const visitor = new Visitor(appWith())
    expect(await visitor.visit(refusalOf({ remember: timeouts }))).toMatch(/ERR_OPTION: remember: /)
    expect(visitor.browser.cookies.size).toBe(0)
  })

  test('an idle timeout too short for the interval in which uses are recorded', async () => {
    const visitor = new Visitor(appWith({ touchInterval: 60 }))
    const remember = (idleTimeout: number): Handler => refusalOf({ remember: { idleTimeout } })
    expect(await visitor.visit(remember(119))).toMatch(/ERR_OPTION.*at least two touchIntervals/)
    expect(await visitor.visit(remember(120))).toBe('signed in')
  })

  test('a text where the sign-in says whether to remember', async () => {
    const visitor = new Visitor(appWith())
    expect(await visitor.visit(refusalOf({ remember: 'on' }))).toMatch(/ERR_OPTION: remember: /)
  })

  test('something else than remembering() for accounts()', () => {
    expect(() => accounts({ remember: {} as never })).toThrow(
      'ERR_OPTION: accounts(): remember must be remembering() of edge-session/remember.',
    )
  })

  test('a remembered sign-in without remembering()', async () => {
    const app = newApp()
    const visitor = new Visitor(app)
    expect(await visitor.visit(refusalOf({ remember: true }))).toMatch(
      /ERR_OPTION: signIn\(\{ remember \}\) needs accounts\(\{ remember: remembering\(\) \}\) with edge-session\/remember\./,
    )
    expect(app.calls).toEqual([])
    // A form that has no box, or an empty one, needs nothing.
    expect(await visitor.visit(refusalOf({ remember: false }))).toBe('signed in')
  })
})

describe.for(STORES)('on %s', ([name, newStore]) => {
  const isKv = name === 'KV'

  test('the sign-in sets the timeouts and the cookie, for this session alone', async () => {
    const { app, visitor } = await remembered(
      { store: newStore() },
      {
        idleTimeout: 10 * DAY_SECONDS,
        absoluteTimeout: 60 * DAY_SECONDS,
      },
    )
    expect(visitor.maxAge).toBe(60 * DAY_SECONDS)
    const other = new Visitor(app)
    await other.visit(signingIn({}, 'bob'))
    expect(other.maxAge).toBe(undefined)
    app.now += 10 * DAY - 1
    expect(await other.visit(who)).toBe('nobody')
    expect(await visitor.visit(who)).toBe('ada')
    app.now += 10 * DAY
    expect(await visitor.visit(who)).toBe('nobody')
    expect(app.events.at(-1)).toMatchObject({ type: 'expired', timeout: 'idle' })
  })

  test('what is left out is as remembering() says', async () => {
    const app = appWith({ store: newStore() }, { idleTimeout: 7 * DAY_SECONDS })
    const visitor = new Visitor(app)
    const expiry: Handler = async (session) => {
      await session.load()
      return Number(session.expiresAt) - app.now
    }
    const lasting = async (remember: unknown): Promise<unknown> => {
      await visitor.visit(signingIn({ remember }))
      return [visitor.maxAge, await visitor.visit(expiry)]
    }
    expect(await lasting(true)).toEqual([30 * DAY_SECONDS, 7 * DAY])
    expect(await lasting({ absoluteTimeout: 5 * DAY_SECONDS })).toEqual([5 * DAY_SECONDS, 5 * DAY])
    expect(await lasting({ idleTimeout: 40 * DAY_SECONDS })).toEqual([40 * DAY_SECONDS, 40 * DAY])
  })

  test('the cookie never lasts more than 400 days, and a session in use gets it again in time', async () => {
    const long = { idleTimeout: 900 * DAY_SECONDS, absoluteTimeout: 1000 * DAY_SECONDS }
    const { app, visitor } = await remembered({ store: newStore() }, long)
    expect(visitor.maxAge).toBe(400 * DAY_SECONDS)
    app.now += 399 * DAY
    expect(await visitor.visit(who)).toBe('ada')
    expect(visitor.maxAge).toBe(400 * DAY_SECONDS)
    app.now += 399 * DAY
    expect(await visitor.visit(who)).toBe('ada')
    expect(visitor.maxAge).toBe(202 * DAY_SECONDS)
  })

  test.for([
    ['without a read before', () => undefined],
    ['after a read', (session) => session.load()],
  ] as const satisfies [string, Handler][])(
    'who proves the same user again stays remembered, from then on: %s',
    async ([, before]) => {
      const { app, visitor } = await remembered({ store: newStore() })
      app.now += 20 * DAY
      await visitor.visit(async (session) => {
        await before(session)
        await session.signIn('ada', { aal: 2 })
        return Number(session.expiresAt) - app.now
      })
      expect(visitor.maxAge).toBe(30 * DAY_SECONDS)
      visitor.browser.restart()
      app.now += 20 * DAY
      expect(await visitor.visit(who)).toBe('ada')
    },
  )

  test('a second sign-in in one request keeps what the first one said, unless it says otherwise', async () => {
    const { visitor } = await remembered({ store: newStore() })
    const twice =
      (...details: object[]): Handler =>
      async (session) => {
        for (const each of details) await session.signIn('bob', each)
      }
    await visitor.visit(twice({ remember: true }, { aal: 2 }))
    expect(visitor.maxAge).toBe(30 * DAY_SECONDS)
    await visitor.visit(twice({ remember: true }, { remember: false }))
    expect(visitor.maxAge).toBe(undefined)
  })

  test('a sign-in that says no ends it', async () => {
    const { app, visitor } = await remembered({ store: newStore() })
    app.now += DAY
    await visitor.visit(signingIn({ remember: false }))
    expect(visitor.maxAge).toBe(undefined)
    app.now += 29 * MINUTE
    expect(await visitor.visit(who)).toBe('ada')
    app.now += 13 * HOUR
    app.calls.length = 0
    expect(await visitor.visit(who)).toBe('nobody')
    expect(app.calls).toEqual([])
  })

  test('another user who signs in is not remembered', async () => {
    const { app, visitor } = await remembered({ store: newStore() })
    app.now += DAY
    await visitor.visit(signingIn({}, 'bob'))
    expect(visitor.maxAge).toBe(undefined)
    visitor.browser.restart()
    expect(await visitor.visit(who)).toBe('nobody')
  })

  test('a way back to the first user of one request does not bring it back', async () => {
    const { visitor } = await remembered({ store: newStore() })
    await visitor.visit(async (session) => {
      await session.signIn('bob')
      await session.signIn('ada')
    })
    expect(visitor.maxAge).toBe(undefined)
  })

  test('a write alone goes to the remembered session, long past the timeouts of the layer', async () => {
    const { app, visitor } = await remembered({ store: newStore() })
    app.now += 10 * DAY
    await visitor.visit((session) => session.set('theme', 'dark'))
    expect(app.calls).toEqual(['write'])
    expect(app.events).toEqual([])
    app.now += 29 * MINUTE
    expect(
      await visitor.visit(async (session) => [await session.get('theme'), session.userId]),
    ).toEqual(['dark', 'ada'])
  })

  test('a sign-out ends it everywhere, and clears the cookie', async () => {
    const { app, visitor } = await remembered({ store: newStore() })
    const thief = visitor.browser.copy()
    app.now += 10 * DAY
    await visitor.visit((session) => session.signOut())
    expect(visitor.browser.cookies.has(COOKIE)).toBe(false)
    expect(await visitor.visit(who, thief)).toBe('nobody')
  })

  test('a token under an older secret is signed again, whether the session is read or not', async () => {
    const [older, newer] = ['older secret', 'newer secret'].map((text) => text.padEnd(32, '.'))
    const store = newStore()
    const before = await remembered({ store, secrets: [older ?? ''] })
    const app = appWith({ store, secrets: [newer ?? '', older ?? ''] })
    for (const [handler, maxAge] of [
      [() => 'unused', 400 * DAY_SECONDS],
      [who, 20 * DAY_SECONDS],
    ] as const) {
      const visitor = new Visitor(app)
      app.now = before.app.now + 10 * DAY
      visitor.browser.cookies.addAll(before.visitor.browser.cookies)
      await visitor.visit(handler)
      expect(visitor.maxAge).toBe(maxAge)
      visitor.browser.restart()
      expect(await visitor.visit(who)).toBe('ada')
    }
  })

  test('when it ends is known once it is loaded', async () => {
    const { app, visitor } = await remembered({ store: newStore() })
    app.now += 10 * DAY
    const times = await visitor.visit(async (session) => {
      const before = [Number(session.createdAt) - app.now, session.expiresAt ?? null]
      await session.load()
      return [before, Number(session.expiresAt) - app.now]
    })
    expect(times).toEqual([[-10 * DAY, null], 20 * DAY])
  })

  test('an old cookie is adopted for as long as its application says', async () => {
    const remember = { idleTimeout: 20 * DAY_SECONDS }
    const old = adoption<unknown, Adopted<object>>({
      name: 'old',
      verify: async (text) => ({ value: 'ada', identity: text }),
      load: (userId) => ({ userId, details: { remember } }),
    })
    const app = appWith({ store: newStore(), use: [adopting(old)] })
    const visitor = new Visitor(app)
    visitor.browser.cookies.set('old', crypto.randomUUID())
    expect(await visitor.visit(who)).toBe('ada')
    expect(visitor.maxAge).toBe(30 * DAY_SECONDS)
    app.now += 20 * DAY - 1000
    visitor.browser.restart()
    expect(await visitor.visit(who)).toBe('ada')
  })

  test.skipIf(isKv)('copies never answer past its end', async () => {
    const { app, visitor } = await remembered(
      { store: newStore(), cached: { maxAgeSeconds: 60 } },
      { idleTimeout: HOUR / 1000, absoluteTimeout: HOUR / 1000 },
    )
    app.now += HOUR - 10_000
    expect(await visitor.visit(who)).toBe('ada')
    const cookie = visitor.browser.cookieHeader()
    app.now += 9999
    app.calls.length = 0
    expect(await visitor.visit(who)).toBe('ada')
    expect(app.calls).toEqual([])
    app.now += 1
    expect(await visitor.visit(who, visitor.browser, { headers: { cookie } })).toBe('nobody')
  })
})

test('requireFresh still asks a remembered user for the password', async () => {
  const { app, visitor } = await remembered()
  const guarded: Handler = (_, request) => requireFresh(300)(() => 'done')(request as never, {}, {})
  const statusOf = async (): Promise<number> => {
    app.handler = guarded
    return (await visitor.browser.fetch('/')).status
  }
  expect(await statusOf()).toBe(200)
  app.now += 5 * MINUTE
  expect(await statusOf()).toBe(401)
  visitor.browser.restart()
  expect(await statusOf()).toBe(401)
  await visitor.visit(signingIn({ aal: 2 }))
  expect(await statusOf()).toBe(200)
})

test('a prefetch of a remembered session is no use, however late it comes', async () => {
  const { app, visitor } = await remembered(
    {},
    { idleTimeout: 20 * DAY_SECONDS, absoluteTimeout: 60 * DAY_SECONDS },
  )
  app.now += 19 * DAY
  const headers = { 'Sec-Purpose': 'prefetch' }
  expect(await visitor.visit(who, visitor.browser, { headers })).toBe('ada')
  app.now += DAY
  expect(await visitor.visit(who)).toBe('nobody')
})

describe('the object of a remembered session', () => {
  test('keeps it when the alarm of before the sign-in rings, and empties itself at its end', async () => {
    const app = appWith()
    const visitor = new Visitor(app)
    await visitor.visit((session) => session.set('cart', ['apple']))
    const id = await visitor.visit(async (session) => {
      await session.signIn('ada', { remember: true })
      return session.id
    })
    const stub = env.SESSIONS.get(env.SESSIONS.idFromString(String(id)))
    const alarm = (): Promise<number | null> =>
      runInDurableObject(stub, (_, { storage }) => storage.getAlarm())
    const start = app.now
    expect(await alarm()).toBe(start + 30 * MINUTE)
    for (const at of [start + 30 * MINUTE, start + 30 * DAY - 1]) {
      vi.useFakeTimers({ toFake: ['Date'], now: at })
      await runDurableObjectAlarm(stub)
      vi.useRealTimers()
      expect(await alarm()).toBe(start + 30 * DAY)
    }
    vi.useFakeTimers({ toFake: ['Date'], now: start + 30 * DAY })
    await runDurableObjectAlarm(stub)
    vi.useRealTimers()
    const rows = await runInDurableObject(stub, (_, { storage }) => [...storage.kv.list()])
    expect([rows, await alarm()]).toEqual([[], null])
  })
})

describe.for(STORES.filter(([name]) => name !== 'memory'))(
  'the list of a user’s sessions on %s',
  ([, newStore]) => {
    const newUser = (): string => `user ${crypto.randomUUID()}`

    function listedApp(limit?: SessionLimit): App {
      const index = userIndex(env.USERS)
      return appWith({ store: newStore(), accounts: { index, ...(limit && { limit }) } })
    }

    test('has a remembered one until its own end, and ends it', async () => {
      const app = listedApp()
      const userId = newUser()
      const [lasting, short] = [new Visitor(app), new Visitor(app)]
      await lasting.visit(signingIn({ remember: true, label: 'lasting' }, userId))
      await short.visit(signingIn({ label: 'short' }, userId))
      const listed = async (): Promise<unknown[]> =>
        (await app.sessions.user(userId, {}).list()).map(({ label, expiresAt }) => [
          label,
          Number(expiresAt) - app.now,
        ])
      expect(await listed()).toHaveLength(2)
      app.now += 20 * DAY
      expect(await listed()).toEqual([['lasting', 10 * DAY]])
      expect(await lasting.visit(who)).toBe(userId)
      expect(await app.sessions.user(userId, {}).revokeAll()).toBeGreaterThan(0)
      expect(await lasting.visit(who)).toBe('nobody')
    })

    test('counts a remembered one against the limit for as long as it lives', async () => {
      const app = listedApp({ max: 1, whenFull: 'refuse' })
      const userId = newUser()
      const first = new Visitor(app)
      await first.visit(signingIn({ remember: { idleTimeout: 20 * DAY_SECONDS } }, userId))
      const second: Handler = async (session) => {
        const refused = await session.signIn(userId).catch(String)
        return refused ?? 'signed in'
      }
      app.now += 20 * DAY - MINUTE
      expect(await new Visitor(app).visit(second)).toMatch('ERR_SESSION_LIMIT')
      app.now += MINUTE
      expect(await new Visitor(app).visit(second)).toBe('signed in')
    })

    test('has it with its end after another token, and after a sign-in that keeps it', async () => {
      const app = listedApp()
      const userId = newUser()
      const visitor = new Visitor(app)
      await visitor.visit(signingIn({ remember: true }, userId))
      const ends = async (): Promise<number[]> => {
        app.now += 13 * HOUR
        const list = await app.sessions.user(userId, {}).list()
        return list.map(({ expiresAt }) => Number(expiresAt) - app.now)
      }
      expect(await ends()).toEqual([30 * DAY - 13 * HOUR])
      await visitor.visit((session) => session.regenerate())
      expect(await ends()).toEqual([30 * DAY - 26 * HOUR])
      await visitor.visit(signingIn({}, userId))
      expect(await ends()).toEqual([30 * DAY - 13 * HOUR])
      await visitor.visit(signingIn({ remember: false }, userId))
      expect(await ends()).toEqual([])
    })
  },
)
