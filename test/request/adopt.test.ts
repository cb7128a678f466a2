import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import { adopting } from '../../src/adopt.ts'
import { csrfGuard, csrfToken } from '../../src/guard/csrf.ts'
import { requireFresh, requireUser } from '../../src/guard/require-user.ts'
import { createSessions, type SessionStore } from '../../src/index.ts'
import { adoption } from '../../src/migrate/adoption.ts'
import { createSignedValue, tornadoCookie } from '../../src/migrate/tornado.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { kvStore } from '../../src/store/kv.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { userIndex } from '../../src/store/user-index.ts'
import { type App, type AppSession, type Handler, newApp } from '../support/app.ts'
import { Browser } from '../support/browser.ts'
import { giveWay } from '../support/gates.ts'
import { newMovedApp, OLD_SECRET, STORES } from '../support/old-app.ts'
import { CONTEXT } from '../support/site.ts'
import { StaleKv } from '../support/stale-kv.ts'
import { storesHere, world } from '../support/worlds.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
const CLEARED = 'old=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax'
const all = (session: AppSession): unknown => session.all()
const idAfterLoad = async (session: AppSession): Promise<string> => {
  await session.load()
  return session.id
}

const HERE = world()

describe.for(storesHere(STORES))('on %s, an old cookie', ([name, newStore = () => undefined]) => {
  const isKv = /^kv$/i.test(name)

  test('becomes a session when the session is first read, and is cleared', async () => {
    const app = newMovedApp(newStore())
    app.handler = all
    const browser = await app.visitor('Ada')
    const response = await browser.fetch('/')
    expect(await response.json()).toEqual({ name: 'Ada' })
    expect(response.headers.getSetCookie()).toEqual([
      expect.stringMatching(HERE.isCached ? /^__Host-session=2\./ : /^__Host-session=1\./),
      CLEARED,
    ])
    expect(response.headers.get('Cache-Control')).toBe('private, no-store')
    expect(app.eventTypes()).toEqual(['created', 'adopted'])
    expect(app.calls).toEqual(HERE.isReading ? [] : ['create', 'read'])
    expect(browser.cookies.has('old')).toBe(false)
    expect(await browser.json('/')).toEqual({ name: 'Ada' })
    expect(app.loads).toEqual(['Ada'])
  })

  test.skipIf(HERE.isReading)(
    'is left alone by a request that does not use its session',
    async () => {
      const app = newMovedApp(newStore())
      const browser = await app.visitor()
      const response = await browser.fetch('/')
      expect(response.headers.getSetCookie()).toEqual([])
      expect([app.loads, app.calls, app.events]).toEqual([[], [], []])
      app.handler = (session) => [session.id, session.isNew]
      await browser.fetch('/')
      expect([app.loads, app.calls, app.events]).toEqual([[], [], []])
      expect(browser.cookies.has('old')).toBe(true)
    },
  )

  test.for<[what: string, forge: (text: string) => string]>([
    ['forged', (text) => `${text.slice(0, -1)}${text.endsWith('0') ? '1' : '0'}`],
    ['malformed', () => 'hello'],
    ['empty', () => ''],
  ])('that is %s costs no load and no store call', async ([, forge]) => {
    const app = newMovedApp(newStore())
    app.handler = all
    const browser = await app.visitor()
    browser.cookies.set('old', forge(browser.cookies.get('old') ?? ''))
    const response = await browser.fetch('/')
    expect(await response.json()).toEqual({})
    expect(response.headers.getSetCookie()).toEqual([])
    expect([app.loads, app.calls]).toEqual([[], []])
    expect(app.events).toEqual([{ type: 'refused', reason: 'old-cookie' }])
  })

  test('that is too old is refused', async () => {
    const app = newMovedApp(newStore())
    app.handler = all
    const browser = await app.visitor()
    app.now += 31 * DAY
    expect(await browser.json('/')).toEqual({})
    expect(app.eventTypes()).toEqual(['refused: old-cookie'])
  })

  test('becomes one session under twenty parallel first requests', async () => {
    const app = newMovedApp(newStore())
    app.load = async (value) => {
      await giveWay((app.loads.length * 7) % 20)
      return { data: { name: value } }
    }
    app.handler = async (session) => [await session.get('name'), session.id]
    const browser = await app.visitor('Ada')
    const copies = Array.from({ length: 20 }, () => browser.copy())
    const answers = await Promise.all(copies.map((copy) => copy.json<[string, string]>('/')))
    expect(new Set(answers.map(([value, id]) => `${value} ${id}`)).size).toBe(1)
    for (const copy of copies) expect(copy.cookies.has('old')).toBe(false)
    // Any of the answers may be the one whose cookie stays.
    app.loads.length = 0
    const [, id] = answers[0] ?? []
    for (const copy of copies) expect(await copy.json('/')).toEqual(['Ada', id])
    expect(app.loads).toEqual([])
    const made = app.eventTypes().filter((type) => type === 'adopted').length
    expect(isKv ? made >= 1 : made === 1).toBe(true)
  })

  test.for<[what: string, use: (session: AppSession) => unknown, expected: object | undefined]>([
    ['a recorded change', (session) => session.set('a', 1), { name: 'Ada', a: 1 }],
    ['a deletion', (session) => session.delete('name'), {}],
    ['a clear', (session) => session.clear(), {}],
    ['regenerate()', (session) => session.regenerate(), { name: 'Ada' }],
    ['signIn()', (session) => session.signIn('ada'), { name: 'Ada' }],
    ['load()', (session) => session.load(), { name: 'Ada' }],
    ['flashes()', (session) => session.flashes(), { name: 'Ada' }],
    ['signOut()', (session) => session.signOut(), undefined],
  ])('is adopted by %s too', async ([, use, expected]) => {
    const app = newMovedApp(newStore())
    const browser = await app.visitor('Ada')
    app.handler = async (session) => {
      await use(session)
      return 'ok'
    }
    // On KV, which takes one write a second for a key, the request waits for its turn after the adoption.
    expect(await browser.json('/')).toBe('ok')
    expect(browser.cookies.has('old')).toBe(false)
    expect(browser.cookies.has('__Host-session')).toBe(expected !== undefined)
    app.handler = all
    expect(await browser.json('/')).toEqual(expected ?? {})
  })

  test('is left alone beside a session of ours', async () => {
    const app = newMovedApp(newStore())
    const browser = app.browser()
    app.handler = (session) => session.set('mine', true)
    await browser.fetch('/')
    const other = await app.visitor()
    browser.cookies.set('old', other.cookies.get('old') ?? '')
    app.handler = all
    expect(await browser.json('/')).toEqual({ mine: true })
    expect(browser.cookies.has('old')).toBe(true)
    expect(app.loads).toEqual([])
  })

  test('stays when load() gives nothing, and no store is asked', async () => {
    const app = newMovedApp(newStore())
    app.load = () => undefined
    app.handler = all
    const browser = await app.visitor()
    const response = await browser.fetch('/')
    expect(await response.json()).toEqual({})
    expect(response.headers.getSetCookie()).toEqual([])
    expect([app.calls, app.events]).toEqual([[], []])
    app.handler = (session) => session.set('a', 1)
    await browser.fetch('/')
    expect(app.eventTypes()).toEqual(['created'])
    expect(browser.cookies.has('old')).toBe(true)
  })

  test('is an empty session where load() has no data', async () => {
    const app = newMovedApp(newStore())
    app.load = () => ({})
    app.handler = all
    const browser = await app.visitor()
    expect(await browser.json('/')).toEqual({})
    expect(app.eventTypes()).toEqual(['created', 'adopted'])
    expect([...browser.cookies.keys()]).toEqual(['__Host-session'])
  })

  test('leads to nothing once its session was signed out', async () => {
    const app = newMovedApp(newStore())
    const browser = await app.visitor()
    const thief = browser.copy()
    app.handler = all
    await browser.fetch('/')
    app.handler = (session) => session.signOut()
    await browser.fetch('/')
    app.events.length = 0
    for (const later of [0, MINUTE, DAY, 30 * DAY]) {
      app.now += later
      const replay = thief.copy()
      app.handler = all
      const response = await replay.fetch('/')
      expect(await response.json()).toEqual({})
      const isOld = app.events.some((event) => 'reason' in event && event.reason === 'old-cookie')
      expect(response.headers.getSetCookie()).toEqual(isOld ? [] : [CLEARED])
      app.handler = (session) => session.set('a', 1)
      await replay.fetch('/')
      app.handler = all
      expect(await replay.json('/')).toEqual({ a: 1 })
    }
    expect(app.eventTypes()).not.toContain('adopted')
    expect(app.eventTypes().slice(0, 2)).toEqual(['refused: replayed', 'created'])
  })

  test('leads to nothing once its session has expired', async () => {
    const app = newMovedApp(newStore(), { idleTimeout: 600, absoluteTimeout: 600 })
    const browser = await app.visitor()
    const kept = browser.copy()
    app.handler = all
    await browser.fetch('/')
    app.now += 11 * MINUTE
    expect(await kept.json('/')).toEqual({})
    expect(kept.cookies.size).toBe(0)
    expect(app.eventTypes()).toEqual(['created', 'adopted', 'refused: replayed'])
  })

  test('is good within a minute for who has not got the answer', async () => {
    const app = newMovedApp(newStore())
    app.handler = idAfterLoad
    const lost = await app.visitor()
    const browser = lost.copy()
    const id = await lost.json('/')
    app.now += MINUTE - 1
    expect(await browser.json('/')).toBe(id)
    app.handler = all
    expect(await browser.json('/')).toMatchObject({ name: expect.any(String) })
    expect(app.eventTypes()).toEqual(['created', 'adopted'])
  })

  test('does not lead to its session under another token', async () => {
    const app = newMovedApp(newStore())
    const browser = await app.visitor()
    const kept = browser.copy()
    app.handler = all
    // On KV the adoption is a write of its own.
    if (HERE.isKv) await browser.fetch('/')
    app.handler = (session) => session.regenerate()
    await browser.fetch('/')
    app.handler = all
    const overtaken = await kept.copy().fetch('/')
    expect(await overtaken.json()).toEqual({})
    expect(overtaken.headers.getSetCookie()).toEqual([])
    app.now += 2 * MINUTE
    const late = await kept.fetch('/')
    expect(await late.json()).toEqual({})
    expect(late.headers.getSetCookie()).toEqual([CLEARED])
    expect(app.eventTypes()).toEqual(['created', 'adopted', 'regenerated', 'refused: replayed'])
    expect(await browser.json('/')).toMatchObject({ name: expect.any(String) })
  })

  test('brings flash messages, once', async () => {
    const app = newMovedApp(newStore())
    app.load = () => ({ data: { a: 1 }, flash: { notice: 'We have moved.' } })
    app.handler = (session) => session.flashes()
    const browser = await app.visitor()
    expect(await browser.json('/')).toEqual({ notice: 'We have moved.' })
    expect(await browser.json('/')).toEqual({})
  })

  test('brings a signed-in user, who has proved nothing here', async () => {
    const app = newMovedApp(newStore())
    const user = `user ${crypto.randomUUID()}`
    app.load = () => ({ userId: user, details: { aal: 2 }, data: { a: 1 } })
    app.handler = async (session) => {
      await session.load()
      return [session.userId, session.aal, session.authenticatedAt, await session.get('a')]
    }
    const browser = await app.visitor()
    const expected = [user, 2, '1970-01-01T00:00:00.000Z', 1]
    expect(await browser.json('/')).toEqual(expected)
    expect(await browser.json('/')).toEqual(expected)
    expect(app.eventTypes()).toEqual(['created', 'adopted', 'signed-in'])
  })

  test('keeps its session when load() fails, and is asked again', async () => {
    const app = newMovedApp(newStore())
    app.handler = all
    const browser = await app.visitor('Ada')
    app.load = () => {
      throw new Error('the old database is down')
    }
    const response = await browser.fetch('/')
    expect(response.status).toBe(503)
    expect(response.headers.getSetCookie()).toEqual([])
    expect(app.events).toEqual([
      {
        type: 'store-failed',
        call: 'load',
        reason: 'other',
        message: 'the old database is down',
        id: expect.any(String),
      },
    ])
    app.load = (value) => ({ data: { name: value } })
    expect(await browser.json('/')).toEqual({ name: 'Ada' })
  })

  test('that load() does not answer in time is kept', async () => {
    const app = newMovedApp(newStore(), { storeTimeout: 0.05 })
    app.handler = all
    const browser = await app.visitor('Ada')
    app.load = () => new Promise(() => undefined)
    expect((await browser.fetch('/')).status).toBe(503)
    expect(browser.cookies.has('old')).toBe(true)
  })

  test('keeps its session when the store fails', async () => {
    let isDown = true
    const store = newStore() ?? kvStore(env.SESSION_KV)
    const broken: SessionStore = {
      ...store,
      create: (...call) =>
        isDown ? Promise.reject(new Error('no answer')) : store.create(...call),
    }
    const app = newMovedApp(broken)
    app.handler = all
    const browser = await app.visitor('Ada')
    expect((await browser.fetch('/')).status).toBe(503)
    expect([...browser.cookies.keys()]).toEqual(['old'])
    isDown = false
    expect(await browser.json('/')).toEqual({ name: 'Ada' })
    expect([...browser.cookies.keys()]).toEqual(['__Host-session'])
  })

  // The read before the handler fails, or finds it.
  test.skipIf(HERE.isReading)(
    'is adopted by the request that asks again after a failure',
    async () => {
      const app = newMovedApp(newStore())
      const browser = await app.visitor('Ada')
      const good = app.load
      app.load = () => Promise.reject(new Error('down'))
      app.handler = async (session) => {
        const failure = await session.get('name').catch((error: unknown) => String(error))
        app.load = good
        return [failure, await session.get('name')]
      }
      expect(await browser.json('/')).toEqual([
        "SessionError: ERR_STORE: The old cookie's store failed to load the session: down",
        'Ada',
      ])
    },
  )

  test('that cannot be looked up goes on as an anonymous visitor where that is wanted', async () => {
    const app = newMovedApp(newStore(), { onStoreFailure: 'anonymous' })
    app.handler = all
    const browser = await app.visitor('Ada')
    app.load = () => Promise.reject(new Error('down'))
    const response = await browser.fetch('/')
    expect([response.status, await response.json()]).toEqual([200, {}])
    expect(response.headers.getSetCookie()).toEqual([])
    app.handler = (session) => session.set('a', 1)
    expect((await browser.fetch('/')).status).toBe(503)
    app.handler = async (session) => {
      await session.all()
      session.set('a', 1)
    }
    expect((await browser.fetch('/')).status).toBe(503)
    expect([...browser.cookies.keys()]).toEqual(['old'])
  })

  test('of many spellings is one', async () => {
    const app = newMovedApp(newStore())
    app.handler = idAfterLoad
    const browser = await app.visitor()
    const quoted = browser.copy()
    quoted.cookies.set('old', `"${browser.cookies.get('old')}"`)
    expect(await quoted.json('/')).toBe(await browser.json('/'))
  })

  test('of the same user at another time is another', async () => {
    const app = newMovedApp(newStore())
    app.handler = idAfterLoad
    const one = await app.visitor('Ada')
    const other = await app.visitor('Ada')
    expect(await one.json('/')).not.toBe(await other.json('/'))
  })
})

describe.skipIf(HERE.isKv).for(STORES.filter(([name]) => name !== 'KV'))(
  'on %s, an old cookie',
  ([, newStore]) => {
    test('keeps all of twenty increments of parallel first requests', async () => {
      const app = newMovedApp(newStore())
      app.handler = (session) => session.increment('n')
      const browser = await app.visitor()
      await Promise.all(Array.from({ length: 20 }, () => browser.copy().fetch('/')))
      app.handler = all
      expect(await browser.json('/')).toMatchObject({ n: 20 })
    })

    test('is good as long as nobody has used its session, and then no more', async () => {
      const app = newMovedApp(newStore())
      app.handler = idAfterLoad
      const lost = await app.visitor()
      const [retried, thief] = [lost.copy(), lost.copy()]
      const id = await lost.json('/')
      app.now += 10 * MINUTE
      expect(await retried.json('/')).toBe(id)
      app.now += 2 * MINUTE
      app.handler = all
      expect(await retried.json('/')).toMatchObject({ name: expect.any(String) })
      expect(await thief.json('/')).toEqual({})
      expect(app.eventTypes()).toEqual(['created', 'adopted', 'refused: replayed'])
      expect(thief.cookies.size).toBe(0)
    })

    test('lets nothing be written back by a request that joined too late', async () => {
      const app = newMovedApp(newStore())
      const browser = await app.visitor()
      const slow = browser.copy()
      app.handler = async (session, request) => {
        await session.load()
        if (new URL(request.url).pathname === '/out') return session.signOut()
        const other = browser.copy()
        app.handler = (inner) => inner.signOut()
        await other.fetch('/out')
        return session.set('a', 1)
      }
      expect((await slow.fetch('/')).status).toBe(409)
      app.handler = all
      expect(await slow.json('/')).toEqual({})
      expect(await browser.json('/')).toEqual({})
    })
  },
)

describe.skipIf(HERE.isKv)('an old cookie on objects', () => {
  async function rowsOf(id: string): Promise<Record<string, unknown>> {
    const stub = env.SESSIONS.get(env.SESSIONS.idFromString(id))
    return runInDurableObject(stub, (_, { storage }) => Object.fromEntries(storage.kv.list()))
  }

  test('leaves nothing of a signed-out session but that there was one, and at last not even that', async () => {
    const app = newMovedApp(durableObjectStore(env.SESSIONS))
    const long = 'x'.repeat(5000)
    app.load = (value) => ({ userId: 'ada', data: { name: value, long } })
    app.handler = idAfterLoad
    const browser = await app.visitor('Ada Lovelace')
    const replay = browser.copy()
    const id = await browser.json<string>('/')
    expect(JSON.stringify(await rowsOf(id))).toContain('Ada Lovelace')
    app.handler = (session) => session.destroy()
    await browser.fetch('/')
    const rows = await rowsOf(id)
    expect(Object.keys(rows)).toEqual(['$'])
    const until = JSON.parse(String(rows['$'])).onceUntil
    expect(until).toBe(app.now + 31 * DAY)
    expect(rows['$']).not.toMatch(/ada|x{9}/i)

    const stub = env.SESSIONS.get(env.SESSIONS.idFromString(id))
    expect(await runDurableObjectAlarm(stub)).toBe(true)
    expect(await runInDurableObject(stub, (_, { storage }) => storage.getAlarm())).toBe(until)
    app.handler = all
    expect(await replay.json('/')).toEqual({})
    expect(app.eventTypes().at(-1)).toBe('refused: replayed')
  })

  test('leaves nothing of an expired one either', async () => {
    const app = newMovedApp(durableObjectStore(env.SESSIONS), {
      idleTimeout: 1,
      absoluteTimeout: 1,
    })
    app.handler = async (session) => {
      // The alarm rings by itself, since its time has come: perhaps before the session is read.
      await session.load().catch(() => undefined)
      return session.id
    }
    app.now -= 5000
    const browser = await app.visitor('Ada Lovelace')
    const id = await browser.copy().json<string>('/')
    const rows = async (): Promise<string> => JSON.stringify(await rowsOf(id))
    await expect.poll(rows, { timeout: 25_000 }).not.toContain('Ada')
    expect(Object.keys(await rowsOf(id))).toEqual(['$'])
    app.handler = all
    expect(await browser.json('/')).toEqual({})
    expect(app.eventTypes().at(-1)).toBe('refused: replayed')
  })

  test('is forgotten when nobody can come with it any more', async () => {
    const app = newMovedApp(durableObjectStore(env.SESSIONS), {
      use: [
        adopting(
          adoption({ name: 'old', verify, load: () => ({ data: { a: 1 } }), rememberSeconds: 10 }),
        ),
      ],
    })
    const browser = await app.visitor()
    app.now -= 20_000
    app.handler = async (session) => {
      await session.load()
      const { id } = session
      await session.destroy()
      return id
    }
    const id = await browser.json<string>('/')
    const stub = env.SESSIONS.get(env.SESSIONS.idFromString(id))
    expect(Object.keys(await rowsOf(id))).toEqual(['$'])
    await runDurableObjectAlarm(stub)
    expect(await rowsOf(id)).toEqual({})
  })

  test.each([Infinity, Number.NaN, 0, -1])(
    'is not remembered for %s seconds',
    (rememberSeconds) => {
      const load = (): undefined => undefined
      const make = (): unknown => adoption({ name: 'old', verify, load, rememberSeconds })
      expect(make).toThrow(`ERR_OPTION: The old cookie's rememberSeconds is ${rememberSeconds}.`)
      const maxAgeDays = rememberSeconds
      const options = { name: 'old', secret: OLD_SECRET, load, maxAgeDays }
      expect(() => tornadoCookie(options)).toThrow('ERR_OPTION')
    },
  )

  test('is on its user’s list before its cookie leaves, once for parallel requests', async () => {
    const users = userIndex(env.USERS)
    const app = newMovedApp(durableObjectStore(env.SESSIONS), { accounts: { index: users } })
    const user = `user ${crypto.randomUUID()}`
    app.load = () => ({ userId: user, details: { label: 'moved' } })
    app.handler = idAfterLoad
    const browser = await app.visitor()
    const copies = Array.from({ length: 5 }, () => browser.copy())
    const [id] = await Promise.all(copies.map((copy) => copy.json('/')))
    const listed = await app.sessions.user(user, {}).list()
    expect(listed).toEqual([expect.objectContaining({ id, label: 'moved' })])
    await app.sessions.user(user, {}).revokeAll()
    app.handler = all
    expect(await browser.json('/')).toEqual({})
    expect(app.eventTypes().at(-1)).toBe('refused: replayed')
  })

  test('stays when its user may have no more sessions', async () => {
    const users = userIndex(env.USERS)
    const limit = { max: 1, whenFull: 'refuse' } as const
    const app = newMovedApp(durableObjectStore(env.SESSIONS), { accounts: { index: users, limit } })
    const user = `user ${crypto.randomUUID()}`
    app.handler = (session) => session.signIn(user)
    const first = app.browser()
    await first.fetch('/')
    app.load = () => ({ userId: user, data: { a: 1 } })
    app.handler = all
    const browser = await app.visitor()
    expect(await browser.json('/')).toEqual({})
    expect([...browser.cookies.keys()]).toEqual(['old'])
    expect(app.eventTypes().at(-1)).toBe('refused: limit')
    app.handler = (session) => session.signOut()
    await first.fetch('/')
    app.handler = all
    expect(await browser.json('/')).toEqual({ a: 1 })
    expect([...browser.cookies.keys()]).toEqual(['__Host-session'])
  })

  test('passes requireUser, and requireFresh by its own time only', async () => {
    const app = newMovedApp(durableObjectStore(env.SESSIONS))
    const { withSession } = app.sessions
    const routes = {
      '/user': withSession(requireUser()(() => 'in')),
      '/fresh': withSession(requireFresh(600)(() => 'in')),
    }
    const statusOf = async (path: keyof typeof routes, provenAt?: number): Promise<number> => {
      app.load = () => ({
        userId: 'ada',
        ...(provenAt !== undefined && { authenticatedAt: new Date(provenAt) }),
      })
      const visitor = await app.visitor()
      const headers = { Cookie: visitor.cookieHeader() }
      const request = new Request(`https://app.example${path}`, { headers })
      return (await routes[path](request, {}, CONTEXT)).status
    }
    expect(await statusOf('/user')).toBe(200)
    expect(await statusOf('/fresh')).toBe(401)
    expect(await statusOf('/fresh', app.now - 11 * MINUTE)).toBe(401)
    expect(await statusOf('/fresh', app.now - 9 * MINUTE)).toBe(200)
    // An invalid date is an unknown one.
    expect(await statusOf('/fresh', Number.NaN)).toBe(401)
  })

  test('works with a read cache', async () => {
    const app = newMovedApp(durableObjectStore(env.SESSIONS), { cached: { maxAgeSeconds: 60 } })
    app.handler = (session) => session.increment('n')
    const browser = await app.visitor('Ada')
    const copies = [browser.copy(), browser.copy(), browser.copy()]
    await Promise.all(copies.map((copy) => copy.fetch('/')))
    app.handler = all
    for (const copy of copies) {
      app.calls.length = 0
      expect(await copy.json('/')).toEqual({ name: 'Ada', n: 3 })
    }
  })
})

describe.skipIf(HERE.isKv)('an old cookie', () => {
  test.skipIf(HERE.isReading)('leaves it open who is signed in until it is looked at', async () => {
    const app = newMovedApp(memoryStore())
    app.load = () => ({ userId: 'ada' })
    app.handler = async (session) => {
      expect(() => session.userId).toThrow('ERR_NOT_LOADED')
      await session.load()
      return session.userId
    }
    expect(await (await app.visitor()).json('/')).toBe('ada')
    app.handler = async (session) => {
      expect(() => session.userId).toThrow('ERR_NOT_LOADED')
      await session.load()
      return session.userId
    }
    expect(await app.browser().json('/')).toBe(null)
  })

  test('is not looked at over plain http', async () => {
    const app = newMovedApp(memoryStore())
    app.handler = all
    const browser = app.browser('http://app.example')
    browser.cookies.set('old', (await app.visitor()).cookies.get('old') ?? '')
    expect(await browser.json('/')).toEqual({})
    expect(app.loads).toEqual([])
  })

  test('is cleared as it was set', async () => {
    const old = adoption({
      name: '__Secure-sid',
      verify,
      load: () => ({}),
      clear: { path: '/app', domain: 'app.example', secure: true },
    })
    const app = newApp({ store: memoryStore(), use: [adopting(old)] })
    app.handler = all
    const browser = app.browser()
    browser.cookies.set('__Secure-sid', 'a')
    const [, cleared] = (await browser.fetch('/')).headers.getSetCookie()
    expect(cleared).toBe(
      '__Secure-sid=; Max-Age=0; Domain=app.example; Path=/app; Secure; HttpOnly; SameSite=Lax',
    )
  })

  test('that the handler sets itself is not cleared', async () => {
    const app = newMovedApp(memoryStore())
    app.handler = async (session) => {
      await session.load()
      return new Response(null, { headers: { 'Set-Cookie': 'old=new; Path=/' } })
    }
    const response = await (await app.visitor()).fetch('/')
    expect(response.headers.getSetCookie()).toEqual([
      'old=new; Path=/',
      expect.stringMatching(/^__Host-session=/),
    ])
  })

  test('is tried after another one that is forged, and before one that is not needed', async () => {
    const loads: string[] = []
    const oldCookie = (name: string): ReturnType<typeof tornadoCookie<unknown, object>> =>
      tornadoCookie({
        name,
        secret: OLD_SECRET,
        load: () => {
          loads.push(name)
          return {}
        },
      })
    const use = [adopting(oldCookie('a'), oldCookie('b'), oldCookie('c'))]
    const app = newApp({ store: memoryStore(), use })
    app.handler = all
    const browser = app.browser()
    const now = app.now / 1000
    for (const name of ['b', 'c']) {
      browser.cookies.set(name, await createSignedValue(OLD_SECRET, name, 'Ada', { now }))
    }
    browser.cookies.set('a', 'forged')
    await browser.fetch('/')
    expect(loads).toEqual(['b'])
    expect([...browser.cookies.keys()].toSorted()).toEqual(['__Host-session', 'a', 'c'])
  })

  test('protects by its session against other sites, before and after', async () => {
    const app = newMovedApp(memoryStore())
    const { withSession } = app.sessions
    const post = withSession(
      csrfGuard()(({ session }) => {
        session.set('a', 1)
        return 'ok'
      }),
    )
    const form = withSession(async ({ session }) => csrfToken(session))
    const browser = await app.visitor()
    const send = new Browser((request) =>
      request.method === 'POST' ? post(request, {}, CONTEXT) : form(request, {}, CONTEXT),
    )
    for (const [name, value] of browser.cookies) send.cookies.set(name, value)
    // Of a browser that says nothing of the request's origin.
    expect((await send.copy().fetch('/', { method: 'POST' })).status).toBe(403)
    const token = await send.json<string>('/')
    const headers = { 'X-CSRF-Token': token }
    expect((await send.fetch('/', { method: 'POST', headers })).status).toBe(200)
    expect((await send.fetch('/', { method: 'POST' })).status).toBe(403)
  })

  test('needs a store that keeps it from having a second session', async () => {
    const { handleFor: _, ...store } = memoryStore()
    const app = newMovedApp({ ...store, can: { ...store.can, adopt: false } })
    const browser = await app.visitor()
    await expect(browser.fetch('/')).rejects.toThrow(
      'ERR_OPTION: adopting(): the memory store has no handleFor. Use durableObjectStore, or remove adopting().',
    )
  })

  test('with no secret to verify it is a fault of the deployment', async () => {
    const old = tornadoCookie({
      name: 'old',
      secret: (bindings: { OLD?: string }) => bindings.OLD ?? '',
      load: () => ({}),
    })
    const sessions = createSessions<Record<string, unknown>, { OLD?: string }>({
      secrets: [env.SESSION_SECRET],
      store: memoryStore(),
      use: [adopting(old)],
    })
    const fetch = sessions.withSession(({ session }) => session.all())
    const headers = { Cookie: `old=${await createSignedValue(OLD_SECRET, 'old', 'Ada')}` }
    const request = (): Request => new Request('https://app.example', { headers })
    await expect(fetch(request(), {}, CONTEXT)).rejects.toThrow('ERR_SECRET')
    expect((await fetch(request(), { OLD: OLD_SECRET }, CONTEXT)).status).toBe(200)
  })
})

describe.skipIf(HERE.isKv)('an old cookie on KV as Cloudflare promises it', () => {
  test('becomes one session under parallel first requests, though KV refuses a write', async () => {
    let now = Date.now()
    const app = newMovedApp(kvStore(new StaleKv(() => now).location()))
    now = app.now
    app.handler = (session) => session.all()
    const browser = await app.visitor('Ada')
    const copies = Array.from({ length: 5 }, () => browser.copy())
    for (const answer of await Promise.all(copies.map((copy) => copy.json('/')))) {
      expect(answer).toEqual({ name: 'Ada' })
    }
    for (const copy of copies) {
      expect([...copy.cookies.keys()]).toEqual(['__Host-session'])
      expect(await copy.json('/')).toEqual({ name: 'Ada' })
    }
  })
})

function verify(text: string): { value: string; identity: string } {
  return { value: text, identity: text }
}

describe.for(STORES)(
  'where another isolate has the secrets in another order, on %s',
  ([name, newStore]) => {
    /** Two isolates during a rotation, and who came to the first one with an old cookie. */
    async function rotating(handler: Handler): Promise<{ one: App; other: App; visitor: Browser }> {
      const store = newStore()
      const secrets = [env.SESSION_SECRET, 'the next secret, with more than 32 bytes'] as const
      const one = newMovedApp(store, { secrets })
      const other = newMovedApp(store, { secrets: [secrets[1], secrets[0]], clock: one })
      one.handler = handler
      other.handler = handler
      return { one, other, visitor: await one.visitor('Ada') }
    }

    /** The same browser at another isolate. */
    function at(app: App, { cookies }: Browser): Browser {
      const browser = app.browser()
      browser.cookies.addAll(cookies)
      return browser
    }

    test('an old cookie is good there for who has not got the answer', async () => {
      const { one, other, visitor } = await rotating(idAfterLoad)
      const id = await visitor.copy().json('/')
      one.now += MINUTE - 1
      const browser = at(other, visitor)
      expect(await browser.json('/')).toBe(id)
      expect(await at(one, browser).json('/')).toBe(id)
      expect(other.events).toEqual([])
    })

    test.skipIf(name === 'KV')(
      'twenty increments of parallel first requests all count',
      async () => {
        const { one, other, visitor } = await rotating((session) => session.increment('n'))
        await Promise.all(
          Array.from({ length: 20 }, (_, index) =>
            at([one, other][index % 2] ?? one, visitor).fetch('/'),
          ),
        )
        other.handler = all
        expect(await at(other, visitor).json('/')).toMatchObject({ name: 'Ada', n: 20 })
      },
    )
  },
)
