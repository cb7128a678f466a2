import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { kvStore } from '../../src/store/kv.ts'
import { newApp } from '../support/app.ts'
import { skipSeconds } from '../support/no-waiting.ts'
import { newMovedApp } from '../support/old-app.ts'
import { StaleKv } from '../support/stale-kv.ts'

/* KV takes one write a second for a key: miniflare's does not, so that is simulated. */

let clock = 1_800_000_000_000

/** A store at KV's rate. A request that waits a second for its turn waits none here. */
const newStore = () => kvStore(new StaleKv(() => clock).location())

beforeEach(() => {
  skipSeconds(() => (clock += 1000))
})

afterEach(() => {
  vi.restoreAllMocks()
})

test('a request that changes a session that it has just adopted waits for its turn', async () => {
  const app = newMovedApp(newStore())
  app.handler = (session) => session.set('visits', 1)
  const browser = await app.visitor('Ada')
  expect((await browser.fetch('/')).status).toBe(200)
  expect(browser.cookies.has('old')).toBe(false)
  app.handler = (session) => session.all()
  expect(await browser.json('/')).toEqual({ name: 'Ada', visits: 1 })
})

test('a change after commit() waits for its turn', async () => {
  const app = newApp({ store: newStore() })
  const browser = app.browser()
  app.handler = async (session) => {
    session.set('a', 1)
    await session.commit()
    session.set('b', 2)
    await session.commit()
    session.set('c', 3)
  }
  expect((await browser.fetch('/')).status).toBe(200)
  app.handler = (session) => session.all()
  expect(await browser.json('/')).toEqual({ a: 1, b: 2, c: 3 })
})

test('a change of a session that has just got another token waits for its turn', async () => {
  const app = newApp({ store: newStore() })
  const browser = app.browser()
  app.handler = (session) => session.set('a', 1)
  await browser.fetch('/')
  clock += 1000
  app.handler = async (session) => {
    await session.regenerate()
    await session.commit()
    session.set('b', 2)
  }
  expect((await browser.fetch('/')).status).toBe(200)
  app.handler = (session) => session.all()
  expect(await browser.json('/')).toEqual({ a: 1, b: 2 })
})

test('a change right after another request’s is refused: what it has read may have changed', async () => {
  const app = newApp({ store: newStore() })
  const browser = app.browser()
  app.handler = (session) => session.set('a', 1)
  await browser.fetch('/')
  app.handler = (session) => session.set('b', 2)
  expect((await browser.fetch('/')).status).toBe(503)
  clock += 1000
  expect((await browser.fetch('/')).status).toBe(200)
})
