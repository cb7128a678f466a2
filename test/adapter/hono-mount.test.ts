import { env } from 'cloudflare:workers'
import { Hono } from 'hono'
import { describe, expect, test } from 'vitest'

import { accounts } from '../../src/accounts.ts'
import { type SessionEnv, sessionMiddleware } from '../../src/adapter/hono.ts'
import { createSessions, type SessionEvent } from '../../src/index.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { kvStore } from '../../src/store/kv.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { Browser } from '../support/browser.ts'

const STORES = {
  objects: () => durableObjectStore(env.SESSIONS),
  memory: () => memoryStore(),
  kv: () => kvStore(env.SESSION_KV),
}
const CONTEXT = { waitUntil: () => undefined, passThroughOnException: () => undefined, props: {} }

/** An application that mounts another one with the same sessions; Hono gives it a request of its own, or the same one. */
function newSite(store = memoryStore(), keepsRequest = false) {
  const events: SessionEvent[] = []
  const sessions = createSessions({
    secrets: [env.SESSION_SECRET],
    store,
    use: [accounts()],
    onEvent: (event) => void events.push(event),
  })
  const app = new Hono<SessionEnv<typeof sessions>>()
  app.use(sessionMiddleware(sessions))
  app.use('/inner/*', async (c, next) => {
    if (c.req.query('read') !== undefined) await c.var.session.load()
    if (c.req.query('before') !== undefined) c.var.session.set('before', 1)
    await next()
    if (c.req.query('after') !== undefined) c.var.session.set('after', 1)
  })
  const inner = sessions.withSession(async ({ session, url }) => {
    if (url.includes('sign-in')) await session.signIn('ada')
    if (url.includes('regenerate')) await session.regenerate()
    session.set('inner', 1)
    return 'ok'
  })
  app.mount('/inner', inner, keepsRequest ? { replaceRequest: false } : undefined)
  app.get('/all', async (c) =>
    c.json({ ...(await c.var.session.all()), user: c.var.session.userId ?? null }),
  )
  app.get('/set', (c) => {
    c.var.session.set('set', 1)
    return c.text('ok')
  })
  const browser = new Browser(async (request) => app.fetch(request, {}, CONTEXT))
  return { browser, events }
}

describe.for(Object.entries(STORES))(
  'an application that app.mount passes a new request to, on %s',
  ([, newStore]) => {
    test.for([false, true])(
      'shares the session of a new visitor (the same request: %s)',
      async (keepsRequest) => {
        const { browser } = newSite(newStore(), keepsRequest)
        const response = await browser.fetch('/inner/page?before')
        expect(response.status).toBe(200)
        expect(response.headers.getSetCookie()).toHaveLength(1)
        expect(await browser.json('/all')).toEqual({ before: 1, inner: 1, user: null })
      },
    )

    test.for([false, true])(
      'shares the session of a known visitor (the same request: %s)',
      async (keepsRequest) => {
        const { browser, events } = newSite(newStore(), keepsRequest)
        await browser.fetch('/set')
        await browser.fetch('/inner/page?read')
        expect(await browser.json('/all')).toEqual({ set: 1, inner: 1, user: null })
        expect(events.map(({ type }) => type)).toEqual(['created'])
      },
    )

    test.for([false, true])(
      'signs in, and the cookie of the sign-in leaves (the same request: %s)',
      async (keepsRequest) => {
        const { browser } = newSite(newStore(), keepsRequest)
        await browser.fetch('/set')
        expect((await browser.fetch('/inner/sign-in?read')).status).toBe(200)
        expect(await browser.json('/all')).toEqual({ set: 1, inner: 1, user: 'ada' })
      },
    )
  },
)

test('a write of the outer application after the mounted one has changed the token is refused, and the new cookie stays', async () => {
  const { browser } = newSite()
  await browser.fetch('/set')
  const response = await browser.fetch('/inner/regenerate?read&after')
  expect(response.status).toBe(409)
  expect(await browser.json('/all')).toEqual({ set: 1, inner: 1, user: null })
  // The same request: one session, one token.
  const same = newSite(memoryStore(), true)
  await same.browser.fetch('/set')
  expect((await same.browser.fetch('/inner/regenerate?read&after')).status).toBe(200)
  expect(await same.browser.json('/all')).toEqual({ set: 1, inner: 1, after: 1, user: null })
})
