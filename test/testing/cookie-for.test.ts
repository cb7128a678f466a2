import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, test, vi } from 'vitest'

import {
  type AccountMethods,
  accounts,
  type AccountsOfLayer,
  type AccountsOptions,
} from '../../src/accounts.ts'
import { csrfGuard } from '../../src/guard/csrf.ts'
import { createSessions, json, type SessionOptions, type Sessions } from '../../src/index.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { kvStore } from '../../src/store/kv.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { userIndex } from '../../src/store/user-index.ts'
import { cookieFor, TestBrowser } from '../../src/testing.ts'
import { CONTEXT } from '../support/site.ts'

interface Data {
  cart: string[]
  visits?: number
}

interface Flash {
  notice: string
}

type App = Sessions<Data, Cloudflare.Env, Flash, AccountMethods> & AccountsOfLayer<Cloudflare.Env>
type Options = Omit<SessionOptions<Cloudflare.Env>, 'data' | 'use'>

function newSessions(
  options: Partial<Options> = {},
  users: AccountsOptions<Cloudflare.Env> = {},
): App {
  return createSessions({
    data: json<Data, Flash>(),
    secrets: ({ SESSION_SECRET }: Cloudflare.Env) => [SESSION_SECRET],
    store: ({ SESSIONS }: Cloudflare.Env) => durableObjectStore(SESSIONS),
    ...options,
    use: [accounts(users)],
  })
}

/** What an application's handler finds of a visitor with this cookie. */
async function foundBy(sessions: App, cookie: string): Promise<unknown> {
  const fetch = sessions.withSession(async ({ session }) => ({
    data: await session.all(),
    flash: await session.flashes(),
    user: session.userId,
    aal: session.aal,
    isNew: session.isNew,
  }))
  const request = new Request('https://shop.example/', { headers: { Cookie: cookie } })
  return (await fetch(request, env, CONTEXT)).json()
}

afterEach(() => {
  vi.useRealTimers()
})

describe('cookieFor', () => {
  test.for([
    ['objects', newSessions()],
    ['KV', newSessions({ store: kvStore(env.SESSION_KV) })],
    ['memory', newSessions({ store: memoryStore() })],
  ] as const)('gives the cookie of a session on %s', async ([, sessions]) => {
    const cookie = await cookieFor(sessions, env, {
      data: { cart: ['apple'] },
      flash: { notice: 'hello' },
      userId: 'cookie-for',
      aal: 2,
    })
    expect(cookie).toMatch(/^__Host-session=[\w.-]+$/)
    expect(await foundBy(sessions, cookie)).toEqual({
      data: { cart: ['apple'] },
      flash: { notice: 'hello' },
      user: 'cookie-for',
      aal: 2,
      isNew: false,
    })
  })

  test('gives another session each time', async () => {
    const sessions = newSessions()
    const one = await cookieFor(sessions, env, { data: { cart: ['apple'] } })
    const other = await cookieFor(sessions, env, { data: { visits: 7 } })
    expect(await foundBy(sessions, one)).toMatchObject({ data: { cart: ['apple'] } })
    expect(await foundBy(sessions, other)).toMatchObject({ data: { visits: 7 } })
  })

  test('puts the session on the list of its user, with what is said of it', async () => {
    const sessions = newSessions({}, { index: userIndex(env.USERS) })
    await cookieFor(sessions, env, { userId: 'listed', label: 'phone', country: 'PT' })
    expect(await sessions.user('listed', env).list()).toMatchObject([
      { label: 'phone', country: 'PT' },
    ])
  })

  test('is of whatever cookie the application has', async () => {
    const cookie = { name: 's', path: '/admin', domain: 'shop.example', secure: false }
    const sessions = newSessions({ cookie })
    expect(await cookieFor(sessions, env, { userId: 'admin' })).toMatch(/^s=[\w.-]+$/)
  })

  test.for([
    ['nothing', {}],
    ['empty data', { data: {} }],
    ['only what is absent', { data: { visits: undefined } }],
  ] as const)('of %s says that there is nothing to keep', async ([, contents]) => {
    const given = contents as { data?: { cart: string[] } }
    await expect(cookieFor(newSessions(), env, given)).rejects.toMatchObject({
      code: 'ERR_VALUE',
      message: expect.stringContaining('Pass data, flash or a userId to cookieFor()'),
    })
  })

  test('throws what goes wrong, and gives no half-made cookie', async () => {
    const down = new Error('down')
    const store = { ...memoryStore(), create: () => Promise.reject(down) }
    for (const onStoreFailure of ['refuse', 'anonymous'] as const) {
      const failing = newSessions({ store, onStoreFailure })
      await expect(cookieFor(failing, env, { data: { cart: [] } })).rejects.toMatchObject({
        code: 'ERR_STORE',
        cause: down,
      })
    }
    const refusing = newSessions({ secrets: ['short'] })
    await expect(cookieFor(refusing, env, { userId: 'ada' })).rejects.toMatchObject({
      code: 'ERR_SECRET',
    })
    await expect(cookieFor(newSessions(), env, { userId: '' })).rejects.toMatchObject({
      code: 'ERR_VALUE',
    })
    const date = { cart: [new Date() as never] }
    await expect(cookieFor(newSessions(), env, { data: date })).rejects.toMatchObject({
      code: 'ERR_VALUE',
    })
  })

  test.for([
    ['objects', durableObjectStore(env.SESSIONS)],
    ['KV', kvStore(env.SESSION_KV)],
  ] as const)('throws where the list of the user cannot be reached, on %s', async ([, store]) => {
    const broken = {
      idFromName: () => 'id',
      get: () => ({ call: () => Promise.reject(Error('x')) }),
    }
    const sessions = newSessions({ store }, { index: userIndex(broken) })
    await expect(cookieFor(sessions, env, { userId: 'ada' })).rejects.toMatchObject({
      code: 'ERR_STORE',
    })
  })
})

describe('a test', () => {
  test('moves the clock of the application by faking Date', async () => {
    const sessions = newSessions({ idleTimeout: 1800 })
    const start = Date.now()
    const cookie = await cookieFor(sessions, env, { userId: 'clock' })
    vi.useFakeTimers({ toFake: ['Date'], now: start + 1_799_000 })
    expect(await foundBy(sessions, cookie)).toMatchObject({ user: 'clock' })
    vi.setSystemTime(start + 1_799_000 + 1_800_000)
    expect(await foundBy(sessions, cookie)).toMatchObject({ isNew: true })
  })

  test('tries a guard against forgery as a browser would, from wherever it says', async () => {
    const sessions = newSessions()
    const fetch = sessions.withSession(csrfGuard()(() => 'done'))
    const cookie = await cookieFor(sessions, env, { userId: 'forgery' })
    const browser = new TestBrowser((request) => fetch(request, env, CONTEXT), { cookie })
    const statuses = []
    for (const from of ['same-origin', 'none', 'same-site', 'cross-site', 'client'] as const) {
      const response = await browser.fetch('/', { method: 'POST', from })
      statuses.push([from, response.status])
    }
    expect(statuses).toEqual([
      ['same-origin', 200],
      ['none', 200],
      ['same-site', 403],
      ['cross-site', 403],
      ['client', 403],
    ])
  })
})
