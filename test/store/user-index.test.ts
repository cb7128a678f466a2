import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env, exports } from 'cloudflare:workers'
import { afterEach, describe, expect, test, vi } from 'vitest'

import type { UserSessions } from '../../src/accounts/user-sessions.ts'
import { SessionError } from '../../src/index.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { kvStore } from '../../src/store/kv.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { userIndex } from '../../src/store/user-index.ts'
import { type App, type AppOptions, type Handler, newApp } from '../support/app.ts'
import { Browser } from '../support/browser.ts'
import type { Fault } from '../support/faulty-object.ts'

const users = userIndex(env.USERS)
const kv = kvStore(env.SESSION_KV)
const HOUR = 3_600_000
const COOKIE = '__Host-session'
/** The number of sessions that one call of the index ends. */
const BATCH = 250

afterEach(() => {
  vi.useRealTimers()
})

/** Rings the alarm of a user's object when this much time has passed. Objects run in the tests' isolate. */
async function ringAfter(milliseconds: number, userId: string): Promise<void> {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + milliseconds })
  expect(await runDurableObjectAlarm(objectOf(userId))).toBe(true)
}

function appWith({ accounts, ...options }: AppOptions = {}): App {
  return newApp({ accounts: { index: users, ...accounts }, ...options })
}

function newUser(): string {
  return `user ${crypto.randomUUID()}`
}

/** A browser in which this user has signed in. */
async function signedIn(app: App, userId: string, details = {}, headers = {}): Promise<Browser> {
  const browser = app.browser()
  app.handler = async (session) => {
    await session.signIn(userId, details)
    session.set('secret', 'of the user')
    return session.id
  }
  const response = await browser.fetch('/', { headers })
  if (!response.ok) throw new Error(`The sign-in was answered by ${response.status}.`)
  return browser
}

const who: Handler = async (session) => {
  await session.load()
  return session.userId ?? null
}

/** Who each of these browsers is signed in as. */
async function whoAre(app: App, browsers: readonly Browser[]): Promise<unknown[]> {
  app.handler = who
  return Promise.all(browsers.map((browser) => browser.json('/')))
}

async function idOf(app: App, browser: Browser): Promise<string> {
  app.handler = (session) => session.id
  return browser.json<string>('/')
}

function objectOf(userId: string, cookieName = COOKIE): DurableObjectStub {
  return env.USERS.getByName(`${cookieName} ${userId}`)
}

/** How many rows a user's object keeps, and whether it has an alarm. */
async function kept(userId: string): Promise<{ rows: number; hasAlarm: boolean }> {
  return runInDurableObject(objectOf(userId), async (_, { storage }) => ({
    rows: [...storage.kv.list()].length,
    hasAlarm: (await storage.getAlarm()) !== null,
  }))
}

describe.for([
  ['objects', {}],
  ['KV', { store: kv }],
] as const)('a list of sessions on %s', ([where, options]) => {
  test('has each sign-in with its times and device, the latest first', async () => {
    const app = appWith(options)
    const userId = newUser()
    const start = app.now
    const phone = await signedIn(
      app,
      userId,
      { label: 'phone', country: 'PT' },
      { 'User-Agent': 'A phone' },
    )
    app.now += 60_000
    const laptop = await signedIn(
      app,
      userId,
      { userAgent: 'A laptop' },
      { 'User-Agent': 'something else' },
    )
    const [phoneId, laptopId] = [await idOf(app, phone), await idOf(app, laptop)]
    app.now += 4 * 60_000
    await whoAre(app, [phone])
    const current = { id: laptopId }
    const list = await app.sessions.user(userId, {}).list(current)
    const isKnown = where === 'objects'
    expect(list).toEqual([
      {
        id: laptopId,
        createdAt: new Date(start + 60_000),
        lastSeenAt: new Date(start + 60_000),
        expiresAt: new Date(start + 60_000 + (isKnown ? HOUR / 2 : 12 * HOUR)),
        userAgent: 'A laptop',
        country: undefined,
        label: undefined,
        isBound: false,
        isCurrent: true,
      },
      {
        id: phoneId,
        createdAt: new Date(start),
        // KV records no use.
        lastSeenAt: new Date(isKnown ? app.now : start),
        expiresAt: new Date(isKnown ? app.now + HOUR / 2 : start + 12 * HOUR),
        userAgent: 'A phone',
        country: 'PT',
        label: 'phone',
        isBound: false,
        isCurrent: false,
      },
    ])
  })

  test('has fifty of fifty overlapping sign-ins', async () => {
    const app = appWith(options)
    const userId = newUser()
    const browsers = await Promise.all(Array.from({ length: 50 }, () => signedIn(app, userId)))
    const ids = await Promise.all(browsers.map((browser) => idOf(app, browser)))
    const list = await app.sessions.user(userId, {}).list()
    expect(list.map(({ id }) => id).toSorted()).toEqual(ids.toSorted())
  })

  test('has no session that was signed out, destroyed, revoked or taken over by another user', async () => {
    const app = appWith(options)
    const userId = newUser()
    const [out, destroyed, revoked, taken, kept_] = await Promise.all(
      Array.from({ length: 5 }, () => signedIn(app, userId)),
    )
    if (!out || !destroyed || !revoked || !taken || !kept_) throw new Error('five are there')
    app.now += 2000
    app.handler = async (session) => {
      await session.signOut()
    }
    await out.fetch('/')
    app.handler = async (session) => {
      await session.destroy()
    }
    await destroyed.fetch('/')
    await app.sessions.user(userId, {}).revoke(await idOf(app, revoked))
    app.handler = (session) => session.signIn(newUser())
    await taken.fetch('/')
    // A place is kept for a minute for a sign-in on its way; it is shown to nobody.
    const list = await app.sessions.user(userId, {}).list()
    expect(list.map(({ id }) => id)).toEqual([await idOf(app, kept_)])
  })

  test('follows a session whose token is regenerated', async () => {
    const app = appWith(options)
    const userId = newUser()
    const browser = await signedIn(app, userId, { label: 'phone' })
    app.now += 2000
    app.handler = (session) => session.regenerate()
    await browser.fetch('/')
    const mine = app.sessions.user(userId, {})
    const list = await mine.list()
    expect(list).toMatchObject([{ label: 'phone', id: await idOf(app, browser) }])
    expect(await whoAre(app, [browser])).toEqual([userId])
    expect(await mine.revoke(list[0]?.id ?? '')).toBe(true)
    expect(await whoAre(app, [browser])).toEqual([null])
  })

  test('ends one session, and no other’s', async () => {
    const app = appWith(options)
    const [userId, other] = [newUser(), newUser()]
    const one = await signedIn(app, userId)
    const two = await signedIn(app, userId)
    const theirs = await signedIn(app, other)
    const mine = app.sessions.user(userId, {})
    app.events.length = 0
    const id = await idOf(app, one)
    expect(await mine.revoke(id)).toBe(true)
    expect(app.events).toEqual([{ type: 'revoked', id }])
    expect(await whoAre(app, [one, two, theirs])).toEqual([null, userId, other])
    expect(await mine.revoke(id)).toBe(false)
    expect(await mine.revoke(await idOf(app, theirs))).toBe(false)
    expect(await mine.revoke('nonsense')).toBe(false)
    expect(await mine.revoke('')).toBe(false)
    expect(await whoAre(app, [theirs])).toEqual([other])
  })

  test.each([
    ['revoke(undefined)', (mine: UserSessions) => mine.revoke(undefined as unknown as string)],
    ['revoke(7)', (mine: UserSessions) => mine.revoke(7 as unknown as string)],
    ['revokeOthers(undefined)', (mine: UserSessions) => mine.revokeOthers(undefined as never)],
    ['revokeOthers({})', (mine: UserSessions) => mine.revokeOthers({} as never)],
  ])('refuses %s, and ends none', async (_name, revoke) => {
    const app = appWith(options)
    const userId = newUser()
    const one = await signedIn(app, userId)
    await expect(revoke(app.sessions.user(userId, {}))).rejects.toMatchObject({ code: 'ERR_VALUE' })
    expect(await whoAre(app, [one])).toEqual([userId])
  })

  test('ends all others, and then all', async () => {
    const app = appWith(options)
    const userId = newUser()
    const browsers = await Promise.all(Array.from({ length: 4 }, () => signedIn(app, userId)))
    const mine = app.sessions.user(userId, {})
    app.handler = (session) => mine.revokeOthers(session)
    expect(await browsers[0]?.json('/')).toBe(3)
    expect(await whoAre(app, browsers)).toEqual([userId, null, null, null])
    expect(await mine.revokeAll()).toBe(1)
    expect(await whoAre(app, browsers)).toEqual([null, null, null, null])
    expect(await mine.revokeAll()).toBe(0)
    expect(await mine.list()).toEqual([])
  })

  test('forgets what is past its absolute timeout', async () => {
    const app = appWith(options)
    const userId = newUser()
    await signedIn(app, userId)
    app.now += 12 * HOUR
    expect(await app.sessions.user(userId, {}).list()).toEqual([])
  })

  test('is the user’s under this cookie name, and no other layer’s', async () => {
    const app = appWith(options)
    const other = appWith({ ...options, cookie: { name: '__Host-admin' } })
    const userId = newUser()
    await signedIn(app, userId)
    await signedIn(other, userId)
    expect(await app.sessions.user(userId, {}).list()).toHaveLength(1)
    await other.sessions.user(userId, {}).revokeAll()
    expect(await app.sessions.user(userId, {}).list()).toHaveLength(1)
  })
})

describe('a limit of parallel sessions', () => {
  test('ends those that signed in first', async () => {
    const app = appWith({ accounts: { limit: { max: 2, whenFull: 'end-oldest' } } })
    const userId = newUser()
    const browsers: Browser[] = []
    for (let index = 0; index < 4; index += 1) {
      browsers.push(await signedIn(app, userId))
      app.now += 1000
    }
    expect(await whoAre(app, browsers)).toEqual([null, null, userId, userId])
    expect(app.events.filter(({ type }) => type === 'revoked')).toHaveLength(2)
    expect(await app.sessions.user(userId, {}).list()).toHaveLength(2)
  })

  test('lets no more than that many in, however many overlap', async () => {
    for (const whenFull of ['end-oldest', 'refuse'] as const) {
      const app = appWith({ accounts: { limit: { max: 3, whenFull } } })
      const userId = newUser()
      app.handler = async (session) => {
        await session.signIn(userId).catch((error: unknown) => error)
        return 'ok'
      }
      const browsers = Array.from({ length: 12 }, () => app.browser())
      await Promise.all(browsers.map((browser) => browser.fetch('/')))
      const known = await whoAre(app, browsers)
      expect(known.filter((id) => id === userId)).toHaveLength(3)
      expect(await app.sessions.user(userId, {}).list()).toHaveLength(3)
    }
  })

  test('refuses, and leaves the visitor’s session as it was', async () => {
    const app = appWith({ accounts: { limit: { max: 1, whenFull: 'refuse' } } })
    const userId = newUser()
    const first = await signedIn(app, userId)
    const browser = app.browser()
    app.handler = (session) => session.set('cart', ['apple'])
    await browser.fetch('/')
    app.handler = (session) => session.signIn(userId)
    app.events.length = 0
    await expect(browser.fetch('/')).rejects.toThrow(
      /^ERR_SESSION_LIMIT: This user already has 1 sessions, the configured maximum\. End one first/,
    )
    expect(app.events).toMatchObject([{ type: 'refused', reason: 'limit' }])
    app.handler = (session) => session.all()
    expect(await browser.json('/')).toEqual({ cart: ['apple'] })
    expect(await whoAre(app, [first, browser])).toEqual([userId, null])
    // A re-authentication takes no other place.
    app.handler = (session) => session.signIn(userId)
    expect((await first.fetch('/')).status).toBe(200)
  })

  test('counts no session that is over', async () => {
    const app = appWith({ accounts: { limit: { max: 1, whenFull: 'refuse' } } })
    const userId = newUser()
    await signedIn(app, userId)
    app.now += HOUR
    const browser = await signedIn(app, userId)
    expect(await whoAre(app, [browser])).toEqual([userId])
    app.handler = (session) => session.signOut()
    await browser.fetch('/')
    await signedIn(app, userId)
  })

  test('whoever signs in with the cookie of an ended session takes one place only', async () => {
    const app = appWith({ accounts: { limit: { max: 2, whenFull: 'refuse' } } })
    const userId = newUser()
    const browser = await signedIn(app, userId)
    await app.sessions.user(userId, {}).revokeAll()
    app.handler = (session) => session.signIn(userId)
    expect((await browser.fetch('/')).status).toBe(200)
    await signedIn(app, userId)
    expect(await app.sessions.user(userId, {}).list()).toHaveLength(2)
  })
})

describe('a revocation', () => {
  afterEach(() => {
    vi.restoreAllMocks()
  })

  /** Holds timers of this many milliseconds, until `now` is called. The objects run in the tests' isolate. */
  function captureTimers(milliseconds: number): { left: () => number; now: () => void } {
    const { setTimeout: set, clearTimeout: clear } = globalThis
    const held = new Set<unknown>()
    const state = { isOver: false }
    vi.spyOn(globalThis, 'setTimeout').mockImplementation(((run: () => void, time: number) => {
      if (time !== milliseconds) return set(run, time)
      const timer = {}
      held.add(timer)
      // An object's timer has to run in the object.
      const look = (): unknown => held.has(timer) && (state.isOver ? run() : set(look, 10))
      look()
      return timer
    }) as typeof setTimeout)
    vi.spyOn(globalThis, 'clearTimeout').mockImplementation((timer) => {
      if (!held.delete(timer)) clear(timer ?? null)
    })
    return { left: () => held.size, now: () => void (state.isOver = true) }
  }

  async function withFaults(
    count: number,
    faults: Partial<Record<number, Fault>>,
    options: AppOptions = {},
  ): Promise<{ app: App; userId: string; browsers: Browser[] }> {
    const app = appWith({ store: durableObjectStore(env.FAULTY), ...options })
    // No alarm rings by itself, however long the test takes.
    app.now += HOUR
    const userId = newUser()
    const browsers = await Promise.all(Array.from({ length: count }, () => signedIn(app, userId)))
    for (const [index, fault] of Object.entries(faults)) {
      const browser = browsers[Number(index)]
      if (browser === undefined || fault === undefined) continue
      const id = env.FAULTY.idFromString(await idOf(app, browser))
      await env.FAULTY.get(id).fail(fault)
    }
    return { app, userId, browsers }
  }

  test.for(['throw', 'abort', 'overload'] as const)(
    'that an object refuses (%s) says so, ends all others, and is finished by an alarm',
    async (fault) => {
      const { app, userId, browsers } = await withFaults(3, { 1: fault })
      await expect(app.sessions.user(userId, {}).revokeAll()).rejects.toThrow(
        /^ERR_STORE: The user-index store failed to revoke the session/,
      )
      const [first, second, third] = browsers
      if (!first || !second || !third) throw new Error('three are there')
      expect(await whoAre(app, [first, third])).toEqual([null, null])
      expect(await runDurableObjectAlarm(objectOf(userId))).toBe(true)
      expect(await whoAre(app, [second])).toEqual([null])
      expect(await kept(userId)).toEqual({ rows: 0, hasAlarm: false })
    },
  )

  test('that an object leaves hanging is finished by an alarm', async () => {
    const { app, userId, browsers } = await withFaults(2, { 0: 'hang' })
    const store = durableObjectStore(env.FAULTY)
    const hurried = appWith({ store, storeTimeout: 0.2, clock: app })
    await expect(hurried.sessions.user(userId, {}).revokeAll()).rejects.toThrow(
      /no answer within 200 ms/,
    )
    expect(await app.sessions.user(userId, {}).list()).toEqual([])
    expect(await runDurableObjectAlarm(objectOf(userId))).toBe(true)
    expect(await whoAre(app, browsers)).toEqual([null, null])
  })

  test('is not held up by an object that hangs for good', async () => {
    const { app, userId, browsers } = await withFaults(2, {}, { storeTimeout: Infinity })
    const stuck = env.FAULTY.idFromString(await idOf(app, browsers[0] ?? app.browser()))
    await env.FAULTY.get(stuck).fail('hang', 2)
    const expire = captureTimers(4000)
    const revoking = app.sessions.user(userId, {}).revokeAll()
    const outcome = revoking.catch((error: unknown) => String(error))
    await vi.waitFor(
      async () => expect(await whoAre(app, browsers.slice(1))).toEqual([null]),
      25_000,
    )
    await vi.waitFor(() => expect(expire.left()).toBe(1), 25_000)
    expire.now()
    expect(await outcome).toMatch(/within 4000 ms/)
    expect(await kept(userId)).toEqual({ rows: 2, hasAlarm: true })
  })

  test('that a crash of the user’s object cuts short is finished by an alarm', async () => {
    const { app, userId, browsers } = await withFaults(5, { 0: 'hang', 1: 'hang', 2: 'hang' })
    const hanging = await Promise.all(browsers.slice(0, 3).map((browser) => idOf(app, browser)))
    const none = [undefined, undefined, undefined]
    const faultOf = (id: string): Promise<unknown> =>
      runInDurableObject(env.FAULTY.get(env.FAULTY.idFromString(id)), (_, { storage }) =>
        storage.get('?fault'),
      )
    expect(await Promise.all(hanging.map(faultOf))).not.toContain(undefined)
    const revoking = app.sessions.user(userId, {}).revokeAll()
    const outcome = revoking.catch((error: unknown) => String(error))
    // Until each call that hangs has arrived.
    await vi.waitFor(
      async () => expect(await Promise.all(hanging.map(faultOf))).toEqual(none),
      25_000,
    )
    await runInDurableObject(objectOf(userId), (_, state) => state.abort('a crash')).catch(
      () => undefined,
    )
    expect(await outcome).toMatch(/ERR_STORE/)
    expect((await kept(userId)).hasAlarm).toBe(true)
    expect(await runDurableObjectAlarm(objectOf(userId))).toBe(true)
    expect(await whoAre(app, browsers)).toEqual(Array.from({ length: 5 }, () => null))
  })

  test('passes over a row that cannot be read', async () => {
    const app = appWith()
    const userId = newUser()
    const browser = await signedIn(app, userId)
    await runInDurableObject(objectOf(userId), (_, { storage }) => storage.kv.put('=broken', '{'))
    await evictDurableObject(objectOf(userId))
    const mine = app.sessions.user(userId, {})
    expect(await mine.list()).toHaveLength(1)
    expect(await mine.revokeAll()).toBe(1)
    expect(await whoAre(app, [browser])).toEqual([null])
  })

  test('asked for again, goes on with what was left', async () => {
    const { app, userId, browsers } = await withFaults(3, { 1: 'throw' })
    const mine = app.sessions.user(userId, {})
    await expect(mine.revokeAll()).rejects.toThrow(/^ERR_STORE/)
    expect(await mine.revokeAll()).toBe(0)
    expect(await whoAre(app, browsers)).toEqual([null, null, null])
  })

  test('of more sessions than one call ends has ended every one before it resolves', async () => {
    const app = appWith({ storeTimeout: Infinity })
    const userId = newUser()
    const browsers = await Promise.all(Array.from({ length: 10 }, () => signedIn(app, userId)))
    // Before them, as many rows as one call takes. They are of the first session: as many objects would take minutes
    // on a busy machine (test/long/revocation.test.ts has them).
    await runInDurableObject(objectOf(userId), (_, { storage }) => {
      const [row = ['', '']] = storage.kv.list<string>({ prefix: '=' })
      const [name, text] = row
      for (let index = 0; index < BATCH; index += 1) {
        storage.kv.put(`=!${index}`, text.replace(`"id":"${name.slice(1)}"`, `"id":"!${index}"`))
      }
    })
    await runInDurableObject(objectOf(userId), (_, state) => state.abort('begin anew')).catch(
      () => undefined,
    )
    const mine = app.sessions.user(userId, {})
    expect(await mine.revokeAll()).toBe(BATCH + 10)
    expect(new Set(await whoAre(app, browsers))).toEqual(new Set([null]))
    expect(await mine.list()).toEqual([])
  })

  test('that meets a sign-in on its way leaves no session that is on no list', async () => {
    for (const whenFull of ['refuse', 'end-oldest'] as const) {
      const app = appWith({ accounts: { limit: { max: 50, whenFull } } })
      const userId = newUser()
      app.handler = async (session) => {
        await session.signIn(userId)
        return 'ok'
      }
      const browsers = Array.from({ length: 20 }, () => app.browser())
      const mine = app.sessions.user(userId, {})
      const signIns = browsers.map((browser) => browser.fetch('/'))
      await Promise.all([...signIns, mine.revokeAll(), mine.revokeAll()])
      const listed = await mine.list()
      // What was on its way when it was revoked is ended once more, a little later.
      const pending = await runInDurableObject(objectOf(userId), (_, { storage }) =>
        [...storage.kv.list({ prefix: '!' })].map(([name]) => name.slice(1)),
      )
      const known = new Set([...listed.map(({ id }) => id), ...pending])
      const alive = await Promise.all(
        browsers.map(async (browser) => {
          app.handler = who
          return (await browser.json('/')) === userId ? idOf(app, browser) : undefined
        }),
      )
      expect(alive.filter((id) => id !== undefined && !known.has(id))).toEqual([])
    }
  })

  test('does not end a session that another user has taken over', async () => {
    const app = appWith()
    const [userId, other] = [newUser(), newUser()]
    const browser = await signedIn(app, userId)
    app.handler = (session) => session.signIn(other)
    await browser.fetch('/')
    await app.sessions.user(userId, {}).revokeAll()
    expect(await whoAre(app, [browser])).toEqual([other])
  })

  test('on KV is repeated after the time for which other places may write the session back', async () => {
    const app = appWith({ store: kv })
    const userId = newUser()
    const browser = await signedIn(app, userId)
    const key = (await env.SESSION_KV.list({ prefix: 'session:' })).keys
    await app.sessions.user(userId, {}).revokeAll()
    expect(await kept(userId)).toMatchObject({ rows: 2, hasAlarm: true })
    const token = browser.cookies.get(COOKIE) ?? ''
    const handle = token.split('.')[2]?.slice(-48) ?? ''
    expect(key.map(({ name }) => name)).toContain(`session:${handle}`)
    // As a slow request elsewhere would.
    await env.SESSION_KV.put(`session:${handle}`, 'written back')
    await ringAfter(90_000, userId)
    expect((await kept(userId)).rows).toBe(0)
    expect(await env.SESSION_KV.get(`session:${handle}`)).toBe(null)
  })
})

describe('a user’s object', () => {
  test('empties itself when the last session is over', async () => {
    const app = appWith({ idleTimeout: 12 * 3600 })
    const userId = newUser()
    await signedIn(app, userId)
    await ringAfter(11 * HOUR, userId)
    expect(await kept(userId)).toEqual({ rows: 2, hasAlarm: true })
    await ringAfter(HOUR, userId)
    expect(await kept(userId)).toEqual({ rows: 0, hasAlarm: false })
  })

  test('keeps a session that is there by longer timeouts than those it was listed with', async () => {
    const short = appWith({ absoluteTimeout: 3600, idleTimeout: 3600 })
    const userId = newUser()
    const browser = await signedIn(short, userId)
    const long = appWith({ absoluteTimeout: 48 * 3600, idleTimeout: 48 * 3600 })
    const same = long.browser()
    for (const [name, value] of browser.cookies) same.cookies.set(name, value)
    expect(await whoAre(long, [same])).toEqual([userId])
    await ringAfter(HOUR + 1000, userId)
    expect(await long.sessions.user(userId, {}).list()).toHaveLength(1)
    expect(await kept(userId)).toEqual({ rows: 2, hasAlarm: true })
  })

  test('with a damaged row keeps the others', async () => {
    const app = appWith()
    const userId = newUser()
    const [one, two] = [await signedIn(app, userId), await signedIn(app, userId)]
    const id = await idOf(app, one)
    const stub = objectOf(userId)
    await runInDurableObject(stub, (_, { storage }) => storage.kv.put(`=${id}`, 'damaged'))
    await runInDurableObject(stub, (_, state) => state.abort('begin anew')).catch(() => undefined)
    const list = await app.sessions.user(userId, {}).list()
    expect(list.map((session) => session.id)).toEqual([await idOf(app, two)])
  })

  test('shows a session whose object does not answer as it was known', async () => {
    const app = appWith({ store: durableObjectStore(env.FAULTY) })
    const userId = newUser()
    const browser = await signedIn(app, userId, { label: 'phone' })
    const id = await idOf(app, browser)
    await env.FAULTY.get(env.FAULTY.idFromString(id)).fail('throw')
    expect(await app.sessions.user(userId, {}).list()).toMatchObject([{ id, label: 'phone' }])
  })

  test('says so when a session is in no namespace that it has', async () => {
    const app = appWith()
    const userId = newUser()
    await signedIn(app, userId)
    await runInDurableObject(objectOf(userId), (_, { storage }) => {
      const [name, text] = [...storage.kv.list<string>({ prefix: '=' })][0] ?? ['', '{}']
      storage.kv.put(name, text.replace(/object:[0-9a-f]+/, `object:${'ab'.repeat(32)}`))
    })
    await runInDurableObject(objectOf(userId), (_, state) => state.abort('begin anew')).catch(
      () => undefined,
    )
    await expect(app.sessions.user(userId, {}).revokeAll()).rejects.toThrow(
      /ERR_BINDING: UserObject cannot find this session's Durable Object namespace/,
    )
  })

  test('holds no token and nothing out of the session', async () => {
    const app = appWith()
    const userId = newUser()
    const browser = await signedIn(app, userId)
    const rows = await runInDurableObject(objectOf(userId), (_, { storage }) =>
      JSON.stringify([...storage.kv.list()]),
    )
    expect(rows).toContain(await idOf(app, browser))
    expect(rows).not.toContain('of the user')
    const body = (browser.cookies.get(COOKIE) ?? '').split('.')[2] ?? ''
    expect(rows).not.toContain(body.slice(16, 48))
  })
})

describe('sessions.user', () => {
  test('without an index is a clear error', () => {
    const { sessions } = newApp()
    expect(() => sessions.user('ada', {})).toThrow(
      /^ERR_BINDING: There is no index of users\. Write accounts\(\{ index: \(env\) => userIndex\(env\.USERS\) \}\)/,
    )
  })

  test('uses the exported class where no binding is given', async () => {
    const app = appWith({ accounts: { index: userIndex() } })
    const userId = newUser()
    await signedIn(app, userId)
    expect(await app.sessions.user(userId, {}).list()).toHaveLength(1)
  })

  test('uses the exported classes where the sessions were made while the Worker was loaded', async () => {
    const browser = new Browser((request) => exports.default.fetch(request))
    expect(await browser.json('/exported')).toEqual([])
    const listed = [expect.objectContaining({ isCurrent: true })]
    expect(await browser.json(`/exported?user=${newUser()}`)).toEqual(listed)
    expect(await browser.json('/exported')).toEqual(listed)
  })

  test('refuses what is no user’s id', () => {
    const { sessions } = appWith()
    expect(() => sessions.user('', {})).toThrow(SessionError)
  })

  test('an index is refused for a store whose sessions no object can reach', async () => {
    const app = appWith({ store: memoryStore() })
    await expect(app.browser().fetch('/')).rejects.toThrow(
      /^ERR_OPTION: accounts\(\{ index \}\): user objects cannot reach the sessions of the memory store/,
    )
  })
})
