import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import type { SessionOptions } from '../../src/index.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { type App, type AppSession, type Handler, newApp } from '../support/app.ts'
import type { Browser } from '../support/browser.ts'
import type { Fault, FaultyObject } from '../support/faulty-object.ts'

const COOKIE = '__Host-session'
const all: Handler = (session) => session.all()
const who: Handler = async (session) => {
  await session.load()
  return session.userId ?? null
}

interface Visitor {
  readonly app: App
  readonly browser: Browser
  /** The visitor of a layer over the same store that soon gives up, for an object that hangs. */
  readonly hurried: { readonly app: App; readonly browser: Browser }
  /** Has the next so many calls of the visitor's object fail. */
  readonly fail: (fault: Fault, times?: number) => Promise<void>
}

/** A signed-in visitor whose session is in an object that fails when it is told to. */
async function visitor(options: Partial<SessionOptions<unknown>> = {}): Promise<Visitor> {
  const store = durableObjectStore(env.FAULTY)
  // On a busy machine no call that is answered takes too long.
  const app = newApp({ store, storeTimeout: 60, ...options })
  const impatient = newApp({ store, storeTimeout: 0.1, ...options })
  const browser = app.browser()
  app.handler = async (session) => {
    await session.signIn('ada')
    session.set('n', 1)
    return session.id
  }
  const id = env.FAULTY.idFromString(await browser.json<string>('/'))
  const object = (): DurableObjectStub<FaultyObject> => env.FAULTY.get(id)
  app.events.length = 0
  app.calls.length = 0
  const sameBrowser = impatient.browser()
  sameBrowser.cookies.addAll(browser.cookies)
  return {
    app,
    browser,
    hurried: { app: impatient, browser: sameBrowser },
    fail: (fault, times) => object().fail(fault, times),
  }
}

/** The layer for the request that meets this fault. */
function layerFor(fault: Fault, visit: Visitor): Visitor['hurried'] {
  return fault === 'hang' ? visit.hurried : visit
}

describe('a read', () => {
  test.for(['hang', 'throw', 'overload'] as const)(
    'of an object that fails (%s) is answered by 503 with Retry-After, and the cookie stays',
    async (fault) => {
      const visit = await visitor()
      const { app, browser } = layerFor(fault, visit)
      const before = browser.cookies.get(COOKIE)
      await visit.fail(fault)
      let hasGoneOn = false
      app.handler = async (session) => {
        await session.load()
        hasGoneOn = true
      }
      const response = await browser.fetch('/')
      expect(response.status).toBe(503)
      expect(Number(response.headers.get('Retry-After'))).toBeGreaterThan(0)
      expect(response.headers.get('Content-Type')).toBe('application/problem+json')
      expect(response.headers.get('Cache-Control')).toBe('private, no-store')
      expect(await response.json()).toMatchObject({ status: 503, code: 'ERR_STORE' })
      expect(hasGoneOn).toBe(false)
      expect(response.headers.getSetCookie()).toEqual([])
      expect(browser.cookies.get(COOKIE)).toBe(before)
      expect(app.events).toMatchObject([{ type: 'store-failed', call: 'read' }])
      // Without another try: it may come too early, and make matters worse.
      expect(app.calls).toEqual(['read'])
      visit.app.handler = who
      expect(await visit.browser.json('/')).toBe('ada')
    },
  )

  test.for(['abort', 'abort-later'] as const)(
    'of an object that is reset (%s) gets one more try, on a fresh stub',
    async (fault) => {
      const { app, browser, fail } = await visitor()
      await fail(fault)
      app.handler = all
      expect(await browser.json('/')).toEqual({ n: 1 })
      expect(app.events).toEqual([])
    },
  )

  test('of an object that is reset again gets no third try', async () => {
    const { app, browser, fail } = await visitor()
    await fail('abort', 3)
    app.handler = all
    expect((await browser.fetch('/')).status).toBe(503)
    // One fault of the three is left.
    expect(await browser.json('/')).toEqual({ n: 1 })
  })
})

describe('a change', () => {
  const change: Handler = (session) => session.increment('n')

  async function failsToCommit(session: AppSession): Promise<boolean> {
    const failure: unknown = await session.commit().catch((error: unknown) => error)
    if (failure === undefined) return false
    expect(failure).toMatchObject({ code: 'ERR_STORE' })
    return true
  }

  test.for([
    ['hang', 1],
    ['throw', 1],
    ['overload', 1],
    ['abort', 1],
    ['abort-later', 2],
  ] as const)('that meets %s is answered by 503 and not tried again', async ([fault, counted]) => {
    const visit = await visitor()
    const { app, browser } = layerFor(fault, visit)
    await visit.fail(fault)
    app.handler = change
    const response = await browser.fetch('/')
    expect(response.status).toBe(503)
    expect(response.headers.getSetCookie()).toEqual([])
    visit.app.handler = all
    expect(await visit.browser.json('/')).toEqual({ n: counted })
  })

  test.for(['hang', 'throw', 'abort', 'abort-later', 'overload'] as const)(
    'in the commit (%s): repeated on the same session, it counts once',
    async (fault) => {
      const visit = await visitor()
      const { app, browser } = layerFor(fault, visit)
      await visit.fail(fault)
      const other = visit.browser.copy()
      app.handler = async (session) => {
        session.set('n', 10)
        if (!(await failsToCommit(session))) return 'no failure'
        // What another request does in between stays, if the first try has arrived.
        visit.app.handler = (their) => their.increment('n')
        const between = await other.json<number>('/')
        // A hurried layer may give up again on a busy machine.
        while (await failsToCommit(session));
        return between
      }
      const between = await browser.json('/')
      expect(between).toBe(fault === 'abort-later' ? 11 : 2)
      visit.app.handler = all
      expect(await visit.browser.json('/')).toEqual({ n: fault === 'abort-later' ? 11 : 10 })
    },
  )

  test('recorded before an object was reset mid-commit is there wholly or not at all', async () => {
    for (const fault of ['abort', 'abort-later'] as const) {
      const { app, browser, fail } = await visitor()
      await fail(fault)
      app.handler = (session) => {
        session.set('a', 1)
        session.set('b', 2)
        session.delete('n')
      }
      expect((await browser.fetch('/')).status).toBe(503)
      app.handler = all
      expect(await browser.json('/')).toEqual(fault === 'abort' ? { n: 1 } : { a: 1, b: 2 })
    }
  })
})

describe('onStoreFailure', () => {
  test('anonymous: the request goes on with nobody signed in, and the cookie stays', async () => {
    for (const fault of ['hang', 'throw', 'overload'] as const) {
      const visit = await visitor({ onStoreFailure: 'anonymous' })
      const { app, browser } = layerFor(fault, visit)
      await visit.fail(fault)
      app.handler = async (session) => {
        const data = await session.all()
        return [session.userId ?? null, data, session.createdAt ?? null]
      }
      const response = await browser.fetch('/')
      expect(await response.json()).toEqual([null, {}, null])
      expect(response.headers.getSetCookie()).toEqual([])
      expect(response.headers.get('Vary')).toBe('Cookie')
      expect(app.events).toMatchObject([{ type: 'store-failed', call: 'read' }])
      visit.app.handler = who
      expect(await visit.browser.json('/')).toBe('ada')
    }
  })

  test('anonymous: what such a request would change is refused, and makes no other session', async () => {
    const changes: Handler[] = [
      (session) => session.set('n', 5),
      (session) => session.increment('n'),
      (session) => session.regenerate(),
      (session) => session.signIn('eve'),
      (session) => session.signOut(),
      (session) => session.destroy(),
    ]
    for (const change of changes) {
      const { app, browser, fail } = await visitor({ onStoreFailure: 'anonymous' })
      await fail('throw')
      app.handler = async (session, request) => {
        await session.load()
        return change(session, request)
      }
      const response = await browser.fetch('/')
      expect(response.status).toBe(503)
      expect(response.headers.getSetCookie()).toEqual([])
      expect(app.calls).toEqual(['read'])
      app.handler = async (session) => [await session.all(), session.userId]
      expect(await browser.json('/')).toEqual([{ n: 1 }, 'ada'])
    }
  })

  test('a function makes the response, and is told why', async () => {
    const { app, browser, fail } = await visitor({
      onStoreFailure: ({ code, cause }, { url, headers }) =>
        Response.json(
          { code, cause: String(cause), url, accept: headers.get('accept') },
          { status: 502 },
        ),
    })
    await fail('throw')
    app.handler = all
    const response = await browser.fetch('/path', { headers: { Accept: 'text/html' } })
    expect(response.status).toBe(502)
    expect(await response.json()).toEqual({
      code: 'ERR_STORE',
      cause: 'Error: the object is broken',
      url: 'https://app.example/path',
      accept: 'text/html',
    })
  })

  test('a handler that catches the error decides for itself', async () => {
    const { app, browser, fail } = await visitor()
    await fail('throw')
    app.handler = async (session) => (await session.get('n').catch(() => undefined)) ?? 'without'
    expect(await browser.json('/')).toBe('without')
  })

  test('of a request that does not need its session nothing is to be seen', async () => {
    const { app, browser, fail } = await visitor()
    await fail('throw')
    app.handler = () => 'static'
    expect(await browser.json('/')).toBe('static')
    expect(app.calls).toEqual([])
  })

  test('never: a sign-in whose outcome is unknown leaves nobody signed in', async () => {
    const { app, browser, fail } = await visitor()
    await fail('abort-later')
    app.handler = (session) => session.signIn('eve')
    expect((await browser.fetch('/')).status).toBe(503)
    // The old token is dead by now, and the new one has left in no response.
    app.handler = who
    expect(await browser.json('/')).toBe(null)
  })

  test.for([{ onStoreFailure: 'ignore' }, { storeTimeout: 0 }, { storeTimeout: Number.NaN }])(
    '%j is refused',
    (options) => {
      expect(() => newApp(options as object)).toThrow(
        /^ERR_OPTION: (onStoreFailure|storeTimeout) must be/,
      )
    },
  )
})
