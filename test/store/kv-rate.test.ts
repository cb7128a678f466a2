import { expect, test } from 'vitest'

import { kvStore } from '../../src/store/kv.ts'
import { type Handler, newApp } from '../support/app.ts'
import { skipSeconds } from '../support/no-waiting.ts'
import { StaleKv } from '../support/stale-kv.ts'

const CHANGES: Record<string, Handler> = {
  regenerate: async (session) => {
    await session.regenerate()
    return 'ok'
  },
  'sign-in': async (session) => {
    await session.signIn('ada')
    return 'ok'
  },
}

// The rate is simulated: miniflare's KV takes any number of writes.
test.for(Object.entries(CHANGES))(
  'a %s within a second of a write takes a second, and the old token is dead',
  async ([, change]) => {
    const clock = { now: Date.now() }
    const waits: number[] = []
    skipSeconds(() => {
      waits.push(clock.now)
      clock.now += 1000
    })
    const app = newApp({ store: kvStore(new StaleKv(() => clock.now).location()), clock })
    const start = clock.now
    const browser = app.browser()
    app.handler = (session) => {
      session.set('cart', 1)
      return 'ok'
    }
    await browser.fetch('/')
    const former = browser.copy()
    app.handler = change
    expect((await browser.fetch('/')).status).toBe(200)
    expect(waits).toEqual([start])
    app.handler = (session) => session.all()
    expect(await browser.json('/')).toEqual({ cart: 1 })
    expect(await former.json('/')).toEqual({})
  },
)

test('any other failure of the write is one at once', async () => {
  const kv = new StaleKv(() => Date.now()).location()
  let writes = 0
  const failing = {
    ...kv,
    put: async (...parameters: Parameters<typeof kv.put>) => {
      writes += 1
      if (writes === 3) throw new Error('KV PUT failed: 500 Internal Server Error')
      await kv.put(...parameters)
    },
  }
  const app = newApp({ store: kvStore(failing), now: () => Date.now() })
  const browser = app.browser()
  app.handler = (session) => session.signIn('ada')
  await browser.fetch('/')
  app.handler = (session) => session.regenerate()
  expect((await browser.fetch('/')).status).toBe(503)
  expect(writes).toBe(3)
})
