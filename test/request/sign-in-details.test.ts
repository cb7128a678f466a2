import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'

import { durableObjectStore } from '../../src/store/durable-object.ts'
import { kvStore } from '../../src/store/kv.ts'
import { userIndex } from '../../src/store/user-index.ts'
import { type App, newApp } from '../support/app.ts'
import { recordedIndex } from '../support/recorded-index.ts'

const users = userIndex(env.USERS)
const STORES = [
  ['objects', () => durableObjectStore(env.SESSIONS)],
  ['KV', () => kvStore(env.SESSION_KV)],
] as const

function newUser(): string {
  return `user ${crypto.randomUUID()}`
}

async function whatIsKept(app: App, browser: ReturnType<App['browser']>): Promise<unknown> {
  app.handler = async (session) => {
    const data = await session.all()
    return [session.userId ?? null, session.aal ?? null, data]
  }
  return browser.json('/')
}

test.for(STORES)(
  'of two sign-ins with another level the last counts, on %s',
  async ([, newStore]) => {
    const app = newApp({ store: newStore() })
    const [browser, user] = [app.browser(), newUser()]
    app.handler = async (session) => {
      await session.signIn(user, { aal: 1 })
      await session.signIn(user, { aal: 2 })
    }
    await browser.fetch('/')
    expect(await whatIsKept(app, browser)).toEqual([user, 2, {}])
  },
)

test.for(STORES)(
  'nothing of a visitor reaches the third sign-in of a request, of which the second was another user’s, on %s',
  async ([, newStore]) => {
    const app = newApp({ store: newStore() })
    const [browser, first, last] = [app.browser(), newUser(), newUser()]
    app.handler = (session) => session.set('cart', 1)
    await browser.fetch('/')
    app.handler = async (session) => {
      await session.signIn(first)
      await session.signIn(last)
      await session.signIn(last, { aal: 2 })
    }
    await browser.fetch('/')
    expect(await whatIsKept(app, browser)).toEqual([last, 2, {}])
  },
)

test('on KV a token whose new address could not be listed is not sent', async () => {
  const failing = new Set<string>()
  const { index } = recordedIndex(users, failing)
  const app = newApp({ store: kvStore(env.SESSION_KV), accounts: { index } })
  const [browser, user] = [app.browser(), newUser()]
  app.handler = (session) => session.signIn(user)
  await browser.fetch('/')
  failing.add('add')
  app.handler = (session) => session.regenerate()
  const response = await browser.fetch('/')
  expect(response.status).toBe(503)
  expect(response.headers.getSetCookie()).toEqual([])
})

test.for(STORES)(
  'a sign-in that the list refuses in the end leaves no session behind, on %s',
  async ([, newStore]) => {
    // Its place was given to another sign-in, since it took longer than a minute.
    const index = Object.assign(Object.create(users) as typeof users, {
      reserve: () => Promise.resolve(true),
      add: () => Promise.resolve(undefined),
    })
    const limit = { max: 1, whenFull: 'refuse' } as const
    const app = newApp({ store: newStore(), accounts: { index, limit } })
    const browser = app.browser()
    app.handler = (session) => session.set('cart', 1)
    await browser.fetch('/')
    const visitor = browser.copy()
    app.events.length = 0
    app.handler = (session) => session.signIn(newUser())
    await expect(browser.fetch('/')).rejects.toThrow('ERR_SESSION_LIMIT')
    expect(app.events.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['refused', 'destroyed']),
    )
    expect(await whatIsKept(app, visitor)).toEqual([null, null, {}])
  },
)
