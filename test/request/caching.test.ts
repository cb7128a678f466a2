import { env } from 'cloudflare:workers'
import { Hono } from 'hono'
import { AutoRouter, error, type IRequest } from 'itty-router'
import { createContext, RouterContextProvider } from 'react-router'
import { describe, expect, test } from 'vitest'

import { type AccountMethods, accounts } from '../../src/accounts.ts'
import { type SessionEnv, sessionMiddleware } from '../../src/adapter/hono.ts'
import { sessionHooks } from '../../src/adapter/itty-router.ts'
import { sessionMiddleware as routerMiddleware } from '../../src/adapter/react-router.ts'
import { createSessions, json, type Session } from '../../src/index.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { kvStore } from '../../src/store/kv.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { type AppOptions, type Handler, newApp } from '../support/app.ts'
import { Browser } from '../support/browser.ts'
import { newRouterApp, type TestRoute } from '../support/router-app.ts'

const ANONYMOUS = 'private, no-cache'
const SIGNED_IN = 'private, no-store'
const CONTEXT = { waitUntil: () => undefined, passThroughOnException: () => undefined }

/** Gives what the response to a handler's request says of caches. */
async function saidTo(browser: Browser, path = '/'): Promise<(string | null)[]> {
  const { headers } = await browser.fetch(path)
  return [headers.get('Cache-Control'), headers.get('Vary')]
}

const read: Handler = (session) => session.all()
const signIn: Handler = async (session) => {
  await session.signIn('ada')
  return 'signed in'
}
const store: Handler = (session) => {
  session.set('a', 1)
  return 'stored'
}

const STORES: readonly (readonly [string, AppOptions])[] = [
  ['objects', {}],
  ['objects, read from a copy', { cached: { maxAgeSeconds: 30 } }],
  ['memory', { store: memoryStore() }],
  ['KV', { store: kvStore(env.SESSION_KV) }],
]

describe.for(STORES)('a response of a request that used its session, on %s', ([, options]) => {
  test('is private and revalidated as long as nobody is signed in', async () => {
    const app = newApp({ ...options })
    const browser = app.browser()
    app.handler = read
    expect(await saidTo(browser)).toEqual([ANONYMOUS, 'Cookie'])
    app.handler = store
    expect(await saidTo(browser)).toEqual([SIGNED_IN, 'Cookie'])
    // The answer to a write tells that nobody is signed in, and so does a read.
    expect(await saidTo(browser)).toEqual([ANONYMOUS, 'Cookie'])
    app.handler = read
    expect(await saidTo(browser)).toEqual([ANONYMOUS, 'Cookie'])
    expect(await saidTo(browser)).toEqual([ANONYMOUS, 'Cookie'])
  })

  test('is not stored at all where somebody is signed in, or may be', async () => {
    const app = newApp({ ...options })
    const browser = app.browser()
    app.handler = signIn
    expect(await saidTo(browser)).toEqual([SIGNED_IN, 'Cookie'])
    app.handler = read
    expect(await saidTo(browser)).toEqual([SIGNED_IN, 'Cookie'])
    expect(await saidTo(browser)).toEqual([SIGNED_IN, 'Cookie'])
    // A write that reads nothing, and a look at what the cookie alone says.
    app.handler = store
    expect(await saidTo(browser)).toEqual([SIGNED_IN, 'Cookie'])
    app.handler = (session) => session.id
    expect(await saidTo(browser)).toEqual([SIGNED_IN, 'Cookie'])
    app.handler = async (session) => {
      await session.signOut()
      return 'bye'
    }
    expect(await saidTo(browser)).toEqual([SIGNED_IN, 'Cookie'])
    app.handler = read
    expect(await saidTo(browser)).toEqual([ANONYMOUS, 'Cookie'])
  })
})

describe('a response whose handler says something itself', () => {
  test.for([
    'public, max-age=60',
    'PUBLIC',
    'max-age=60',
    's-maxage=10',
    'no-cache',
    'no-transform,private',
    'private="x-user"',
    'no-store',
  ])('keeps %s', async (said) => {
    const app = newApp()
    const browser = app.browser()
    app.handler = signIn
    await browser.fetch('/')
    app.handler = async (session) => {
      await session.load()
      return new Response('page', { headers: { 'Cache-Control': said } })
    }
    expect(await saidTo(browser)).toEqual([said, 'Cookie'])
  })

  test.for([
    ['', SIGNED_IN],
    ['no-transform', `no-transform, ${SIGNED_IN}`],
    ['must-revalidate, stale-if-error=60', `must-revalidate, stale-if-error=60, ${SIGNED_IN}`],
    ['x-public', `x-public, ${SIGNED_IN}`],
  ])('but not by %j who may keep it, says that too', async ([said = '', becomes]) => {
    const app = newApp()
    const browser = app.browser()
    app.handler = signIn
    await browser.fetch('/')
    app.handler = async (session) => {
      await session.load()
      return new Response('page', { headers: { 'Cache-Control': said } })
    }
    expect(await saidTo(browser)).toEqual([becomes, 'Cookie'])
  })

  test('keeps what it says to CDNs, and Expires does not say who may keep it', async () => {
    const app = newApp()
    const theirs = {
      Expires: 'Fri, 01 Jan 2100 00:00:00 GMT',
      'CDN-Cache-Control': 'max-age=60',
      'Cache-Tag': 'page',
    }
    app.handler = async (session) => {
      await session.load()
      return new Response('page', { headers: theirs })
    }
    const { headers } = await app.browser().fetch('/')
    expect(headers.get('Cache-Control')).toBe(ANONYMOUS)
    for (const [name, value] of Object.entries(theirs)) expect(headers.get(name)).toBe(value)
  })
})

describe('a response of any kind', () => {
  test.for([200, 204, 206, 304, 404, 500])('with status %i says it', async (status) => {
    const app = newApp()
    app.handler = async (session) => {
      await session.load()
      return new Response(null, { status })
    }
    expect(await saidTo(app.browser())).toEqual([ANONYMOUS, 'Cookie'])
  })

  test('whose headers are immutable says it on a copy', async () => {
    const app = newApp()
    const browser = app.browser()
    app.handler = signIn
    await browser.fetch('/')
    app.handler = async (session) => {
      await session.load()
      return Response.redirect('https://app.example/next', 303)
    }
    const redirect = await browser.fetch('/')
    expect(redirect.headers.get('Location')).toBe('https://app.example/next')
    expect(redirect.headers.get('Cache-Control')).toBe(SIGNED_IN)
    expect(redirect.headers.get('Vary')).toBe('Cookie')
  })

  test('is the handler’s own object where it can be, frozen ones copied', async () => {
    const made: Response[] = []
    const { withSession } = createSessions({ secrets: [env.SESSION_SECRET], store: memoryStore() })
    const handler = withSession(async ({ session }) => {
      await session.load()
      const response = new Response('page')
      made.push(response)
      return made.length === 1 ? response : Object.freeze(response)
    })
    const first = await handler(new Request('https://app.example/'), undefined, CONTEXT)
    expect(first).toBe(made[0])
    const frozen = await handler(new Request('https://app.example/'), undefined, CONTEXT)
    expect(await frozen.text()).toBe('page')
    expect(frozen.headers.get('Cache-Control')).toBe(ANONYMOUS)
    expect(frozen.headers.get('Vary')).toBe('Cookie')
  })

  test('that opens a WebSocket is left as it is', async () => {
    const { withSession } = createSessions({ secrets: [env.SESSION_SECRET], store: memoryStore() })
    let made: Response | undefined
    const handler = withSession(async ({ session }) => {
      await session.load()
      const { 0: client, 1: server } = new WebSocketPair()
      server.accept()
      made = new Response(null, { status: 101, webSocket: client })
      return made
    })
    const response = await handler(new Request('https://app.example/'), undefined, CONTEXT)
    expect(response).toBe(made)
    expect(response.headers.get('Cache-Control')).toBe(null)
  })

  test('that did not use its session is left as it is', async () => {
    const { withSession } = createSessions({ secrets: [env.SESSION_SECRET], store: memoryStore() })
    const response = await withSession(() => 'static')(
      new Request('https://app.example/'),
      undefined,
      CONTEXT,
    )
    expect(response.headers.get('Cache-Control')).toBe(null)
    expect(response.headers.get('Vary')).toBe(null)
  })

  test('that an application shares among visitors is not stored once somebody is signed in', async () => {
    const app = newApp()
    const [visitor, ada] = [app.browser(), app.browser()]
    app.handler = signIn
    await ada.fetch('/')
    const shared = new Response(null, { status: 204 })
    app.handler = async (session) => {
      await session.load()
      return shared
    }
    expect(await saidTo(visitor)).toEqual([ANONYMOUS, 'Cookie'])
    expect(await saidTo(ada)).toEqual([SIGNED_IN, 'Cookie'])
  })
})

describe('a session that cannot be reached', () => {
  test('answers what no cache keeps, also if the application makes the answer', async () => {
    const failing = { ...memoryStore(), read: () => Promise.reject(new Error('down')) }
    const app = newApp({
      store: memoryStore(),
      onStoreFailure: () => new Response('We are back soon.'),
    })
    const browser = app.browser()
    app.handler = signIn
    await browser.fetch('/')
    const down = newApp({ store: failing, onStoreFailure: () => new Response('Back soon.') })
    down.handler = read
    const other = down.browser()
    other.cookies.addAll(browser.cookies)
    const response = await other.fetch('/')
    expect(await response.text()).toBe('Back soon.')
    expect(response.headers.get('Cache-Control')).toBe(SIGNED_IN)
    expect(response.headers.get('Vary')).toBe('Cookie')
  })

  test('is not stored either if the visitor goes on as an anonymous one', async () => {
    const failing = { ...memoryStore(), read: () => Promise.reject(new Error('down')) }
    const app = newApp({ store: memoryStore() })
    const browser = app.browser()
    app.handler = store
    await browser.fetch('/')
    const down = newApp({ store: failing, onStoreFailure: 'anonymous' })
    down.handler = read
    const other = down.browser()
    other.cookies.addAll(browser.cookies)
    expect(await saidTo(other)).toEqual([SIGNED_IN, 'Cookie'])
  })
})

describe('two layers', () => {
  /** A shop, which is the outer layer or the inner one, and its administration, where somebody is signed in. */
  function newPair(isShopOutside: boolean, pass = (page: Response): Response => page) {
    const layer = (name: string) =>
      createSessions({
        secrets: [env.SESSION_SECRET],
        store: memoryStore(),
        use: [accounts()],
        cookie: { name },
      })
    const [shop, admin] = [layer('__Host-shop'), layer('__Host-admin')]
    const readBoth = async (session: Session & AccountMethods, url: string): Promise<void> => {
      if (new URL(url).pathname === '/sign-in') await session.signIn('ada')
      await session.load()
    }
    const [outer, inner] = isShopOutside ? [shop, admin] : [admin, shop]
    const within = inner.withSession(async ({ session, url }) => {
      await (isShopOutside ? readBoth(session, url) : session.load())
      return 'page'
    })
    const fetch = outer.withSession(async (request, own, ctx) => {
      const { session, url } = request
      await (isShopOutside ? session.load() : readBoth(session, url))
      return pass(await within(request, own, ctx))
    })
    return new Browser((request) => fetch(request, undefined, CONTEXT))
  }

  test.for([true, false])('say no-store if one is signed in (outside: %s)', async (isOutside) => {
    const browser = newPair(isOutside)
    expect(await saidTo(browser)).toEqual([ANONYMOUS, 'Cookie'])
    await browser.fetch('/sign-in')
    expect(await saidTo(browser)).toEqual([SIGNED_IN, 'Cookie'])
  })

  test.for([true, false])('say so of a copy of the page too (outside: %s)', async (isOutside) => {
    const browser = newPair(isOutside, (page) => {
      const copy = new Response(page.body, page)
      copy.headers.set('X-Frame-Options', 'DENY')
      return copy
    })
    expect(await saidTo(browser)).toEqual([ANONYMOUS, 'Cookie'])
    await browser.fetch('/sign-in')
    expect(await saidTo(browser)).toEqual([SIGNED_IN, 'Cookie'])
  })
})

describe('in every framework', () => {
  const sessions = createSessions({
    data: json<Record<string, unknown>>(),
    secrets: (own: Cloudflare.Env) => [own.SESSION_SECRET],
    store: (own) => durableObjectStore(own.SESSIONS),
    use: [accounts()],
  })
  type Own = Session<Record<string, unknown>> & AccountMethods

  async function page(session: Own, path: string): Promise<Response> {
    if (path === '/sign-in') await session.signIn('ada')
    else await session.load()
    return new Response('page')
  }

  const hono = new Hono<SessionEnv<typeof sessions>>()
  hono.use(sessionMiddleware(sessions))
  hono.get('*', (c) => page(c.var.session, c.req.path))

  const itty = AutoRouter(sessionHooks(sessions, { catch: error }))
  itty.get('*', (request: IRequest & { session: Own }) =>
    page(request.session, new URL(request.url).pathname),
  )

  const context = createContext<Own>()
  const paged: TestRoute = {
    loader: ({ request, context: shown }) =>
      page(shown.get(context), new URL(request.url).pathname),
  }
  const routerApp = newRouterApp(
    { middleware: routerMiddleware(sessions, { context, env: () => env }) },
    { 'sign-in': paged, page: paged },
  )

  const byHand = async (request: Request): Promise<Response> => {
    const session = await sessions.open(request, env)
    return sessions.commit(session, await page(session, new URL(request.url).pathname))
  }

  test.for([
    [
      'withSession',
      sessions.withSession(({ session, url }) => page(session, new URL(url).pathname)),
    ],
    [
      'run',
      (request: Request) =>
        sessions.run(request, env, (session) => page(session, new URL(request.url).pathname)),
    ],
    ['open and commit', byHand],
    ['Hono', (request: Request) => hono.fetch(request, env)],
    ['itty-router', (request: Request) => itty.fetch(request, env, CONTEXT)],
    ['React Router', (request: Request) => routerApp(request, new RouterContextProvider())],
  ] as const)('%s', async ([, fetch]) => {
    const browser = new Browser(async (request) => fetch(request, env, CONTEXT))
    expect(await saidTo(browser, '/page')).toEqual([ANONYMOUS, 'Cookie'])
    expect(await saidTo(browser, '/sign-in')).toEqual([SIGNED_IN, 'Cookie'])
    expect(await saidTo(browser, '/page')).toEqual([SIGNED_IN, 'Cookie'])
  })
})
