import { describe, expect, test } from 'vitest'
import { z } from 'zod'

import { adopting } from '../../src/adopt.ts'
import { requireUser } from '../../src/guard/require-user.ts'
import type { SessionStore } from '../../src/index.ts'
import { adoption, type ReaderOptions } from '../../src/migrate/adoption.ts'
import { checked } from '../../src/schema.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { type App, type AppOptions, type AppSession, newApp } from '../support/app.ts'
import { type Loaded, newMovedApp, STORES } from '../support/old-app.ts'
import { CONTEXT } from '../support/site.ts'

const all = (session: AppSession): unknown => session.all()
const schema = z.object({ age: z.number(), name: z.string() })

describe.for(STORES)('on %s, what load() gives and the schema refuses', ([, newStore]) => {
  test('counts as absent, with its event, and stays in the store', async () => {
    const store = newStore()
    const app = newMovedApp(store, { data: checked(schema) })
    const userId = `user ${crypto.randomUUID()}`
    app.load = () => ({ userId, data: { age: '41', name: 'Ada' } })
    app.handler = async (session) => [await session.all(), session.userId]
    const browser = await app.visitor()
    for (let visit = 0; visit < 2; visit += 1) {
      expect(await browser.json('/')).toEqual([{ name: 'Ada' }, userId])
    }
    expect([...browser.cookies.keys()]).toEqual(['__Host-session'])
    expect(app.events.filter(({ type }) => type === 'invalid')).toMatchObject([
      { keys: ['age'] },
      { keys: ['age'] },
    ])
    const lenient = newApp({ store })
    lenient.handler = all
    const headers = { Cookie: browser.cookieHeader() }
    expect(await lenient.browser().json('/', { headers })).toEqual({ age: '41', name: 'Ada' })
  })

  test('is given to migrate first', async () => {
    const migrate = ({ age, ...stored }: Readonly<Record<string, unknown>>): object =>
      age === undefined ? stored : { ...stored, age: Number(age) }
    const app = newMovedApp(newStore(), { data: checked(schema, { migrate }) })
    app.load = () => ({ data: { age: '41', name: 'Ada' } })
    app.handler = all
    const browser = await app.visitor()
    expect(await browser.json('/')).toEqual({ age: 41, name: 'Ada' })
    expect(await browser.json('/')).toEqual({ age: 41, name: 'Ada' })
    expect(app.eventTypes()).not.toContain('invalid')
    expect(app.eventTypes()).not.toContain('migration-failed')
  })

  test('does not fail a page that only writes', async () => {
    const app = newMovedApp(newStore(), { data: checked(schema) })
    app.load = () => ({ data: { age: '41' } })
    app.handler = (session) => session.set('name', 'Eve')
    const browser = await app.visitor()
    expect((await browser.fetch('/')).status).toBe(200)
    app.handler = all
    expect(await browser.json('/')).toEqual({ name: 'Eve' })
  })
})

/** More than a session may hold in all. */
function many(): Record<string, string> {
  const keys = Array.from({ length: 5 }, (_, part) => `part ${part}`)
  return Object.fromEntries(keys.map((key) => [key, 'x'.repeat(1_700_000)]))
}

const UNSTORABLE: readonly (readonly [what: string, loaded: unknown, keys: readonly string[]])[] = [
  ['a Date', { data: { at: new Date(), ok: 1 } }, ['at']],
  ['a bigint', { data: { id: 9_007_199_254_740_993n } }, ['id']],
  ['NaN', { data: { a: { b: Number.NaN } } }, ['a']],
  ['a value that is too large', { data: { text: 'x'.repeat(2_000_000) } }, ['text']],
  ['more than a session holds', { data: many() }, []],
  ['a key that is half a character', { data: { '\ud800': 1 } }, ['\ud800']],
  ['a message that is a Map', { flash: { notice: new Map() } }, ['notice']],
  ['data in a Map', { data: new Map([['a', 1]]) }, []],
  ['data in a list', { data: ['a'] }, []],
  ['a text', 'ada', []],
  ['data that is a text', { data: 'ada' }, []],
  ['a number for a user’s id', { userId: 7 }, []],
  ['an empty user’s id', { userId: '' }, []],
  ['a level that there is not', { userId: 'ada', details: { aal: 9 } }, []],
  ['a time that is no Date', { userId: 'ada', authenticatedAt: 1_700_000_000 }, []],
]

describe('an old cookie that leads to what cannot be stored', () => {
  test.for(UNSTORABLE)('fails as an exception of load() does: %s', async ([, loaded, keys]) => {
    const app = newMovedApp(memoryStore())
    app.load = () => loaded as Loaded
    app.handler = async (session) => {
      await session.load()
      return session.userId
    }
    const browser = await app.visitor('Ada')
    const response = await browser.fetch('/')
    expect([response.status, response.headers.getSetCookie()]).toEqual([503, []])
    expect(app.events).toEqual([
      { type: 'adoption-failed', keys, id: expect.any(String) },
      {
        type: 'store-failed',
        call: 'load',
        reason: 'other',
        message: expect.stringContaining('load() returned a value that cannot be stored'),
        id: expect.any(String),
      },
    ])
    expect([...browser.cookies.keys()]).toEqual(['old'])
    app.load = (value) => ({ data: { name: value } })
    app.handler = all
    expect(await browser.json('/')).toEqual({ name: 'Ada' })
  })

  test('goes on as an anonymous visitor where that is wanted, on a guarded page too', async () => {
    const app = newMovedApp(memoryStore(), { onStoreFailure: 'anonymous' })
    app.load = () => ({ data: { at: new Date() } })
    const browser = await app.visitor()
    app.handler = all
    expect(await browser.json('/')).toEqual({})
    const guarded = app.sessions.withSession(requireUser()(() => 'in'))
    const headers = { Cookie: browser.cookieHeader() }
    const answer = await guarded(new Request('https://example.com/', { headers }), {}, CONTEXT)
    expect(answer.status).toBe(401)
    expect(app.eventTypes()).toEqual([
      'adoption-failed',
      'store-failed',
      'adoption-failed',
      'store-failed',
    ])
  })

  test('says which keys, and never a value', async () => {
    const app = newMovedApp(memoryStore())
    app.load = () => ({ data: { secret: { toJSON: () => 'hidden' }, at: new Date(0) } })
    app.handler = (session) => session.load().catch((error: unknown) => String(error))
    expect(await (await app.visitor()).json('/')).toBe(
      'SessionError: ERR_STORE: The old cookie\'s store failed to load the session: load() returned a value that cannot be stored: "secret", "at"',
    )
  })

  test('is left alone where load() gives null, and has no user where the id is null', async () => {
    const app = newMovedApp(memoryStore())
    app.load = () => null as unknown as undefined
    app.handler = all
    const browser = await app.visitor()
    expect(await browser.json('/')).toEqual({})
    expect([app.events, [...browser.cookies.keys()]]).toEqual([[], ['old']])
    const row = { userId: null, data: null, flash: null, details: null, authenticatedAt: null }
    app.load = () => row as unknown as Loaded
    app.handler = async (session) => {
      await session.load()
      return session.userId ?? null
    }
    expect(await browser.json('/')).toBe(null)
    expect([...browser.cookies.keys()]).toEqual(['__Host-session'])
  })
})

describe('an old cookie whose reader throws', () => {
  const fails = (): never => {
    throw new URIError('malformed')
  }
  function newReading(reader: Partial<ReaderOptions<unknown, object>>, options?: AppOptions): App {
    const verify = (text: string): object => ({ value: text, identity: text })
    const old = adoption<unknown, object>({
      name: 'old',
      load: () => ({}),
      ...({ verify } as Pick<ReaderOptions<unknown, object>, 'verify'>),
      ...reader,
    })
    return newApp({ store: memoryStore(), use: [adopting(old)], ...options })
  }

  test.for([['find'], ['verify'], ['load']])('in %s, is a failure of the store', async ([name]) => {
    for (const onStoreFailure of ['refuse', 'anonymous'] as const) {
      const app = newReading({ [name ?? '']: fails }, { onStoreFailure })
      const browser = app.browser()
      browser.cookies.set('old', 'a')
      expect((await browser.fetch('/')).status).toBe(200)
      expect(app.events).toEqual([])
      app.handler = all
      const isRefused = onStoreFailure === 'refuse'
      expect((await browser.fetch('/')).status).toBe(isRefused ? 503 : 200)
      expect(app.events).toMatchObject([{ type: 'store-failed', call: 'load' }])
      expect([...browser.cookies.keys()]).toEqual(['old'])
    }
  })
})

describe.for<[what: string, isLoadDown: boolean]>([
  ['the old database', true],
  ['the store', false],
])('with onStoreFailure anonymous, while %s is down,', ([, isLoadDown]) => {
  function newDown(): ReturnType<typeof newMovedApp> {
    const store = memoryStore()
    const down: SessionStore = { ...store, create: () => Promise.reject(new Error('down')) }
    const app = newMovedApp(isLoadDown ? store : down, { onStoreFailure: 'anonymous' })
    app.load = (value) => {
      if (isLoadDown) throw new Error('down')
      return { userId: value }
    }
    return app
  }

  test('nobody is signed in, for the whole request', async () => {
    const app = newDown()
    const browser = await app.visitor('ada')
    app.handler = async (session) => {
      await session.load()
      const user = session.userId ?? null
      return [user, session.aal ?? null, await session.all(), session.userId ?? null]
    }
    expect(await browser.json('/')).toEqual([null, null, {}, null])
    expect(app.loads).toHaveLength(1)
    expect([...browser.cookies.keys()]).toEqual(['old'])
  })

  test('and a fresh read does not look again', async () => {
    const app = newDown()
    const browser = await app.visitor('ada')
    app.handler = async (session) => {
      await session.load()
      await session.load({ fresh: true })
      return session.userId ?? null
    }
    expect(await browser.json('/')).toBe(null)
    expect(app.loads).toHaveLength(1)
  })

  test('a guard says 401, and a write 503', async () => {
    const app = newDown()
    const browser = await app.visitor('ada')
    const headers = { Cookie: browser.cookieHeader() }
    const guarded = app.sessions.withSession(requireUser()(() => 'in'))
    const answer = await guarded(new Request('https://example.com/', { headers }), {}, CONTEXT)
    expect(answer.status).toBe(401)
    app.handler = async (session) => {
      await session.load()
      session.set('a', 1)
    }
    expect((await browser.fetch('/')).status).toBe(503)
  })
})
