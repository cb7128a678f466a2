import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import { durableObjectStore } from '../../src/store/durable-object.ts'
import { kvStore } from '../../src/store/kv.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { type App, type Handler, newApp } from '../support/app.ts'
import type { Browser } from '../support/browser.ts'

const URL_OF_APP = new URL('https://app.example/')
const STORES = {
  objects: () => durableObjectStore(env.SESSIONS),
  memory: () => memoryStore(),
  kv: () => kvStore(env.SESSION_KV),
}

const who: Handler = async (session) => {
  await session.load()
  return { user: session.userId ?? null, data: await session.all() }
}
const end: Handler = async (session) => {
  await session.destroy()
  return 'bye'
}

function cookieOf(browser: Browser): string {
  return browser.cookies.headerFor(URL_OF_APP, { method: 'GET', isForeign: false })
}

/** Sends a request with these cookies of one name, as a browser does for two domains or paths. */
async function send(app: App, cookies: readonly string[], handler: Handler): Promise<Response> {
  app.handler = handler
  return app.browser().fetch('/', { headers: { cookie: cookies.join('; ') } })
}

async function signedIn(app: App, userId: string): Promise<string> {
  const browser = app.browser()
  app.handler = async (session) => {
    await session.signIn(userId)
    session.set('name', userId)
    return 'ok'
  }
  await browser.fetch('/')
  return cookieOf(browser)
}

async function ended(app: App): Promise<string> {
  const cookie = await signedIn(app, 'former')
  await send(app, [cookie], end)
  app.now += 120_000
  return cookie
}

describe.for(Object.entries(STORES))('of several cookies of our name, on %s', ([, newStore]) => {
  test('the first whose session lives counts, for a read', async () => {
    const app = newApp({ store: newStore() })
    const over = await ended(app)
    const live = await signedIn(app, 'ada')
    const found = { user: 'ada', data: { name: 'ada' } }
    for (const cookies of [
      [over, live],
      [live, over],
      [over, over, live],
    ]) {
      expect(await (await send(app, cookies, who)).json()).toEqual(found)
    }
  })

  test('the first whose session lives is written, and no cookie is sent', async () => {
    const app = newApp({ store: newStore() })
    const over = await ended(app)
    const live = await signedIn(app, 'ada')
    const response = await send(app, [over, live], (session) => {
      session.set('seen', 1)
      return 'ok'
    })
    expect(response.status).toBe(200)
    expect(response.headers.getSetCookie()).toEqual([])
    expect(await (await send(app, [live], who)).json()).toMatchObject({ data: { seen: 1 } })
  })

  test('the session that lives gets the new token of a sign-in', async () => {
    const app = newApp({ store: newStore() })
    const over = await ended(app)
    const live = await signedIn(app, 'ada')
    const response = await send(app, [over, live], (session) => session.signIn('ada'))
    const [cookie = ''] = response.headers.getSetCookie()
    expect(await (await send(app, [cookie.split(';', 1).join('')], who)).json()).toEqual({
      user: 'ada',
      data: { name: 'ada' },
    })
    expect(await (await send(app, [live], who)).json()).toMatchObject({ user: null })
  })

  test('a sign-out without a read ends each, since the browser would send the other next', async () => {
    const app = newApp({ store: newStore() })
    const over = await ended(app)
    const [one, other] = [await signedIn(app, 'ada'), await signedIn(app, 'bob')]
    const response = await send(app, [over, one, other], end)
    expect(response.status).toBe(200)
    app.now += 120_000
    expect(await (await send(app, [one], who)).json()).toMatchObject({ user: null })
    expect(await (await send(app, [other], who)).json()).toMatchObject({ user: null })
  })

  test('if none lives, the visitor is a new one', async () => {
    const app = newApp({ store: newStore() })
    const [one, other] = [await ended(app), await ended(app)]
    const response = await send(app, [one, other], (session) => {
      session.set('a', 1)
      return session.isNew
    })
    expect(response.status).toBe(200)
    expect(response.headers.getSetCookie()).toHaveLength(1)
  })
})

test('costs one more call only where the first is over, and four values at most are looked at', async () => {
  const app = newApp()
  const over = await ended(app)
  const live = await signedIn(app, 'ada')
  app.calls.length = 0
  await send(app, [live, over], who)
  expect(app.calls).toEqual(['read'])
  app.calls.length = 0
  await send(app, [over, live], who)
  expect(app.calls).toEqual(['read', 'read'])
  app.calls.length = 0
  const response = await send(app, [over, over, over, over, live], who)
  expect(app.calls).toEqual(['read', 'read', 'read', 'read'])
  expect(await response.json()).toMatchObject({ user: null })
})

test('a token regenerated a moment ago gives way to its successor beside it', async () => {
  const app = newApp()
  const former = await signedIn(app, 'ada')
  const response = await send(app, [former], (session) => session.regenerate())
  const successor = (response.headers.getSetCookie()[0] ?? '').split(';', 1).join('')
  const written = await send(app, [former, successor], (session) => session.increment('n'))
  expect([written.status, await written.json()]).toEqual([200, 1])
  expect((await send(app, [former, successor], end)).status).toBe(200)
  expect(await (await send(app, [successor], who)).json()).toMatchObject({ user: null })
})

test('a token regenerated a moment ago, beside one that is over, stays: no new session replaces its successor', async () => {
  const app = newApp()
  const over = await ended(app)
  const former = await signedIn(app, 'ada')
  await send(app, [former], (session) => session.regenerate())
  for (const cookies of [
    [former, over],
    [over, former],
  ]) {
    const response = await send(app, cookies, (session) => session.increment('n'))
    expect(response.status).toBe(409)
    expect(response.headers.getSetCookie()).toEqual([])
  }
})

test('several cookies of our name are reported, whatever they hold; one is not', async () => {
  const app = newApp()
  const live = await signedIn(app, 'ada')
  app.events.length = 0
  await send(app, [live], who)
  expect(app.events).toEqual([])
  await send(app, ['__Host-session=x', live, '__Host-session=y'], who)
  expect(app.events).toMatchObject([
    { type: 'duplicate-cookie', count: 3 },
    { type: 'refused', reason: 'malformed' },
  ])
})
