import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import type { SessionStore } from '../../src/index.ts'
import { renewing } from '../../src/renew.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { kvStore } from '../../src/store/kv.ts'
import { userIndex } from '../../src/store/user-index.ts'
import { type App, type Handler, newApp } from '../support/app.ts'
import { storesHere, world } from '../support/worlds.ts'

const HERE = world()
const users = userIndex(env.USERS)
const objects = durableObjectStore(env.SESSIONS)

const who: Handler = async (session) => {
  await session.load()
  return [session.userId ?? null, await session.all()]
}

function newUser(): string {
  return `user ${crypto.randomUUID()}`
}

async function countListed(app: App, userId: string): Promise<number> {
  return (await app.sessions.user(userId, {}).list()).length
}

/** The store, whose next such call fails when it is told to: before it took effect, or after. */
function losing(
  method: 'create' | 'regenerate',
  when: 'before' | 'after',
): { store: SessionStore; lose: () => void } {
  let isLosing = false
  const store = {
    ...objects,
    [method]: async (...parameters: never[]) => {
      const loses = isLosing
      isLosing = false
      if (loses && when === 'before') throw new Error('the request is lost')
      const reply: unknown = await Reflect.apply(objects[method], objects, parameters)
      if (loses) throw new Error('the reply is lost')
      return reply
    },
  }
  return { store, lose: () => (isLosing = true) }
}

describe('a sign-in that a handler passes over when it fails', () => {
  test.for([
    ['create', 'before'],
    ['create', 'after'],
    ['regenerate', 'before'],
    ['regenerate', 'after'],
  ] as const)(
    'in a %s, %s it took effect, is finished before what is set after it',
    async ([method, when]) => {
      const { store, lose } = losing(method, when)
      const app = newApp({ accounts: { index: users }, store })
      const browser = app.browser()
      const before = method === 'regenerate' ? { old: 1 } : {}
      app.handler = (session) => {
        if (method === 'regenerate') session.set('old', 1)
      }
      await browser.fetch('/')
      lose()
      const userId = newUser()
      app.handler = async (session) => {
        await session.signIn(userId).catch(() => undefined)
        session.set('a', 1)
      }
      expect((await browser.fetch('/')).status).toBe(200)
      app.handler = who
      expect(await browser.json('/')).toEqual([userId, { ...before, a: 1 }])
      expect(await countListed(app, userId)).toBe(1)
    },
  )

  test.for(['before', 'after'] as const)(
    'in a regenerate, %s it took effect, is finished before what is read after it',
    async (when) => {
      const { store, lose } = losing('regenerate', when)
      const app = newApp({ accounts: { index: users }, store })
      const browser = app.browser()
      app.handler = (session) => session.set('old', 1)
      await browser.fetch('/')
      lose()
      const userId = newUser()
      app.handler = async (session) => {
        await session.signIn(userId).catch(() => undefined)
        return [await session.get('old'), session.userId]
      }
      expect(await browser.json('/')).toEqual([1, userId])
      app.handler = who
      expect(await browser.json('/')).toEqual([userId, { old: 1 }])
      expect(await countListed(app, userId)).toBe(1)
    },
  )
})

describe('sign-ins that nobody awaits', () => {
  test.for(storesHere({ objects: { store: objects }, KV: { store: kvStore(env.SESSION_KV) } }))(
    'take effect one after the other on %s: the last one counts',
    async ([, options]) => {
      const app = newApp({ accounts: { index: users }, ...options })
      const browser = app.browser()
      const [first, last] = [newUser(), newUser()]
      app.handler = async (session) => {
        void session.signIn(first)
        await session.signIn(last)
      }
      expect((await browser.fetch('/')).status).toBe(200)
      app.handler = who
      expect(await browser.json('/')).toEqual([last, {}])
      expect([await countListed(app, first), await countListed(app, last)]).toEqual([0, 1])
    },
  )

  test('are awaited by the response', async () => {
    const app = newApp({ accounts: { index: users } })
    const browser = app.browser()
    const userId = newUser()
    app.handler = (session) => {
      void session.signIn(userId)
      session.set('a', 1)
    }
    await browser.fetch('/')
    app.handler = who
    expect(await browser.json('/')).toEqual([userId, { a: 1 }])
  })
})

test.for(storesHere({ objects: { store: objects }, KV: { store: kvStore(env.SESSION_KV) } }))(
  'a limit refuses on %s, and the handler may go on without',
  async ([, options]) => {
    const limit = { max: 1, whenFull: 'refuse' } as const
    const app = newApp({ accounts: { index: users, limit }, ...options })
    const userId = newUser()
    const [first, second] = [app.browser(), app.browser()]
    app.handler = async (session) => {
      await session.signIn(userId)
      session.set('a', 1)
    }
    expect((await first.fetch('/')).status).toBe(200)
    await expect(second.fetch('/')).rejects.toThrow(/^ERR_SESSION_LIMIT/)
    app.handler = async (session) => {
      await session.signIn(userId).catch(() => {
        session.set('refused', true)
      })
    }
    await second.fetch('/')
    app.handler = who
    expect(await first.json('/')).toEqual([userId, { a: 1 }])
    expect(await second.json('/')).toEqual([null, { refused: true }])
  },
)

// KV refuses renewing().
test.skipIf(HERE.isKv)(
  'a former token signs in within its grace and long after it, and kills the newer one',
  async () => {
    const app = newApp({ accounts: { index: users }, use: [renewing({ everySeconds: 60 })] })
    const browser = app.browser()
    const userId = newUser()
    const signIn: Handler = (session) => session.signIn(userId)
    app.handler = signIn
    await browser.fetch('/')
    const [former, late] = [browser.copy(), browser.copy()]
    app.now += 61_000
    app.handler = who
    await browser.fetch('/')
    app.handler = signIn
    expect((await former.fetch('/')).status).toBe(200)
    app.handler = who
    expect(await former.json('/')).toEqual([userId, {}])
    expect(await browser.json('/')).toEqual([null, {}])
    app.now += 120_000
    app.handler = signIn
    expect((await late.fetch('/')).status).toBe(200)
    app.handler = who
    expect(await late.json('/')).toEqual([userId, {}])
    expect(await countListed(app, userId)).toBe(2)
  },
)

test('a sign-in that hangs leaves the visitor as he was', async () => {
  const options = { accounts: { index: users }, store: durableObjectStore(env.FAULTY) }
  const app = newApp(options)
  // On a busy machine, a call that is answered may take longer.
  const hurried = newApp({ ...options, storeTimeout: 0.05, clock: app })
  const browser = app.browser()
  app.handler = (session) => {
    session.set('a', 1)
    return session.id
  }
  const id = env.FAULTY.idFromString(await browser.json<string>('/'))
  await env.FAULTY.get(id).fail('hang')
  hurried.handler = (session) => session.signIn(newUser())
  const impatient = hurried.browser()
  impatient.cookies.addAll(browser.cookies)
  const response = await impatient.fetch('/')
  expect([response.status, response.headers.getSetCookie()]).toEqual([503, []])
  app.handler = who
  expect(await browser.json('/')).toEqual([null, { a: 1 }])
})
