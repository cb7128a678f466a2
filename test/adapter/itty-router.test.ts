import { createExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import {
  AutoRouter,
  cors,
  error,
  type IRequest,
  IttyRouter,
  json,
  Router,
  StatusError,
  withParams,
} from 'itty-router'
import { beforeEach, describe, expect, test } from 'vitest'

import { accounts } from '../../src/accounts.ts'
import { guardMiddleware, sessionHooks } from '../../src/adapter/itty-router.ts'
import { csrfGuard, csrfToken } from '../../src/guard/csrf.ts'
import { requireUser } from '../../src/guard/require-user.ts'
import { createSessions, json as dictionary, type SessionOptions } from '../../src/index.ts'
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

function newSessions(options: Options = {}) {
  const sessions = createSessions({
    secrets: (own: Cloudflare.Env) => [own.SESSION_SECRET],
    store: (own) => {
      const counted = countingStore(durableObjectStore(own.SESSIONS))
      counted.calls.push = (...names) => calls.push(...names)
      return storeHere(counted.store)
    },
    ...options,
    data: dictionary<Data, Flash>(),
    use: [accounts()],
  })
  return layerHere(sessions)
}

interface Fetcher {
  fetch(request: Request, own: Cloudflare.Env, ctx: ExecutionContext): Promise<unknown>
}

function browserOf(router: Fetcher): Browser {
  return new Browser(async (request) => {
    const response = await router.fetch(request, env, createExecutionContext())
    return response instanceof Response ? response : new Response(`none: ${String(response)}`)
  })
}

/** The router of an application, with the routes that most tests use. */
function newRouter(sessions = newSessions()) {
  const router = AutoRouter(sessionHooks(sessions, { catch: error }))
  router
    .get('/all', ({ session }) => session.all())
    .post('/visit', ({ session }) => session.increment('visits'))
    .post('/set/:name', ({ session, params }) => {
      session.set('name', params['name'] ?? '')
      return 'ok'
    })
    .post('/sign-in', async ({ session }) => {
      await session.signIn('ada')
      return 'ok'
    })
  return router
}

beforeEach(() => {
  calls.length = 0
})

describe('the session of an AutoRouter', () => {
  test('is request.session in each route, and comes again', async () => {
    const browser = browserOf(newRouter())
    expect(await browser.json('/visit', { method: 'POST' })).toBe(1)
    expect(await browser.json('/visit', { method: 'POST' })).toBe(2)
    await browser.fetch('/set/ada', { method: 'POST' })
    expect(await browser.json('/all')).toEqual({ visits: 2, name: 'ada' })
  })

  test.skipIf(HERE.isReading)(
    'costs a visitor who stores nothing no call and no cookie',
    async () => {
      const router = newRouter()
      router.get('/plain', () => 'plain')
      const response = await browserOf(router).fetch('/plain')
      expect(await response.json()).toBe('plain')
      expect([response.headers.getSetCookie(), response.headers.get('Vary')]).toEqual([[], null])
      expect(calls).toEqual([])
    },
  )

  test('is written after format and finally, with the response as it is then', async () => {
    const sessions = newSessions()
    const { preflight, corsify } = cors({ origin: 'https://other.example', credentials: true })
    const router = AutoRouter(
      sessionHooks(sessions, {
        before: [preflight],
        catch: error,
        finally: [
          corsify,
          (response: Response) => {
            response.headers.append('Set-Cookie', 'theme=dark')
          },
        ],
      }),
    )
    router.get('/', ({ session }) => {
      session.set('name', 'ada')
      return { ok: true }
    })
    const response = await browserOf(router).fetch('/', {
      headers: { Origin: 'https://other.example' },
    })
    expect(await response.json()).toEqual({ ok: true })
    expect(response.headers.get('Access-Control-Allow-Origin')).toBe('https://other.example')
    expect(response.headers.getSetCookie()).toEqual([
      'theme=dark',
      expect.stringMatching(/^__Host-session=/),
    ])
  })

  test('is there in before, and goes with an answer that before gives', async () => {
    const router = AutoRouter(
      sessionHooks(newSessions(), {
        before: [
          async ({ session, url }) => {
            if (!url.endsWith('/closed')) return undefined
            session.set('name', 'early')
            return json('closed', { status: 418 })
          },
        ],
        catch: error,
      }),
    )
    router.get('/all', ({ session }) => session.all())
    const browser = browserOf(router)
    expect((await browser.fetch('/closed')).status).toBe(418)
    expect(await browser.json('/all')).toEqual({ name: 'early' })
  })

  test('keeps other options of the router', async () => {
    const router = AutoRouter(
      sessionHooks(newSessions(), {
        base: '/api',
        catch: error,
        missing: () => error(404, 'nothing here'),
      }),
    )
    router.get('/all', ({ session }) => session.all())
    const browser = browserOf(router)
    expect(await browser.json('/api/all')).toEqual({})
    expect(await browser.json('/other')).toEqual({ status: 404, error: 'nothing here' })
  })

  test('is not disturbed by a route that is not found', async () => {
    const browser = browserOf(newRouter())
    const first = await browser.fetch('/missing')
    expect([first.status, first.headers.getSetCookie()]).toEqual([404, []])
    await browser.fetch('/visit', { method: 'POST' })
    calls.length = 0
    expect((await browser.fetch('/missing')).status).toBe(404)
    expect(calls).toEqual(BEFORE)
    expect(await browser.json('/all')).toEqual({ visits: 1 })
  })

  test('stays with the request where a handler leaves it to the next one', async () => {
    const router = newRouter()
    router.all('/two/*', ({ session }) => {
      session.set('name', 'first')
    })
    router.get('/two/steps', async ({ session }) => session.get('name'))
    const browser = browserOf(router)
    expect(await browser.json('/two/steps')).toBe('first')
    expect(await browser.json('/all')).toEqual({ name: 'first' })
  })

  test('loses no key to an overlapping request', async () => {
    const router = newRouter()
    const gate = newGate()
    router.post('/slow/:key', async ({ session, params }) => {
      await session.all()
      await gate.pass()
      if (params['key'] === 'name') session.set('name', 'ada')
      else session.set('cart', ['a'])
      return 'ok'
    })
    const browser = browserOf(router)
    await browser.fetch('/visit', { method: 'POST' })
    const slow = ['name', 'cart'].map((key) => browser.fetch(`/slow/${key}`, { method: 'POST' }))
    await gate.arrived(2)
    gate.open()
    await Promise.all(slow)
    expect(await browser.json('/all')).toEqual({ visits: 1, name: 'ada', cart: ['a'] })
  })
})

describe('the session of a Router', () => {
  test('is committed last, though finally formats nothing', async () => {
    const router = Router(sessionHooks(newSessions(), { before: [withParams], catch: error }))
    router.get('/set/:name', ({ session, name }: IRequest) => {
      session.set('name', name)
      return { name }
    })
    const response = await browserOf(router).fetch('/set/ada')
    expect(await response.json()).toEqual({ name: 'ada' })
    expect(response.headers.getSetCookie()).toHaveLength(1)
  })

  test('leaves an answer that nobody gave to the next router', async () => {
    const router = Router(sessionHooks(newSessions(), { catch: error, finally: [json] }))
    router.get('/here', ({ session }) => session.increment('visits'))
    expect(await (await browserOf(router).fetch('/missing')).text()).toBe('none: undefined')
    expect(await browserOf(router).json('/here')).toBe(1)
  })
})

describe('when a handler throws', () => {
  function failing() {
    const router = newRouter()
    router.post('/fail', async ({ session }) => {
      session.set('name', 'half')
      throw new StatusError(418, 'no coffee')
    })
    router.post('/fail-late', async ({ session }) => {
      await session.increment('visits')
      session.set('name', 'half')
      throw new RangeError('mine')
    })
    router.post('/refuse', async ({ session }) => {
      session.set('name', 'kept')
      return error(400, 'no')
    })
    return router
  }

  test('nothing recorded is written, and the answer is the one of catch', async () => {
    const browser = browserOf(failing())
    const response = await browser.fetch('/fail', { method: 'POST' })
    expect([response.status, await response.json()]).toEqual([
      418,
      { status: 418, error: 'no coffee' },
    ])
    expect(response.headers.getSetCookie()).toEqual([])
    expect(calls).toEqual([])
  })

  test('what was awaited before it stays', async () => {
    const browser = browserOf(failing())
    await browser.fetch('/visit', { method: 'POST' })
    expect((await browser.fetch('/fail-late', { method: 'POST' })).status).toBe(500)
    expect(await browser.json('/all')).toEqual({ visits: 2 })
  })

  test('a token that is new then is on its answer', async () => {
    const browser = browserOf(failing())
    const response = await browser.fetch('/fail-late', { method: 'POST' })
    expect([response.status, response.headers.getSetCookie()]).toEqual([
      500,
      [expect.stringMatching(/^__Host-session=./)],
    ])
    expect(await browser.json('/all')).toEqual({ visits: 1 })
  })

  test('catch may still end the session, and what it awaits stays', async () => {
    const router = AutoRouter(
      sessionHooks(newSessions(), {
        catch: async (fault, { session, url }) => {
          if (url.endsWith('/out')) await session.destroy()
          else await session.increment('visits')
          return error(fault.status)
        },
      }),
    )
    router.all('*', () => {
      throw new StatusError(418)
    })
    const browser = browserOf(router)
    expect((await browser.fetch('/in')).status).toBe(418)
    expect([...browser.cookies]).toHaveLength(1)
    expect((await browser.fetch('/out')).status).toBe(418)
    expect([...browser.cookies]).toEqual([])
  })

  test('what changes the session after its answer is too late, loudly', async () => {
    let late: (() => void) | undefined
    const router = AutoRouter(sessionHooks(newSessions(), { catch: error }))
    router.get('/', ({ session }) => {
      late = () => session.set('name', 'ada')
      throw new StatusError(400)
    })
    expect((await browserOf(router).fetch('/')).status).toBe(400)
    expect(late).toThrow('ERR_RESPONSE_SENT')
  })

  test('but an error that is returned is an answer like another', async () => {
    const browser = browserOf(failing())
    expect((await browser.fetch('/refuse', { method: 'POST' })).status).toBe(400)
    expect(await browser.json('/all')).toEqual({ name: 'kept' })
  })

  test('and catch throws it again, it passes on, and withSession around it writes nothing', async () => {
    const sessions = newSessions()
    const rethrow = (fault: Error): never => {
      throw fault
    }
    const router = Router(sessionHooks(sessions, { catch: rethrow }))
    router.get('/', ({ session }) => {
      session.set('name', 'half')
      throw new RangeError('mine')
    })
    await expect(browserOf(router).fetch('/')).rejects.toThrow('mine')
    const fetch = sessions.withSession(async (request, own, ctx) => {
      await router.fetch(request, own, ctx).catch(() => undefined)
      request.session.set('cart', ['a'])
      return request.session.all()
    })
    const request = new Request('https://app.example/')
    const response = await fetch(request, env, createExecutionContext())
    expect(await response.json()).toEqual({ cart: ['a'] })
    expect(calls).toEqual(['create'])
  })

  test('and finally throws, nothing recorded is written either', async () => {
    const router = AutoRouter(
      sessionHooks(newSessions(), {
        catch: error,
        finally: [
          () => {
            throw new StatusError(502, 'format')
          },
        ],
      }),
    )
    router.get('/', ({ session }) => {
      session.set('name', 'half')
      return 'ok'
    })
    expect((await browserOf(router).fetch('/')).status).toBe(502)
    expect(calls).toEqual([])
  })

  test('and finally throws, what is around the router goes on', async () => {
    const sessions = newSessions()
    const fails = (): never => {
      throw new StatusError(502, 'format')
    }
    const router = AutoRouter(sessionHooks(sessions, { catch: error, finally: [fails] }))
    router.get('/', ({ session }) => {
      session.set('name', 'half')
      return 'ok'
    })
    const fetch = sessions.withSession(async (request, own, ctx) => {
      await router.fetch(request, own, ctx)
      request.session.set('cart', ['a'])
      return request.session.all()
    })
    const request = new Request('https://app.example/')
    const response = await fetch(request, env, createExecutionContext())
    expect(await response.json()).toEqual({ cart: ['a'] })
    expect(calls).toEqual(['create'])
  })

  test('when the session cannot be opened, catch says so', async () => {
    const router = newRouter(newSessions({ secrets: ['short'] }))
    const response = await browserOf(router).fetch('/all')
    expect([response.status, await response.text()]).toEqual([
      500,
      expect.stringContaining('ERR_SECRET'),
    ])
  })
})

describe('a late write', () => {
  test.for<[what: string, path: string]>([
    ['recorded', '/late-set'],
    ['awaited', '/late-increment'],
  ])('that was %s is answered by 409, and the cookie is cleared', async ([, path]) => {
    const router = newRouter()
    const destroyed = async (): Promise<void> => {
      await browser.copy().fetch('/destroy', { method: 'POST' })
    }
    router.post('/destroy', async ({ session }) => {
      await session.destroy()
      return 'ok'
    })
    router.post('/late-set', async ({ session }) => {
      await session.all()
      await destroyed()
      session.set('name', 'late')
      return 'ok'
    })
    router.post('/late-increment', async ({ session }) => {
      await session.all()
      await destroyed()
      return session.increment('visits')
    })
    const browser = browserOf(router)
    await browser.fetch('/visit', { method: 'POST' })
    const response = await browser.fetch(path, { method: 'POST' })
    expect(response.status).toBe(409)
    expect(await response.json()).toMatchObject({ code: 'ERR_SESSION_ENDED' })
    expect(response.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^__Host-session=; Max-Age=0/),
    ])
  })
})

test('a store that fails is answered by what onStoreFailure says', async () => {
  const router = newRouter(
    newSessions({
      store: (own) => ({
        ...durableObjectStore(own.SESSIONS),
        create: () => Promise.reject(new Error('down')),
      }),
    }),
  )
  const awaited = await browserOf(router).fetch('/visit', { method: 'POST' })
  const recorded = await browserOf(router).fetch('/set/ada', { method: 'POST' })
  expect([awaited.status, recorded.status]).toEqual([503, 503])
})

describe('routers within routers', () => {
  test('share the session, which the outermost commits', async () => {
    const sessions = newSessions()
    const hooks = sessionHooks(sessions, { catch: error })
    const child = AutoRouter({ ...hooks, base: '/api' })
    child.get('/set', ({ session }) => {
      session.set('name', 'child')
      return 'ok'
    })
    const parent = AutoRouter(hooks)
    parent.all('/api/*', child.fetch)
    parent.get('/all', ({ session }) => session.all())
    const browser = browserOf(parent)
    const response = await browser.fetch('/api/set')
    expect(response.headers.getSetCookie()).toHaveLength(1)
    expect(calls).toEqual(['create'])
    expect(await browser.json('/all')).toEqual({ name: 'child' })
  })

  test('an error of the inner one drops what was recorded until then, and the outer one goes on', async () => {
    const sessions = newSessions()
    const child = AutoRouter(sessionHooks(sessions, { base: '/api', catch: error }))
    child.get('/fail', ({ session }) => {
      session.set('name', 'half')
      throw new Error('mine')
    })
    const parent = AutoRouter(sessionHooks(sessions, { catch: error }))
    parent.get('/all', ({ session }) => session.all())
    parent.all('/api/*', async (request, ...rest) => {
      const response: Response = await child.fetch(request, ...rest)
      request.session.set('cart', ['a'])
      return response
    })
    const browser = browserOf(parent)
    expect((await browser.fetch('/api/fail')).status).toBe(500)
    expect(await browser.json('/all')).toEqual({ cart: ['a'] })
  })

  test('withSession around a router shares it too, and on one of its routes', async () => {
    const sessions = newSessions()
    const router = newRouter(sessions)
    router.get(
      '/wrapped',
      sessions.withSession(({ session }) => session.increment('visits')),
    )
    const fetch = sessions.withSession(async (request, own, ctx) => {
      request.session.set('name', 'outer')
      const response: Response = await router.fetch(request, own, ctx)
      request.session.set('cart', ['after'])
      return response
    })
    const request = new Request('https://app.example/wrapped')
    const response = await fetch(request, env, createExecutionContext())
    expect([await response.json(), response.headers.getSetCookie().length]).toEqual([1, 1])
    expect(calls).toEqual(['create', 'write'])
  })

  test('of another layer have their own session, and leave the outer one its own', async () => {
    const carts = newSessions()
    const admins = newSessions({ cookie: { name: '__Host-admin' } })
    const admin = AutoRouter(sessionHooks(admins, { base: '/admin', catch: error }))
    admin.get('/set', ({ session }) => {
      session.set('name', 'admin')
      return 'ok'
    })
    admin.get('/all', ({ session }) => session.all())
    const site = AutoRouter(sessionHooks(carts, { catch: error }))
    site.get('/all', ({ session }) => session.all())
    site.all('/admin/*', async (request, ...rest) => {
      const response: Response = await admin.fetch(request, ...rest)
      request.session.set('name', 'visitor')
      return response
    })
    const browser = browserOf(site)
    await browser.fetch('/admin/set')
    expect([...browser.cookies.keys()].toSorted()).toEqual(['__Host-admin', '__Host-session'])
    expect(await browser.json('/all')).toEqual({ name: 'visitor' })
    expect(await browser.json('/admin/all')).toEqual({ name: 'admin' })
  })
})

function guardedByMiddleware() {
  const router = newRouter()
  router
    .all('/account*', guardMiddleware(requireUser({ loginUrl: '/login' })))
    .get('/account', ({ session }) => session.userId)
    .get('/token', ({ session }) => csrfToken(session))
    .post('/name', guardMiddleware(csrfGuard()), ({ session }) => {
      session.set('name', 'guarded')
      return 'ok'
    })
  return router
}

function guardedByWrapping() {
  const sessions = newSessions()
  const router = newRouter(sessions)
  router
    .get(
      '/account',
      sessions.withSession(requireUser({ loginUrl: '/login' })(({ session }) => session.userId)),
    )
    .get('/token', ({ session }) => csrfToken(session))
    .post(
      '/name',
      sessions.withSession(
        csrfGuard()(({ session }) => {
          session.set('name', 'guarded')
          return 'ok'
        }),
      ),
    )
  return router
}

describe('guards', () => {
  test.for([
    ['before a route and on it', guardedByMiddleware],
    ['around a handler, within withSession', guardedByWrapping],
  ] as const)('stand %s', async ([, guarded]) => {
    const router = guarded()
    const browser = browserOf(router)
    expect((await browser.fetch('/account')).status).toBe(401)
    await browser.fetch('/sign-in', { method: 'POST' })
    expect(await browser.json('/account')).toBe('ada')
    expect((await browser.fetch('/name', { method: 'POST' })).status).toBe(403)
    const headers = { 'X-CSRF-Token': await browser.json<string>('/token') }
    expect((await browser.fetch('/name', { method: 'POST', headers })).status).toBe(200)
    expect(await browser.json('/all')).toEqual({ name: 'guarded' })
  })

  test('say so where no session is before them', async () => {
    const router = AutoRouter()
    router.get('/', guardMiddleware(requireUser()), () => 'in')
    const response = await browserOf(router).fetch('/')
    expect([response.status, await response.text()]).toEqual([
      500,
      expect.stringContaining('ERR_OPTION'),
    ])
  })
})

describe('without the hooks', () => {
  test('an IttyRouter, which catches nothing, is wrapped whole', async () => {
    const { withSession } = newSessions()
    const router = IttyRouter()
    router.get('/', ({ session }) => session.increment('visits'))
    router.get('/fail', ({ session }) => {
      session.set('name', 'half')
      throw new Error('mine')
    })
    const browser = browserOf({ fetch: withSession(router.fetch) })
    expect(await browser.json('/')).toBe(1)
    await expect(browser.fetch('/fail')).rejects.toThrow('mine')
    expect(calls).toEqual(['create'])
  })
})
