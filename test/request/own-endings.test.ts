import { expect, test } from 'vitest'

import { kvStore } from '../../src/store/kv.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { type App, newApp } from '../support/app.ts'
import { StaleKv } from '../support/stale-kv.ts'

// A location of KV may go on returning a session that this isolate has just destroyed. Simulated (StaleKv).

test.for([false, true])(
  'a session that an overlapping request has destroyed is not written back; read before: %s',
  async (isRead) => {
    const kv = new StaleKv(() => app.now, { seesOwnWrites: false })
    const app: App = newApp({ store: kvStore(kv.location()) })
    const browser = app.browser()
    app.handler = (session) => session.set('a', 1)
    await browser.fetch('/')
    app.now += 60_000
    const [copy, leaving] = [browser.copy(), browser.copy()]
    const [arrived, left] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    app.handler = async (session) => {
      if (isRead) await session.load()
      arrived.resolve()
      await left.promise
      session.set('late', 1)
      await session.commit()
    }
    const late = browser.fetch('/')
    await arrived.promise
    app.handler = async (session) => {
      // This location remembers the session from here on.
      await session.load()
      await session.destroy()
    }
    await leaving.fetch('/')
    app.now += 2000
    left.resolve()
    expect((await late).status).toBe(409)
    app.now += 60_000
    app.handler = (session) => session.all()
    expect(await copy.json('/')).toEqual({})
  },
)

// Another isolate ends the session: this one learns when from the store.
test.for([
  ['as a request arrives is late for it', 0, 409],
  ['before a request arrives is followed by a new one', 5000, 200],
] as const)('a session that ends elsewhere %s', async ([, later, status]) => {
  const store = memoryStore()
  let end = async (): Promise<unknown> => undefined
  const app = newApp({
    store: {
      ...store,
      create: (credential, context, patch) => {
        end = async () => store.destroy(credential, { ...context, now: app.now })
        return store.create(credential, context, patch)
      },
    },
  })
  const browser = app.browser()
  app.handler = (session) => session.set('a', 1)
  await browser.fetch('/')
  await end()
  app.now += later
  app.handler = (session) => session.set('b', 2)
  expect((await browser.fetch('/')).status).toBe(status)
  app.handler = (session) => session.all()
  expect(await browser.json('/')).toEqual(status === 200 ? { b: 2 } : {})
})

test('a session that begins and ends in one request sends no cookie', async () => {
  const app = newApp({ store: memoryStore() })
  app.handler = async (session) => {
    session.set('a', 1)
    await session.commit()
    await session.destroy()
  }
  const response = await app.browser().fetch('/')
  expect(response.headers.getSetCookie()).toEqual([])
})
