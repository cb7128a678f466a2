import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import { accounts } from '../../src/accounts.ts'
import { nitroSessions } from '../../src/adapter/nitro.ts'
import { nuxtSessions } from '../../src/adapter/nuxt.ts'
import { sessionFetch as nextFetch, sessionFrom } from '../../src/adapter/open-next.ts'
import { sessionFetch } from '../../src/adapter/tanstack-start.ts'
import { createSessions, json, type SessionOf } from '../../src/index.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { Browser } from '../support/browser.ts'
import { during, newGate, passGate } from '../support/gates.ts'
import { lossyStore } from '../support/lossy-store.ts'
import { CONTEXT } from '../support/site.ts'

// Frameworks that catch errors themselves, in small. `npm run test:frameworks` runs the adapters in the real ones.

interface Data {
  a: string
  count: number
}

const IDLE_SECONDS = 100

function newLayer(options: { onStoreFailure?: () => Response; now?: () => number } = {}) {
  const lossy = lossyStore(durableObjectStore(env.SESSIONS))
  const sessions = createSessions({
    data: json<Data>(),
    secrets: () => [env.SESSION_SECRET],
    store: () => lossy.store,
    use: [accounts()],
    idleTimeout: IDLE_SECONDS,
    // A busy machine is no failure of the store.
    storeTimeout: 60,
    ...options,
  })
  return { sessions, lossy }
}

type Sessions = ReturnType<typeof newLayer>['sessions']
type Own = SessionOf<Sessions>
type Route = (
  session: Own,
  request: Request,
  /** Sends a request to the application itself. */
  self: (path: string) => Promise<Response>,
) => Promise<Response | undefined> | Response | undefined

interface Options {
  readonly touch?: (request: Request) => boolean
}

type Framework = (
  sessions: Sessions,
  routes: Readonly<Record<string, Route>>,
  options?: Options,
) => (request: Request) => Promise<Response>

const ERROR_PAGE = 'the page of the framework for errors'

function errorPage(): Response {
  return new Response(ERROR_PAGE, { status: 500, headers: { 'X-Frame-Options': 'DENY' } })
}

interface Event2 {
  readonly path: string
  readonly method: string
  readonly headers: Headers
  readonly context: object
  readonly node: { readonly req: object }
  respondWith(response: Promise<Response>): Promise<void>
}

interface Init2 {
  readonly method?: string
  readonly headers?: Headers
  readonly context?: { readonly _platform?: object }
}

/** Nitro 2, as far as the adapter meets it. */
function nitro2(routes: Readonly<Record<string, Route>>, sessionOf: (event: Event2) => Own) {
  /** The answers of the handlers, by their events. */
  const answers = new WeakMap<object, Response>()
  const listen = async (event: Event2): Promise<Response> => {
    try {
      await app.h3App.handler(event)
      return answers.get(event) ?? new Response(null, { status: 404 })
    } catch {
      return errorPage()
    }
  }
  const localFetch = async (path: string, { context, ...init }: Init2 = {}): Promise<Response> => {
    const { _platform: platform } = context ?? {}
    const request = new Request(`https://app.example${path}`, init)
    return listen({
      path,
      method: request.method,
      headers: request.headers,
      context: { _platform: platform, ...platform },
      node: { req: { __unenv__: context } },
      respondWith: async () => undefined,
    })
  }
  const app = {
    localFetch,
    h3App: {
      handler: async (event: Event2): Promise<void> => {
        const { path, context, ...init } = event
        const request = new Request(`https://app.example${path}`, init)
        const self = async (to: string): Promise<Response> => localFetch(to, { context })
        const answer = await routes[path.slice(1)]?.(sessionOf(event), request, self)
        if (answer !== undefined) answers.set(event, answer)
      },
    },
  }
  return { app, listen }
}

const FRAMEWORKS: Readonly<Record<string, Framework>> = {
  Nuxt: (sessions, routes, options) => {
    const { plugin, useEdgeSession } = nuxtSessions(sessions, options)
    const { app } = nitro2(routes, useEdgeSession)
    plugin(app)
    return async (request) => {
      const cloudflare = { request, env, context: CONTEXT }
      const { method, headers } = request
      return app.localFetch(new URL(request.url).pathname, {
        method,
        headers,
        context: { _platform: { cloudflare } },
      })
    }
  },
  Nitro: (sessions, routes, options) => {
    const { plugin, useEdgeSession } = nitroSessions(sessions, options)
    let told: ((error: Error, context: object) => void) | undefined
    const fetch = async (input: Request, _?: undefined, context?: object): Promise<Response> => {
      const event = { req: Object.assign(input, { context }), context: context ?? {} }
      try {
        const name = new URL(input.url).pathname.slice(1)
        const self = async (to: string): Promise<Response> =>
          fetch(new Request(`https://app.example${to}`))
        return (await routes[name]?.(useEdgeSession(event), input, self)) ?? errorPage()
      } catch (error) {
        if (error instanceof Response) return error
        told?.(new Error('HTTPError', { cause: error }), { event })
        return errorPage()
      }
    }
    const app = {
      fetch,
      hooks: { hook: (_: 'error', listener: typeof told) => void (told = listener) },
    }
    plugin(app)
    return async (request) =>
      app.fetch(
        Object.assign(request, { runtime: { cloudflare: { env, context: CONTEXT } } }) as Request,
      )
  },
  OpenNext: (sessions, routes, options) => {
    const handle = async (request: Request, _: unknown, ctx: object): Promise<Response> => {
      const name = new URL(request.url).pathname.slice(1)
      const self = async (): Promise<Response> => errorPage()
      try {
        return (await routes[name]?.(sessionFrom<Sessions>(ctx), request, self)) ?? errorPage()
      } catch (error) {
        return error instanceof Response ? error : errorPage()
      }
    }
    const fetch = nextFetch(sessions, handle, options)
    return async (request) => fetch(request, {}, { ...CONTEXT })
  },
  'TanStack Start': (sessions, routes, options) => {
    const handle = async (request: Request): Promise<Response> => {
      const name = new URL(request.url).pathname.slice(1)
      const self = async (): Promise<Response> => errorPage()
      try {
        const session = await sessions.open(request, {})
        return (await routes[name]?.(session, request, self)) ?? errorPage()
      } catch (error) {
        if (error instanceof Response) return error
        // In a server route it is thrown on, in a loader or a server function it is not.
        if (request.headers.has('X-Route')) throw error
        return errorPage()
      }
    }
    const fetch = sessionFetch(sessions, handle, options)
    return async (request) => fetch(request, {}, CONTEXT)
  },
}

const WORK: Readonly<Record<string, Route>> = {
  count: async (session) => Response.json(await session.increment('count')),
  all: async (session) => Response.json(await session.all()),
  set: (session, request) => {
    session.set('a', request.headers.get('X-Value') ?? '')
    return new Response('ok')
  },
  'sign-out': async (session) => {
    await session.signOut()
    return new Response('ok')
  },
  late: async (session, request) => {
    await session.load()
    await passGate(request.headers.get('X-Gate'))
    return Response.json(await session.increment('count'))
  },
  fault: async (session) => {
    await session.increment('count')
    session.set('a', 'dropped')
    throw new Error('a fault of the application')
  },
  'server-error': (session) => {
    session.set('a', 'kept, if the framework tells of errors')
    return errorPage()
  },
}

describe.each(Object.entries(FRAMEWORKS))('%s', (name, framework) => {
  test('commits after the handler, with one cookie on its response', async () => {
    const browser = new Browser(framework(newLayer().sessions, WORK))
    const first = await browser.fetch('/count')
    expect(await first.json()).toBe(1)
    expect(first.headers.getSetCookie()).toHaveLength(1)
    await browser.fetch('/set', { headers: { 'X-Value': 'kept' } })
    expect(await browser.json('/all')).toEqual({ count: 1, a: 'kept' })
  })

  test('sets no cookie for a visitor who stores nothing', async () => {
    const response = await new Browser(framework(newLayer().sessions, WORK)).fetch('/all')
    expect(response.headers.getSetCookie()).toEqual([])
  })

  test('answers a late operation by 409 and clears the cookie, so that no request fails again', async () => {
    const browser = new Browser(framework(newLayer().sessions, WORK))
    await browser.fetch('/count')
    const dead = browser.copy()
    const [late] = await during(
      async (gate) => dead.fetch('/late', { headers: { 'X-Gate': gate.name } }),
      async () => browser.fetch('/sign-out'),
    )
    expect(late.status).toBe(409)
    expect(late.headers.get('X-Frame-Options')).toBe('DENY')
    expect(await late.text()).toMatch('ERR_SESSION_ENDED')
    expect(late.headers.getSetCookie().join('')).toMatch('Max-Age=0')
    expect(await dead.json('/count')).toBe(1)
  })

  test('answers a recorded late write by 409', async () => {
    const routes: Record<string, Route> = {
      ...WORK,
      slow: async (session, request) => {
        await session.load()
        await passGate(request.headers.get('X-Gate'))
        session.set('a', 'late')
        return new Response('ok')
      },
    }
    const browser = new Browser(framework(newLayer().sessions, routes))
    await browser.fetch('/count')
    const dead = browser.copy()
    const [late] = await during(
      async (gate) => dead.fetch('/slow', { headers: { 'X-Gate': gate.name } }),
      async () => browser.fetch('/sign-out'),
    )
    expect(late.status).toBe(409)
    expect(late.headers.getSetCookie().join('')).toMatch('Max-Age=0')
  })

  test('drops what a failed handler has recorded, and sends the cookie of what it has awaited', async () => {
    const browser = new Browser(framework(newLayer().sessions, WORK))
    const response = await browser.fetch('/fault')
    expect(response.status).toBe(500)
    expect(await response.text()).toBe(ERROR_PAGE)
    expect(response.headers.getSetCookie()).toHaveLength(1)
    expect(await browser.json('/all')).toEqual({ count: 1 })
  })

  // Next answers every error of a handler itself, and does not say which it was.
  test.skipIf(name === 'OpenNext')('answers a store that fails in a handler by 503', async () => {
    const { sessions, lossy } = newLayer()
    const browser = new Browser(framework(sessions, WORK))
    lossy.drops = 1
    expect((await browser.fetch('/count', { headers: { 'X-Route': '1' } })).status).toBe(503)
    expect(await browser.json('/count')).toBe(1)
  })

  test('answers a store that fails in the commit by 503', async () => {
    const { sessions, lossy } = newLayer()
    const browser = new Browser(framework(sessions, WORK))
    lossy.drops = 1
    expect((await browser.fetch('/set')).status).toBe(503)
    expect(await browser.json('/count')).toBe(1)
  })

  test('asks onStoreFailure once for the response', async () => {
    let calls = 0
    const onStoreFailure = (): Response => {
      calls += 1
      return new Response('sorry', { status: 503 })
    }
    const { sessions, lossy } = newLayer({ onStoreFailure })
    const browser = new Browser(framework(sessions, WORK))
    lossy.drops = 1
    const response = await browser.fetch('/set')
    expect(await response.text()).toBe('sorry')
    expect(calls).toBe(1)
  })

  test.skipIf(name === 'Nuxt')('keeps the cookie of a redirect that is thrown', async () => {
    const routes: Record<string, Route> = {
      ...WORK,
      thrown: (session) => {
        session.set('a', 'kept')
        // oxlint-disable-next-line typescript/only-throw-error
        throw new Response(null, { status: 303, headers: { Location: '/all' } })
      },
    }
    const browser = new Browser(framework(newLayer().sessions, routes))
    const response = await browser.fetch('/thrown')
    expect(response.status).toBe(303)
    expect(await browser.json('/all')).toEqual({ a: 'kept' })
  })

  test('writes nothing after the response', async () => {
    const gate = newGate()
    let late: Promise<unknown> | undefined
    const routes: Record<string, Route> = {
      ...WORK,
      stream: (session) => {
        late = gate.pass().then(() => session.set('a', 'late'))
        return new Response('ok')
      },
    }
    const browser = new Browser(framework(newLayer().sessions, routes))
    await browser.fetch('/stream')
    gate.open()
    await expect(late).rejects.toMatchObject({ code: 'ERR_RESPONSE_SENT' })
  })

  test('counts no use of a request for which touch() returns false', async () => {
    let now = Date.now()
    const touch = (request: Request): boolean => !request.headers.has('X-Poll')
    const { sessions } = newLayer({ now: () => now })
    const browser = new Browser(framework(sessions, WORK, { touch }))
    await browser.fetch('/count')
    now += IDLE_SECONDS * 800
    await browser.fetch('/all', { headers: { 'X-Poll': '1' } })
    now += IDLE_SECONDS * 400
    expect(await browser.json('/all')).toEqual({})
    await browser.fetch('/count')
    now += IDLE_SECONDS * 800
    await browser.fetch('/all')
    now += IDLE_SECONDS * 400
    expect(await browser.json('/all')).toEqual({ count: 1 })
  })
})

describe('Nuxt', () => {
  test('gives a request of the server to itself the session of the page, which sends the cookie', async () => {
    const routes: Record<string, Route> = {
      ...WORK,
      page: async (_, __, self) => new Response(`${await (await self('/count')).text()} counted`),
      careful: async (session, _, self) => {
        session.set('a', 'kept')
        const inner = await self('/fault')
        return new Response(String(inner.status))
      },
    }
    const { sessions } = newLayer()
    const browser = new Browser(FRAMEWORKS['Nuxt']?.(sessions, routes) ?? (async () => errorPage()))
    const response = await browser.fetch('/page')
    expect(await response.text()).toBe('1 counted')
    expect(response.headers.getSetCookie()).toHaveLength(1)
    // The page has gone on after the error of its own request: what both have recorded is written.
    expect(await (await browser.fetch('/careful')).text()).toBe('500')
    expect(await browser.json('/all')).toMatchObject({ count: 2 })
  })

  test('sends a request of Node’s server, in development, the way of all others', async () => {
    const { sessions } = newLayer()
    const { plugin, useEdgeSession } = nuxtSessions(sessions)
    const { app, listen } = nitro2(WORK, useEdgeSession)
    plugin(app)
    let sent: Response | undefined
    await listen({
      path: '/count',
      method: 'POST',
      headers: new Headers({ Host: 'localhost:3000' }),
      context: {},
      node: { req: new Blob(['a=b']).stream() },
      respondWith: async (response) => void (sent = await response),
    })
    expect(await sent?.json()).toBe(1)
    expect(sent?.headers.getSetCookie()).toHaveLength(1)
  })

  test('leaves requests without an event alone', async () => {
    const { plugin } = nuxtSessions(newLayer().sessions)
    const { app } = nitro2({}, () => {
      throw new Error('unused')
    })
    plugin(app)
    expect((await app.localFetch('/nothing')).status).toBe(404)
  })
})

test('useEdgeSession() says that the plugin is missing', () => {
  const { useEdgeSession } = nuxtSessions(newLayer().sessions)
  expect(() => useEdgeSession({})).toThrow(
    'ERR_OPTION: There is no session. Export plugin in server/plugins/.',
  )
})

test('sessionFrom() says that sessionFetch() is missing', () => {
  expect(() => sessionFrom<Sessions>({})).toThrow(
    'ERR_OPTION: This context has no session. Export sessionFetch(sessions, next.fetch) as the fetch of the Worker.',
  )
})

test.each(['TanStack Start', 'OpenNext'])(
  'a response of 500 from %s, which does not tell of its errors, writes nothing',
  async (name) => {
    const { sessions } = newLayer()
    const browser = new Browser(FRAMEWORKS[name]?.(sessions, WORK) ?? (async () => errorPage()))
    const response = await browser.fetch('/server-error')
    expect(response.headers.getSetCookie()).toEqual([])
    expect(await browser.json('/all')).toEqual({})
  },
)
