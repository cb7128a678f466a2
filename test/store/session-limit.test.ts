import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, test, vi } from 'vitest'

import type { ListContext } from '../../src/accounts/list-context.ts'
import { Listing } from '../../src/accounts/listing.ts'
import { adopting } from '../../src/adopt.ts'
import { adoption } from '../../src/migrate/adoption.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { kvStore } from '../../src/store/kv.ts'
import { userIndex } from '../../src/store/user-index.ts'
import type { ListedSession, Owner, SessionLimit } from '../../src/store/user-index/user-list.ts'
import { type App, type AppOptions, newApp } from '../support/app.ts'
import type { Browser } from '../support/browser.ts'
import { recordedIndex } from '../support/recorded-index.ts'

const users = userIndex(env.USERS)
const COOKIE = '__Host-session'
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const REFUSE_ONE: SessionLimit = { max: 1, whenFull: 'refuse' }
const STORES = [
  ['objects', () => durableObjectStore(env.SESSIONS)],
  ['KV', () => kvStore(env.SESSION_KV)],
] as const

afterEach(() => {
  vi.useRealTimers()
})

function newUser(): string {
  return `user ${crypto.randomUUID()}`
}

function appWith(limit: SessionLimit | undefined, { accounts, ...options }: AppOptions = {}): App {
  return newApp({ accounts: { index: users, ...(limit && { limit }), ...accounts }, ...options })
}

/** Signs a user in with this browser. Returns the status, or the code of the error that the handler let pass. */
async function signIn(
  app: App,
  userId: string,
  browser: Browser = app.browser(),
  details: { label?: string } = {},
): Promise<{ readonly browser: Browser; readonly told: number | string }> {
  app.handler = async (session) => {
    try {
      await session.signIn(userId, details)
    } catch (error) {
      return (error as { code?: string }).code
    }
    return undefined
  }
  const response = await browser.fetch('/')
  return { browser, told: (await response.json<string | null>()) ?? response.status }
}

async function who(app: App, browser: Browser): Promise<string | null> {
  app.handler = async (session) => {
    await session.load()
    return session.userId ?? null
  }
  return browser.json<string | null>('/')
}

/** A browser with the same cookies, for another layer over the same store. */
function sameIn(app: App, browser: Browser): Browser {
  const same = app.browser()
  same.cookies.addAll(browser.cookies)
  return same
}

async function idsOf(app: App, userId: string): Promise<string[]> {
  const sessions = await app.sessions.user(userId, {}).list()
  return sessions.map(({ id }) => id)
}

/** The names of the rows that a user's object keeps. */
async function rowsOf(userId: string): Promise<string[]> {
  const stub = env.USERS.getByName(`${COOKIE} ${userId}`)
  return runInDurableObject(stub, (_, { storage }) =>
    Array.from(storage.kv.list(), ([name]) => name),
  )
}

function ownerAt(userId: string, now: number): Owner {
  return { cookieName: COOKIE, userId, now, idle: HOUR, absolute: 12 * HOUR, notesUse: true }
}

/** A session on KV, whose object can't ask for it. */
function entry(id: string, now: number): ListedSession {
  const times = { createdAt: now, usedAt: now, expiresAt: now + 12 * HOUR }
  return { id, address: `kv:session:${id}`, ...times }
}

describe('a reserved place', () => {
  test('is counted, shown to nobody, and becomes the session’s', async () => {
    const [userId, now] = [newUser(), Date.now()]
    const owner = ownerAt(userId, now)
    expect(await users.reserve(owner, entry('a', now), REFUSE_ONE)).toBe(true)
    expect(await users.reserve(owner, entry('b', now), REFUSE_ONE)).toBe(false)
    const limit = { isSignIn: true, limit: REFUSE_ONE }
    expect(await users.add(owner, entry('b', now), limit)).toBe(undefined)
    expect(await users.list(owner)).toEqual([])
    expect(await users.add(owner, entry('a', now), limit)).toEqual([])
    expect(await users.list(owner)).toMatchObject([{ id: 'a' }])
    expect(await rowsOf(userId)).toEqual(['$', '=a'])
  })

  test('is free again once it is given back, and leaves no row', async () => {
    const [userId, now] = [newUser(), Date.now()]
    const owner = ownerAt(userId, now)
    await users.reserve(owner, entry('a', now), REFUSE_ONE)
    expect(await rowsOf(userId)).toEqual(['$', '?a'])
    await users.release(owner, 'a')
    expect(await rowsOf(userId)).toEqual([])
    expect(await users.reserve(owner, entry('b', now), REFUSE_ONE)).toBe(true)
  })

  test('that nobody gives back is free after a minute, also for a session on KV', async () => {
    const [userId, now] = [newUser(), Date.now()]
    await users.reserve(ownerAt(userId, now), entry('a', now), REFUSE_ONE)
    const late = ownerAt(userId, now + MINUTE - 1)
    expect(await users.reserve(late, entry('b', now), REFUSE_ONE)).toBe(false)
    const over = ownerAt(userId, now + MINUTE)
    expect(await users.reserve(over, entry('b', now), REFUSE_ONE)).toBe(true)
    // What was too late is not let in over the limit.
    const limit = { isSignIn: true, limit: REFUSE_ONE }
    expect(await users.add(over, entry('a', now), limit)).toBe(undefined)
  })

  test('that nobody gives back leaves no row behind', async () => {
    const [userId, now] = [newUser(), Date.now()]
    await users.reserve(ownerAt(userId, now), entry('a', now), REFUSE_ONE)
    expect(await rowsOf(userId)).toEqual(['$', '?a'])
    // Objects run in the tests' isolate, and so by its clock.
    vi.useFakeTimers({ toFake: ['Date'], now: now + MINUTE })
    const stub = env.USERS.getByName(`${COOKIE} ${userId}`)
    expect(await runDurableObjectAlarm(stub)).toBe(true)
    expect(await rowsOf(userId)).toEqual([])
  })

  test('survives a crash of the user’s object', async () => {
    const [userId, now] = [newUser(), Date.now()]
    const owner = ownerAt(userId, now)
    await users.reserve(owner, entry('a', now), REFUSE_ONE)
    const stub = env.USERS.getByName(`${COOKIE} ${userId}`)
    await runInDurableObject(stub, (_, state) => state.abort('a crash')).catch(() => undefined)
    expect(await users.reserve(owner, entry('b', now), REFUSE_ONE)).toBe(false)
  })

  test('is not taken for a listed session, which no sign-in and no release takes off the list', async () => {
    const [userId, now] = [newUser(), Date.now()]
    const owner = ownerAt(userId, now)
    await users.add(owner, entry('a', now), { isSignIn: true })
    const later = ownerAt(userId, now + 10 * MINUTE)
    expect(await users.reserve(later, entry('a', later.now), REFUSE_ONE)).toBe(true)
    expect(await rowsOf(userId)).toEqual(['$', '=a'])
    await users.release(later, 'a')
    expect(await users.list(ownerAt(userId, now + 20 * MINUTE))).toMatchObject([{ createdAt: now }])
  })

  test('becomes that of another session if the sign-in had to begin anew', async () => {
    const [userId, now] = [newUser(), Date.now()]
    const owner = ownerAt(userId, now)
    await users.reserve(owner, entry('a', now), REFUSE_ONE)
    const limit = { isSignIn: true, limit: REFUSE_ONE, reservation: 'a' }
    expect(await users.add(owner, entry('b', now), limit)).toEqual([])
    expect(await rowsOf(userId)).toEqual(['$', '=b'])
  })

  test('ends no other session where the limit ends the oldest', async () => {
    const [userId, now] = [newUser(), Date.now()]
    const owner = ownerAt(userId, now)
    await users.reserve(owner, entry('a', now), { max: 2, whenFull: 'refuse' })
    await users.add(owner, entry('b', now), { isSignIn: true })
    const limit = { max: 2, whenFull: 'end-oldest' } as const
    expect(await users.add(owner, entry('c', now), { isSignIn: true, limit })).toEqual([])
  })

  test('of a sign-in that meets a revocation of all ends the session when it comes', async () => {
    const [userId, now] = [newUser(), Date.now()]
    const owner = ownerAt(userId, now)
    await users.reserve(owner, entry('a', now), REFUSE_ONE)
    expect(await users.revoke(owner, { kind: 'all' })).toEqual({ ids: [], left: 0 })
    await env.SESSION_KV.put('session:a', 'the session')
    expect(await users.add(owner, entry('a', now), { isSignIn: true })).toEqual(['a'])
    expect(await env.SESSION_KV.get('session:a')).toBe(null)
    expect(await users.list(owner)).toEqual([])
  })

  test.for(STORES)('is free after a minute when the sign-in failed on %s', async ([, newStore]) => {
    const down = new Set<string>()
    const store = newStore()
    const failing = <T>(name: 'create', run: () => T): T | Promise<never> =>
      down.has(name) ? Promise.reject(new Error('down')) : run()
    const app = appWith(REFUSE_ONE, {
      store: { ...store, create: (...all) => failing('create', () => store.create(...all)) },
    })
    const userId = newUser()
    down.add('create')
    app.handler = (session) => session.signIn(userId)
    expect((await app.browser().fetch('/')).status).toBe(503)
    down.clear()
    app.now += MINUTE
    expect((await signIn(app, userId)).told).toBe(200)
  })
})

describe('the list of one request', () => {
  /** A list with the calls that it makes. */
  function newListing(
    userId: string,
    failing?: ReadonlySet<string>,
  ): { readonly listing: Listing; readonly calls: string[]; readonly owner: Owner } {
    const { index, calls } = recordedIndex(users, failing)
    const owner = ownerAt(userId, Date.now())
    const { now, idle, absolute } = owner
    const context: ListContext = {
      index,
      cookieName: COOKIE,
      limit: REFUSE_ONE,
      emit: () => undefined,
      call: (_method, run) => run({ now, idle, absolute, touch: 0 }),
    }
    return { listing: new Listing(context), calls, owner }
  }

  test('gives a reserved place back once, and none that a session has', async () => {
    const userId = newUser()
    const { listing, calls, owner } = newListing(userId)
    await listing.release()
    expect(calls).toEqual([])
    await listing.reserve(userId, entry('a', owner.now))
    await listing.release()
    await listing.release()
    expect(calls).toEqual(['reserve', 'release'])
    expect(await rowsOf(userId)).toEqual([])
    await listing.reserve(userId, entry('a', owner.now))
    listing.note(userId, entry('a', owner.now), 'sign-in')
    await listing.settle()
    await listing.release()
    expect(calls.slice(2)).toEqual(['reserve', 'add'])
    expect(await users.list(owner)).toMatchObject([{ id: 'a' }])
  })

  test('gives back at the end of the request what no session has taken', async () => {
    const userId = newUser()
    const { listing, calls, owner } = newListing(userId)
    await listing.reserve(userId, entry('a', owner.now))
    expect(listing.isWaiting).toBe(true)
    await listing.settle()
    expect(listing.isWaiting).toBe(false)
    expect(calls).toEqual(['reserve', 'release'])
  })

  test('gives back a place whose reply was lost, and a failure of that does no harm', async () => {
    const userId = newUser()
    const { listing, calls, owner } = newListing(userId, new Set(['reserve', 'release']))
    await expect(listing.reserve(userId, entry('a', owner.now))).rejects.toThrow('down')
    await listing.release()
    expect(calls).toEqual(['reserve', 'release'])
  })

  test('moves the place to the session that the sign-in has ended in', async () => {
    const userId = newUser()
    const { listing, owner } = newListing(userId)
    await listing.reserve(userId, entry('a', owner.now))
    listing.note(userId, entry('b', owner.now), 'sign-in')
    await listing.settle()
    expect(await rowsOf(userId)).toEqual(['$', '=b'])
  })

  test('frees the listed place of the session that the sign-in has left', async () => {
    const userId = newUser()
    const { listing, owner } = newListing(userId)
    await users.add(owner, entry('a', owner.now), { isSignIn: true })
    await listing.reserve(userId, entry('a', owner.now))
    listing.note(userId, entry('b', owner.now), 'sign-in')
    await listing.settle()
    expect(await rowsOf(userId)).toEqual(['$', '=b'])
  })

  test('reserves one place for a sign-in that is repeated, also under another session', async () => {
    const userId = newUser()
    const { listing, calls, owner } = newListing(userId)
    await listing.reserve(userId, entry('a', owner.now))
    await listing.reserve(userId, entry('a', owner.now))
    expect(calls).toEqual(['reserve'])
    await listing.reserve(userId, entry('b', owner.now))
    expect(calls.slice(1)).toEqual(['release', 'reserve'])
    expect(await rowsOf(userId)).toEqual(['$', '?b'])
  })

  test('keeps the first user’s place if the next one’s list is full', async () => {
    const [first, last] = [newUser(), newUser()]
    const { listing, calls, owner } = newListing(first)
    await users.add({ ...owner, userId: last }, entry('z', owner.now), { isSignIn: true })
    await listing.reserve(first, entry('a', owner.now))
    await expect(listing.reserve(last, entry('a', owner.now))).rejects.toThrow('ERR_SESSION_LIMIT')
    await listing.release()
    expect(calls).toEqual(['reserve', 'reserve', 'release'])
    expect(await rowsOf(first)).toEqual([])
  })

  test('gives back the next user’s place, of which the reply was lost, if the first one’s sign-in stays', async () => {
    const [first, last] = [newUser(), newUser()]
    const failing = new Set<string>()
    const { listing, calls, owner } = newListing(first, failing)
    await listing.reserve(first, entry('a', owner.now))
    failing.add('reserve')
    await expect(listing.reserve(last, entry('a', owner.now))).rejects.toThrow('down')
    listing.note(first, entry('a', owner.now), 'sign-in')
    await listing.settle()
    expect(calls).toEqual(['reserve', 'reserve', 'add', 'release'])
    expect(await rowsOf(first)).toEqual(['$', '=a'])
  })

  test('does not list a session that has ended before it was listed', async () => {
    const userId = newUser()
    const { listing, calls, owner } = newListing(userId)
    listing.note(userId, entry('a', owner.now), 'sign-in')
    await listing.remove(userId, 'b')
    expect(listing.isWaiting).toBe(true)
    await listing.remove(userId, 'a')
    expect(listing.isWaiting).toBe(false)
    await listing.settle()
    expect(calls).toEqual(['remove', 'remove'])
  })

  test('keeps the details of a sign-in whose session moves before it is listed', async () => {
    const userId = newUser()
    const { listing, owner } = newListing(userId)
    const { now } = owner
    listing.note(userId, { ...entry('a', now), label: 'phone' }, 'sign-in')
    listing.note(userId, { ...entry('a', now), address: 'kv:session:moved' }, 'moved')
    await listing.settle()
    expect(await users.list(owner)).toMatchObject([{ label: 'phone', address: 'kv:session:moved' }])
    listing.note(userId, entry('b', now), 'sign-in')
    listing.note(userId, entry('b', now), 'kept')
    await expect(listing.settle()).rejects.toThrow('ERR_SESSION_LIMIT')
  })

  test('gives the first user’s place back when another one signs in', async () => {
    const [first, last] = [newUser(), newUser()]
    const { listing, owner } = newListing(first)
    await listing.reserve(first, entry('a', owner.now))
    await listing.reserve(last, entry('a', owner.now))
    expect(await rowsOf(first)).toEqual([])
    expect(await rowsOf(last)).toEqual(['$', '?a'])
  })
})

test.for([
  [undefined, ['create', 'read']],
  [{ max: 1, whenFull: 'end-oldest' }, ['create', 'read']],
  [REFUSE_ONE, ['write', 'create', 'read']],
] as const)('an old cookie with the limit %j costs %j', async ([limit, calls]) => {
  const old = adoption({
    name: 'old',
    verify: (text) => ({ value: text, identity: text }),
    load: (userId: string) => ({ userId }),
  })
  const app = appWith(limit, { use: [adopting(old)] })
  const browser = app.browser()
  browser.cookies.set('old', `user-${crypto.randomUUID()}`)
  app.handler = (session) => session.all()
  await browser.fetch('/')
  expect(app.calls).toEqual(calls)
})

describe.for([
  ...STORES,
  ['objects of the former version', () => durableObjectStore(env.FORMER_SESSIONS)],
] as const)('a replayed old cookie on %s', ([where, newStore]) => {
  test('takes no place, and prolongs none', async () => {
    const { index, calls } = recordedIndex(users)
    const old = adoption({
      name: 'old',
      verify: (text) => ({ value: text, identity: text }),
      load: (userId: string) => ({ userId }),
    })
    const app = newApp({
      accounts: { index, limit: REFUSE_ONE },
      store: newStore(),
      use: [adopting(old)],
    })
    const userId = `user-${crypto.randomUUID()}`
    const [browser, thief] = [app.browser(), app.browser()]
    browser.cookies.set('old', userId)
    expect(await who(app, browser)).toBe(userId)
    expect(calls).toEqual(['reserve', 'add'])
    const listed = await app.sessions.user(userId, {}).list()
    app.now += 10 * MINUTE
    // The session is in use.
    await who(app, browser)
    calls.length = 0
    const replay = async (): Promise<void> => {
      thief.cookies.set('old', userId)
      expect(await who(app, thief)).toBe(null)
    }
    await replay()
    // They do not tell whether there was a session.
    expect(calls).toEqual(where === 'objects of the former version' ? ['reserve', 'release'] : [])
    expect(await app.sessions.user(userId, {}).list()).toMatchObject([
      { createdAt: listed[0]?.createdAt },
    ])
    app.handler = (session) => session.signOut()
    await browser.fetch('/')
    expect(await rowsOf(userId)).toEqual([])
    app.now += 10 * MINUTE
    await replay()
    expect(await rowsOf(userId)).toEqual([])
    expect((await signIn(app, userId)).told).toBe(200)
  })
})

describe.for(STORES)('a lowered limit on %s', ([, newStore]) => {
  test('that refuses lets a listed session sign in again, and nobody else in', async () => {
    const userId = newUser()
    const before = appWith({ max: 3, whenFull: 'refuse' }, { store: newStore() })
    const browsers: Browser[] = []
    for (let index = 0; index < 3; index += 1) {
      before.now += 1000
      browsers.push((await signIn(before, userId)).browser)
    }
    const after = appWith({ max: 2, whenFull: 'refuse' }, { store: newStore() })
    after.now = before.now + 10_000
    for (const browser of browsers) {
      const same = sameIn(after, browser)
      expect((await signIn(after, userId, same)).told).toBe(200)
      expect(await who(after, same)).toBe(userId)
    }
    expect(await idsOf(after, userId)).toHaveLength(3)
    expect((await signIn(after, userId)).told).toBe('ERR_SESSION_LIMIT')
  })

  test('lets a regenerated session live, listed or not', async () => {
    const userId = newUser()
    const before = newApp({ store: newStore() })
    const { browser } = await signIn(before, userId)
    const after = appWith(REFUSE_ONE, { store: newStore() })
    after.now = before.now + 2000
    await signIn(after, userId)
    const same = sameIn(after, browser)
    after.handler = (session) => session.regenerate()
    expect((await same.fetch('/')).status).toBe(200)
    expect(await who(after, same)).toBe(userId)
    expect(await idsOf(after, userId)).toHaveLength(2)
  })
})

describe('timeouts that were changed', () => {
  const LONG = { idleTimeout: 30 * 86_400, absoluteTimeout: 30 * 86_400 }

  test.for(STORES)('have a session that is over on %s take no place', async ([, newStore]) => {
    const userId = newUser()
    const long = appWith(undefined, { ...LONG, store: newStore() })
    const { browser } = await signIn(long, userId)
    const short = appWith(REFUSE_ONE, { store: newStore() })
    short.now = long.now + 24 * HOUR
    expect(await who(short, sameIn(short, browser))).toBe(null)
    expect(await idsOf(short, userId)).toEqual([])
    expect((await signIn(short, userId)).told).toBe(200)
    expect(await idsOf(short, userId)).toHaveLength(1)
    expect((await signIn(short, userId)).told).toBe('ERR_SESSION_LIMIT')
  })

  test.for(STORES)('hide no session on %s from a revocation', async ([, newStore]) => {
    const userId = newUser()
    const long = appWith(undefined, { ...LONG, store: newStore() })
    const { browser } = await signIn(long, userId)
    const short = appWith(undefined, { store: newStore() })
    short.now = long.now + 24 * HOUR
    long.now = short.now
    expect(await idsOf(short, userId)).toEqual([])
    // A Worker of the former deployment still lets the session in.
    expect(await idsOf(long, userId)).toHaveLength(1)
    expect(await short.sessions.user(userId, {}).revokeAll()).toBe(1)
    expect(await who(long, browser)).toBe(null)
  })

  test('end a session that its last timeouts have as over, and those of now do not', async () => {
    const userId = newUser()
    const short = appWith(undefined)
    const { browser } = await signIn(short, userId)
    const long = appWith(undefined, LONG)
    long.now = short.now + 5 * HOUR
    expect(await idsOf(long, userId)).toHaveLength(1)
    expect(await long.sessions.user(userId, {}).revokeAll()).toBe(1)
    expect(await who(long, sameIn(long, browser))).toBe(null)
  })

  test('have an end on the list by the timeouts of now', async () => {
    const userId = newUser()
    const long = appWith(undefined, LONG)
    await signIn(long, userId)
    const short = appWith(undefined, { idleTimeout: 1200 })
    short.now = long.now
    const [session] = await short.sessions.user(userId, {}).list()
    expect(session?.expiresAt).toEqual(new Date(long.now + 20 * MINUTE))
  })
})

describe('a limit on KV', () => {
  const store = kvStore(env.SESSION_KV)

  test('counts no session that is idle too long', async () => {
    const app = appWith(REFUSE_ONE, { store })
    const userId = newUser()
    await signIn(app, userId)
    app.now += 29 * MINUTE
    expect((await signIn(app, userId)).told).toBe('ERR_SESSION_LIMIT')
    app.now += MINUTE
    expect((await signIn(app, userId)).told).toBe(200)
  })

  test('ends the oldest of those in use, and none because others are idle', async () => {
    const app = appWith({ max: 2, whenFull: 'end-oldest' }, { store })
    const userId = newUser()
    const { browser } = await signIn(app, userId)
    app.now += 25 * MINUTE
    const idle = await signIn(app, userId)
    for (const minutes of [0, 15, 25]) {
      app.now += minutes * MINUTE
      expect(await who(app, browser)).toBe(userId)
    }
    const third = await signIn(app, userId)
    expect(await who(app, browser)).toBe(userId)
    expect(await who(app, idle.browser)).toBe(null)
    app.now += MINUTE
    const fourth = await signIn(app, userId)
    expect(await who(app, browser)).toBe(null)
    expect(await who(app, third.browser)).toBe(userId)
    expect(await who(app, fourth.browser)).toBe(userId)
  })

  test('keeps an idle session on the list, where a revocation reaches it', async () => {
    const app = appWith(REFUSE_ONE, { store })
    const long = appWith(undefined, { store, idleTimeout: 6 * 3600 })
    const userId = newUser()
    const { browser } = await signIn(app, userId)
    app.now += HOUR
    long.now = app.now
    await signIn(app, userId)
    expect(await idsOf(app, userId)).toHaveLength(1)
    expect(await app.sessions.user(userId, {}).revokeAll()).toBe(2)
    expect(await who(long, sameIn(long, browser))).toBe(null)
  })

  test.for([
    ['', {}],
    [', also without onEvent', { onEvent: undefined }],
  ] as const)('has uses on the list, one for each touchInterval%s', async ([, options]) => {
    const { index, calls } = recordedIndex(users)
    const app = appWith(REFUSE_ONE, { accounts: { index }, store, ...options })
    const userId = newUser()
    const { browser } = await signIn(app, userId)
    calls.length = 0
    await who(app, browser)
    app.now += MINUTE - 1
    await who(app, browser)
    expect(calls).toEqual([])
    app.now += 1
    const used = app.now
    await who(app, browser)
    await who(app, browser)
    expect(calls).toEqual(['use'])
    app.now += 1000
    expect(await app.sessions.user(userId, {}).list()).toMatchObject([
      { lastSeenAt: new Date(used), expiresAt: new Date(used + HOUR / 2) },
    ])
    app.now = used + HOUR / 2
    expect(await idsOf(app, userId)).toEqual([])
  })

  test('asks nothing of the user’s object for a use where there is no limit', async () => {
    const { index, calls } = recordedIndex(users)
    const app = appWith(undefined, { accounts: { index }, store })
    const { browser } = await signIn(app, newUser())
    calls.length = 0
    app.now += 2 * MINUTE
    await who(app, browser)
    expect(calls).toEqual([])
  })

  test('is no reason for an error where a use can’t be recorded', async () => {
    const { index } = recordedIndex(users, new Set(['use']))
    const app = appWith(REFUSE_ONE, { accounts: { index }, store })
    const userId = newUser()
    const { browser } = await signIn(app, userId)
    app.now += 2 * MINUTE
    expect(await who(app, browser)).toBe(userId)
    expect(app.events.at(-1)).toMatchObject({ type: 'store-failed', call: 'use' })
  })

  test('counts a regenerated session as one in use', async () => {
    const app = appWith(REFUSE_ONE, { store })
    const userId = newUser()
    const { browser } = await signIn(app, userId)
    app.now += 29 * MINUTE
    app.handler = (session) => session.regenerate()
    await browser.fetch('/')
    app.now += 29 * MINUTE
    expect((await signIn(app, userId)).told).toBe('ERR_SESSION_LIMIT')
  })
})

describe('the list of a user', () => {
  test('has at once no place for a session that another user has taken over', async () => {
    const app = appWith(REFUSE_ONE)
    const [userId, other] = [newUser(), newUser()]
    const { browser } = await signIn(app, userId)
    app.now += 1000
    await signIn(app, other, browser)
    expect((await signIn(app, userId)).told).toBe(200)
  })

  test.for(STORES)(
    'gets a session from before there were lists on %s when it is regenerated',
    async ([, newStore]) => {
      const userId = newUser()
      const before = newApp({ store: newStore() })
      const { browser } = await signIn(before, userId)
      const app = appWith(undefined, { store: newStore() })
      app.now = before.now + 2000
      const same = sameIn(app, browser)
      app.handler = (session) => session.regenerate()
      await same.fetch('/')
      expect(await idsOf(app, userId)).toHaveLength(1)
      expect(await app.sessions.user(userId, {}).revokeAll()).toBe(1)
      expect(await who(app, same)).toBe(null)
    },
  )

  test('that can’t be reached fails no regenerate() on objects', async () => {
    const failing = new Set<string>()
    const { index } = recordedIndex(users, failing)
    const app = appWith(undefined, { accounts: { index } })
    const userId = newUser()
    const { browser } = await signIn(app, userId)
    failing.add('add')
    app.handler = (session) => session.regenerate()
    expect((await browser.fetch('/')).status).toBe(200)
    expect(await who(app, browser)).toBe(userId)
  })

  test('has the device of the last sign-in, and the label that was given last', async () => {
    const app = appWith(undefined)
    const userId = newUser()
    const browser = app.browser()
    app.handler = (session) => session.signIn(userId, { label: 'phone', country: 'PT' })
    await browser.fetch('/', { headers: { 'User-Agent': 'one' } })
    app.now += 1000
    app.handler = (session) => session.signIn(userId)
    await browser.fetch('/', { headers: { 'User-Agent': 'two' } })
    expect(await app.sessions.user(userId, {}).list()).toMatchObject([
      { label: 'phone', userAgent: 'two', country: undefined },
    ])
  })
})
