import { createExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { Hono } from 'hono'
import { setCookie } from 'hono/cookie'
import { cors } from 'hono/cors'
import { etag } from 'hono/etag'
import { HTTPException } from 'hono/http-exception'
import { stream } from 'hono/streaming'
import { beforeEach, describe, expect, test } from 'vitest'

import { accounts } from '../../src/accounts.ts'
import { guardMiddleware, type SessionEnv, sessionMiddleware } from '../../src/adapter/hono.ts'
import { csrfGuard, csrfToken } from '../../src/guard/csrf.ts'
import { requireFresh, requireUser } from '../../src/guard/require-user.ts'
import {
  createSessions,
  json,
  type Session,
  SessionError,
  type SessionOptions,
} from '../../src/index.ts'
import { cached } from '../../src/store/cached.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { Browser } from '../support/browser.ts'
import { countingStore } from '../support/counting-store.ts'
import { newGate } from '../support/gates.ts'
import { layerHere, storeHere, world } from '../support/worlds.ts'

interface Data {
  visits: number
  name: string
  cart: string[]
}

interface Flash {
  notice: string
}

const HERE = world()
/** The calls of this world's middleware. */
const BEFORE = HERE.isReading && !HERE.isCached ? ['read'] : []
const calls: string[] = []

type Options = Partial<Omit<SessionOptions<Cloudflare.Env>, 'data' | 'use'>>

/** A layer on real objects, with counted calls. */
function newSessions(options: Options = {}) {
  const sessions = createSessions({
    secrets: (own: Cloudflare.Env) => [own.SESSION_SECRET],
    store: (own) => {
      const counted = countingStore(durableObjectStore(own.SESSIONS))
      counted.calls.push = (...names) => calls.push(...names)
      return storeHere(counted.store)
    },
    ...options,
    data: json<Data, Flash>(),
    use: [accounts()],
  })
  return layerHere(sessions)
}

type App = Hono<SessionEnv<ReturnType<typeof newSessions>>>

function newApp(options: Options = {}): App {
  const app: App = new Hono()
  app.use(sessionMiddleware(newSessions(options)))
  app.get('/all', async (c) => c.json(await c.var.session.all()))
  app.post('/set/:name', (c) => {
    c.var.session.set('name', c.req.param('name'))
    return c.text('ok')
  })
  app.post('/visit', async (c) => c.json(await c.var.session.increment('visits')))
  app.post('/sign-in', async (c) => {
    await c.var.session.signIn('ada')
    return c.text('ok')
  })
  return app
}

function browserOf(app: {
  fetch(request: Request, own: Cloudflare.Env, ctx: ExecutionContext): Response | Promise<Response>
}): Browser {
  return new Browser((request) => app.fetch(request, env, createExecutionContext()))
}

beforeEach(() => {
  calls.length = 0
})

describe('the session of a Hono application', () => {
  test('is c.var.session, and comes again with the next request', async () => {
    const browser = browserOf(newApp())
    expect(await browser.json('/visit', { method: 'POST' })).toBe(1)
    expect(await browser.json('/visit', { method: 'POST' })).toBe(2)
    await browser.fetch('/set/ada', { method: 'POST' })
    expect(await browser.json('/all')).toEqual({ visits: 2, name: 'ada' })
  })

  test.skipIf(HERE.isReading)(
    'costs a visitor who stores nothing no call and no cookie',
    async () => {
      const app = newApp()
      app.get('/plain', (c) => c.text('plain'))
      const response = await browserOf(app).fetch('/plain')
      expect(await response.text()).toBe('plain')
      expect(response.headers.getSetCookie()).toEqual([])
      expect(response.headers.has('Vary')).toBe(false)
      await browserOf(app).fetch('/all')
      expect(calls).toEqual([])
    },
  )

  test('is written before the response leaves, in one call', async () => {
    const app = newApp()
    app.post('/many', (c) => {
      c.var.session.set('name', 'bob')
      c.var.session.set('cart', ['a'])
      return c.text('ok')
    })
    const browser = browserOf(app)
    await browser.fetch('/many', { method: 'POST' })
    expect(calls).toEqual(['create'])
    expect(await browser.json('/all')).toEqual({ name: 'bob', cart: ['a'] })
  })

  test('keeps its new cookie on a 304 of etag(), which is registered after it', async () => {
    const app = newApp().use(etag())
    app.get('/page', async (c) => {
      await c.var.session.regenerate()
      return c.text('the same page')
    })
    const browser = browserOf(app)
    await browser.fetch('/set/ada', { method: 'POST' })
    const ETag = (await browser.fetch('/page')).headers.get('ETag') ?? ''
    const response = await browser.fetch('/page', { headers: { 'If-None-Match': ETag } })
    expect([response.status, response.headers.getSetCookie().length]).toEqual([304, 1])
    expect(await browser.json('/all')).toEqual({ name: 'ada' })
  })

  test('is there for app.request, with its env and without a context', async () => {
    const response = await newApp().request('/visit', { method: 'POST' }, env)
    expect(await response.json()).toBe(1)
    expect(response.headers.getSetCookie()).toHaveLength(1)
  })

  test('says what is missing when there is no env', async () => {
    const app = newApp()
    app.onError((error, c) => c.text(String(error), 500))
    const response = await app.request('/visit', { method: 'POST' })
    expect(response.status).toBe(500)
    expect(await response.text()).not.toBe('')
  })

  test('hands the execution context on, so that shared copies are written after the response', async () => {
    const waited: Promise<unknown>[] = []
    const context = {
      waitUntil: (promise: Promise<unknown>) => void waited.push(promise),
      passThroughOnException: () => undefined,
      props: {},
    }
    const app = newApp({
      store: (own) =>
        cached(durableObjectStore(own.SESSIONS), { maxAgeSeconds: 60, kv: own.SESSION_KV }),
    })
    await app.fetch(new Request('https://app.example/set/ada', { method: 'POST' }), env, context)
    expect(waited.length).toBeGreaterThan(0)
    await Promise.all(waited)
  })

  test('shows messages in one later request', async () => {
    const app = newApp()
    app.post('/flash', (c) => {
      c.var.session.flash('notice', 'saved')
      return c.redirect('/flashes')
    })
    app.get('/flashes', async (c) => c.json(await c.var.session.flashes()))
    const browser = browserOf(app)
    expect((await browser.fetch('/flash', { method: 'POST' })).status).toBe(302)
    expect(await browser.json('/flashes')).toEqual({ notice: 'saved' })
    expect(await browser.json('/flashes')).toEqual({})
  })

  test('loses no key to an overlapping request', async () => {
    const app = newApp()
    const gate = newGate()
    app.post('/slow/:key', async (c) => {
      await c.var.session.all()
      await gate.pass()
      if (c.req.param('key') === 'name') c.var.session.set('name', 'ada')
      else c.var.session.set('cart', ['a'])
      return c.text('ok')
    })
    const browser = browserOf(app)
    await browser.fetch('/visit', { method: 'POST' })
    const slow = ['name', 'cart'].map((key) => browser.fetch(`/slow/${key}`, { method: 'POST' }))
    await gate.arrived(2)
    gate.open()
    await Promise.all(slow)
    expect(await browser.json('/all')).toEqual({ visits: 1, name: 'ada', cart: ['a'] })
  })
})

describe('the response', () => {
  test('keeps the cookies and headers that the handler has set, and has one cookie of ours', async () => {
    const app = newApp()
    app.get('/cookies', (c) => {
      setCookie(c, 'theme', 'dark')
      c.header('Set-Cookie', 'lang=en', { append: true })
      c.header('X-Own', 'yes')
      c.header('Cache-Control', 'public, max-age=60')
      c.var.session.set('name', 'ada')
      return c.json({ ok: true }, 201)
    })
    const response = await browserOf(app).fetch('/cookies')
    expect(response.status).toBe(201)
    expect(response.headers.getSetCookie()).toEqual([
      'theme=dark; Path=/',
      'lang=en',
      expect.stringMatching(/^__Host-session=/),
    ])
    expect(response.headers.get('X-Own')).toBe('yes')
    expect(response.headers.get('Content-Type')).toBe('application/json')
    expect(response.headers.get('Cache-Control')).toBe('private, no-store')
    expect(response.headers.get('Vary')).toBe('Cookie')
  })

  test('may have headers that cannot be changed', async () => {
    const app = newApp()
    app.get('/redirect', (c) => {
      c.var.session.set('name', 'ada')
      return Response.redirect('https://app.example/all', 303)
    })
    const browser = browserOf(app)
    const response = await browser.fetch('/redirect')
    expect([response.status, response.headers.get('Location')]).toEqual([
      303,
      'https://app.example/all',
    ])
    expect(await browser.json('/all')).toEqual({ name: 'ada' })
  })

  test('may be made further by a middleware around it', async () => {
    const sessions = newSessions()
    const app: App = new Hono()
    app.use(cors({ origin: 'https://other.example', credentials: true }))
    app.use(sessionMiddleware(sessions))
    app.get('/', async (c) => c.json(await c.var.session.increment('visits')))
    const response = await browserOf(app).fetch('/', {
      headers: { Origin: 'https://other.example' },
    })
    expect(response.headers.get('Access-Control-Allow-Origin')).toBe('https://other.example')
    expect(response.headers.getSetCookie()).toHaveLength(1)
  })

  test.for(['before', 'after'] as const)(
    'that the session replaces keeps the CORS headers of a middleware %s it',
    async (place) => {
      const sessions = newSessions()
      const app: App = new Hono()
      const own = cors({ origin: 'https://other.example', credentials: true })
      if (place === 'before') app.use(own)
      app.use(sessionMiddleware(sessions))
      if (place === 'after') app.use(own)
      app.get('/', async (c) => c.json(await c.var.session.increment('visits')))
      app.get('/late', async (c) => {
        await c.var.session.load()
        // Another tab signs out.
        const request = new Request(c.req.url, { headers: c.req.raw.headers })
        await (await sessions.open(request, c.env)).destroy()
        c.var.session.set('visits', 2)
        return c.text('saved')
      })
      const browser = browserOf(app)
      const headers = { Origin: 'https://other.example' }
      await browser.fetch('/', { headers })
      const response = await browser.fetch('/late', { headers })
      expect(response.status).toBe(409)
      expect(response.headers.get('Access-Control-Allow-Origin')).toBe('https://other.example')
      expect(response.headers.get('Access-Control-Allow-Credentials')).toBe('true')
    },
  )

  test('may be streamed; what changes the session while it streams is too late, loudly', async () => {
    const faults: unknown[] = []
    const app = newApp()
    app.get('/stream', async (c) => {
      c.var.session.set('name', 'ada')
      return stream(c, async (out) => {
        await out.write('one ')
        try {
          c.var.session.set('name', 'eve')
        } catch (error) {
          faults.push(error)
        }
        await out.write('two')
      })
    })
    const browser = browserOf(app)
    const response = await browser.fetch('/stream')
    expect(await response.text()).toBe('one two')
    expect(faults).toEqual([expect.objectContaining({ code: 'ERR_RESPONSE_SENT' })])
    expect(await browser.json('/all')).toEqual({ name: 'ada' })
  })

  test('of a HEAD request is the one of GET without its body, and of no route it is 404 with what was recorded', async () => {
    const app = newApp()
    app.get('/name', (c) => {
      c.var.session.set('name', 'ada')
      return c.text('ok')
    })
    app.use('/missing', async (c, next) => {
      c.var.session.set('name', 'bob')
      await next()
    })
    const browser = browserOf(app)
    const head = await browser.fetch('/name', { method: 'HEAD' })
    expect([await head.text(), head.headers.getSetCookie().length]).toEqual(['', 1])
    expect(await browser.json('/all')).toEqual({ name: 'ada' })
    expect((await browser.fetch('/missing')).status).toBe(404)
    expect(await browser.json('/all')).toEqual({ name: 'bob' })
  })

  test('that no handler gives is Hono’s own error, as without sessions', async () => {
    const app = newApp()
    app.use('/nothing', async (c) => {
      c.var.session.set('name', 'ada')
    })
    const errors: Error[] = []
    app.onError((error, c) => {
      errors.push(error)
      return c.text('error', 500)
    })
    const browser = browserOf(app)
    expect((await browser.fetch('/nothing')).status).toBe(500)
    expect(errors).toEqual([
      expect.objectContaining({ message: expect.stringMatching(/finalized/) }),
    ])
    expect(calls).toEqual([])
  })
})

describe('when a handler throws', () => {
  function failingApp(): App {
    const app = newApp()
    app.post('/fail', (c) => {
      c.var.session.set('name', 'half')
      throw new RangeError('mine')
    })
    app.post('/refuse', (c) => {
      c.var.session.set('name', 'half')
      throw new HTTPException(418, { message: 'no coffee' })
    })
    app.post('/fail-late', async (c) => {
      await c.var.session.increment('visits')
      c.var.session.set('name', 'half')
      throw new RangeError('mine')
    })
    app.onError((error, c) =>
      error instanceof HTTPException ? error.getResponse() : c.text(error.message, 500),
    )
    return app
  }

  test('nothing recorded is written, and the answer is the one of onError', async () => {
    const app = failingApp()
    app.onError((error, c) => c.text(`sorry: ${error.message}`, 500))
    const browser = browserOf(app)
    await browser.fetch('/visit', { method: 'POST' })
    calls.length = 0
    const response = await browser.fetch('/fail', { method: 'POST' })
    expect([response.status, await response.text()]).toEqual([500, 'sorry: mine'])
    expect(calls).toEqual(BEFORE)
    expect(await browser.json('/all')).toEqual({ visits: 1 })
  })

  test('an HTTPException drops it too, and answers as it is', async () => {
    const browser = browserOf(failingApp())
    const response = await browser.fetch('/refuse', { method: 'POST' })
    expect([response.status, await response.text()]).toEqual([418, 'no coffee'])
    expect(response.headers.getSetCookie()).toEqual([])
    expect(calls).toEqual([])
  })

  test('what was awaited before it stays', async () => {
    const browser = browserOf(failingApp())
    await browser.fetch('/visit', { method: 'POST' })
    expect((await browser.fetch('/fail-late', { method: 'POST' })).status).toBe(500)
    expect(await browser.json('/all')).toEqual({ visits: 2 })
  })

  test('a token that is new then is on its answer', async () => {
    const browser = browserOf(failingApp())
    const response = await browser.fetch('/fail-late', { method: 'POST' })
    expect([response.status, response.headers.getSetCookie()]).toEqual([
      500,
      [expect.stringMatching(/^__Host-session=./)],
    ])
    expect(await browser.json('/all')).toEqual({ visits: 1 })
  })

  test('and a sub-application has answered for it, nothing recorded is written either', async () => {
    const app = newApp()
    const api = new Hono<SessionEnv<ReturnType<typeof newSessions>>>()
    api.onError((_, c) => c.text('the API is sorry', 500))
    api.post('/fail', (c) => {
      c.var.session.set('name', 'half')
      throw new Error('mine')
    })
    app.route('/api', api)
    const response = await browserOf(app).fetch('/api/fail', { method: 'POST' })
    expect(await response.text()).toBe('the API is sorry')
    expect(calls).toEqual([])
  })

  test('what is no Error passes on, and drops it too', async () => {
    const app = newApp()
    app.post('/odd', (c) => {
      c.var.session.set('name', 'half')
      // What a careless library may throw.
      // oxlint-disable-next-line typescript/only-throw-error
      throw 'odd'
    })
    await expect(browserOf(app).fetch('/odd', { method: 'POST' })).rejects.toBe('odd')
    expect(calls).toEqual([])
  })
})

describe('a late write', () => {
  /** Runs a request that loads the session, and destroys it meanwhile. */
  async function late(change: (session: Session<Data, Flash>) => unknown): Promise<Response> {
    const app = newApp()
    app.onError((_, c) => c.text('sorry', 500))
    app.post('/destroy', async (c) => {
      await c.var.session.destroy()
      return c.text('ok')
    })
    const browser = browserOf(app)
    app.post('/late', async (c) => {
      await c.var.session.all()
      await browser.copy().fetch('/destroy', { method: 'POST' })
      await change(c.var.session)
      return c.text('ok')
    })
    await browser.fetch('/visit', { method: 'POST' })
    return browser.fetch('/late', { method: 'POST' })
  }

  test('that was recorded is answered by 409, and the cookie is cleared', async () => {
    const response = await late((session) => session.set('name', 'late'))
    expect(response.status).toBe(409)
    expect(await response.json()).toMatchObject({ code: 'ERR_SESSION_ENDED' })
    expect(response.headers.get('Content-Type')).toBe('application/problem+json')
    expect(response.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^__Host-session=; Max-Age=0/),
    ])
  })

  test('that was awaited is, too, whatever onError makes of it', async () => {
    const response = await late((session) => session.increment('visits'))
    expect(response.status).toBe(409)
    expect(response.headers.getSetCookie()).toHaveLength(1)
  })
})

test('a store that fails is answered by what onStoreFailure says', async () => {
  const fails = () => Promise.reject(new Error('down'))
  const options = {
    store: (own: Cloudflare.Env) => ({ ...durableObjectStore(own.SESSIONS), create: fails }),
  }
  const app = newApp(options)
  app.onError((_, c) => c.text('sorry', 500))
  const awaited = await browserOf(app).fetch('/visit', { method: 'POST' })
  const recorded = await browserOf(app).fetch('/set/ada', { method: 'POST' })
  expect([awaited.status, recorded.status]).toEqual([503, 503])
  expect(awaited.headers.get('Retry-After')).toBe('5')
})

describe('used more than once', () => {
  test('the middleware of one layer shares the session, which the outermost commits', async () => {
    const sessions = newSessions()
    const app: App = new Hono()
    const api: App = new Hono()
    api.use(sessionMiddleware(sessions))
    api.get('/', async (c) => {
      c.var.session.set('name', 'ada')
      return c.text('ok')
    })
    app.use(sessionMiddleware(sessions))
    app.use('/api/*', async (c, next) => {
      await next()
      // The inner one has not written yet.
      c.var.session.set('cart', ['a'])
    })
    app.route('/api', api)
    app.get('/all', async (c) => c.json(await c.var.session.all()))
    const browser = browserOf(app)
    const response = await browser.fetch('/api')
    expect(response.headers.getSetCookie()).toHaveLength(1)
    expect(calls).toEqual(['create'])
    expect(await browser.json('/all')).toEqual({ name: 'ada', cart: ['a'] })
  })

  test('it does so where something has put another request in its place', async () => {
    const sessions = newSessions()
    const app: App = new Hono()
    app.use(sessionMiddleware(sessions))
    app.use(async (c, next) => {
      c.var.session.set('cart', ['a'])
      c.req.raw = new Request(c.req.raw)
      await next()
    })
    app.use(sessionMiddleware(sessions))
    app.post('/', async (c) => {
      c.var.session.set('name', await c.req.text())
      return c.text('ok')
    })
    const response = await browserOf(app).fetch('/', { method: 'POST', body: 'ada' })
    expect(await response.text()).toBe('ok')
    expect(response.headers.getSetCookie()).toHaveLength(1)
    expect(calls).toEqual(['create'])
  })

  test('two layers have two sessions, under two variables and two cookies', async () => {
    const carts = newSessions()
    const admins = newSessions({ cookie: { name: '__Host-admin' } })
    const app = new Hono<SessionEnv<typeof carts> & SessionEnv<typeof admins, 'admin'>>()
    app.use(sessionMiddleware(carts))
    app.use(sessionMiddleware(admins, { variable: 'admin' }))
    app.get('/', async (c) => {
      c.var.session.set('name', 'visitor')
      c.var.admin.set('name', 'admin')
      return c.text('ok')
    })
    app.get('/all', async (c) => c.json([await c.var.session.all(), await c.var.admin.all()]))
    const browser = browserOf(app)
    await browser.fetch('/')
    expect([...browser.cookies.keys()].toSorted()).toEqual(['__Host-admin', '__Host-session'])
    expect(await browser.json('/all')).toEqual([{ name: 'visitor' }, { name: 'admin' }])
  })

  test('withSession around the whole application shares it as well', async () => {
    const sessions = newSessions()
    const app: App = new Hono()
    app.use(sessionMiddleware(sessions))
    app.get('/', async (c) => c.json(await c.var.session.increment('visits')))
    const fetch = sessions.withSession(async (request, own, ctx) => {
      request.session.set('name', 'ada')
      return app.fetch(request, own, ctx)
    })
    const response = await fetch(new Request('https://app.example/'), env, createExecutionContext())
    expect(await response.json()).toBe(1)
    expect(calls).toEqual(['create', 'write'])
  })
})

describe('a guard as a middleware', () => {
  function guardedApp(): App {
    const app = newApp()
    app.get('/account', guardMiddleware(requireUser({ loginUrl: '/login' })), (c) =>
      c.json({ userId: c.var.session.userId }),
    )
    app.get('/vault', guardMiddleware(requireFresh(300)), (c) => c.text('gold'))
    app.use('/forms/*', guardMiddleware(csrfGuard()))
    app.post('/forms/name', async (c) => {
      const name = (await c.req.formData()).get('name')
      c.var.session.set('name', typeof name === 'string' ? name : '')
      return c.text('ok')
    })
    app.get('/token', async (c) => c.text(await csrfToken(c.var.session)))
    return app
  }

  test('lets in only who is signed in', async () => {
    const browser = browserOf(guardedApp())
    const refused = await browser.fetch('/account')
    expect([refused.status, await refused.json()]).toEqual([
      401,
      expect.objectContaining({ code: 'ERR_SIGN_IN' }),
    ])
    const page = await browser.fetch('/account', { headers: { Accept: 'text/html' } })
    expect([page.status, page.headers.get('Location')]).toEqual([302, '/login?next=%2Faccount'])
    expect((await browser.fetch('/vault')).status).toBe(401)
    await browser.fetch('/sign-in', { method: 'POST' })
    expect(await browser.json('/account')).toEqual({ userId: 'ada' })
    expect(await (await browser.fetch('/vault')).text()).toBe('gold')
  })

  test('keeps other sites’ requests out, and leaves the body to the handler', async () => {
    const browser = browserOf(guardedApp())
    await browser.fetch('/sign-in', { method: 'POST' })
    const send = (fields: Record<string, string>, headers: Record<string, string> = {}) =>
      browser.fetch('/forms/name', { method: 'POST', headers, body: new URLSearchParams(fields) })
    const foreign = await send({ name: 'eve' }, { 'Sec-Fetch-Site': 'cross-site' })
    expect(foreign.status).toBe(403)
    expect((await send({ name: 'eve' })).status).toBe(403)
    const csrf = await (await browser.fetch('/token')).text()
    expect((await send({ name: 'ada', csrf })).status).toBe(200)
    expect(await browser.json('/all')).toMatchObject({ name: 'ada' })
  })

  test('looks at the session of its variable, and leaves the other one to its handlers', async () => {
    const carts = newSessions()
    const admins = newSessions({ cookie: { name: '__Host-admin' } })
    const app = new Hono<SessionEnv<typeof carts> & SessionEnv<typeof admins, 'admin'>>()
    app.use(sessionMiddleware(carts), sessionMiddleware(admins, { variable: 'admin' }))
    app.post('/sign-in', async (c) => {
      await c.var.session.signIn('ada')
      return c.text('ok')
    })
    app.get('/account', guardMiddleware(requireUser()), (c) => c.text(c.var.session.userId))
    app.get('/admin', guardMiddleware(requireUser(), { variable: 'admin' }), (c) =>
      c.text(c.var.admin.userId),
    )
    const browser = browserOf(app)
    await browser.fetch('/sign-in', { method: 'POST' })
    expect(await (await browser.fetch('/account')).text()).toBe('ada')
    expect((await browser.fetch('/admin')).status).toBe(401)
  })

  test('says so where no session is before it', async () => {
    const app = new Hono()
    const errors: unknown[] = []
    app.onError((error, c) => {
      errors.push(error)
      return c.text('error', 500)
    })
    app.get('/', guardMiddleware(requireUser()), (c) => c.text('in'))
    expect((await browserOf(app).fetch('/')).status).toBe(500)
    expect(errors).toEqual([expect.any(SessionError)])
    expect(errors).toEqual([expect.objectContaining({ code: 'ERR_OPTION' })])
  })
})
