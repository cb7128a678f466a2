import { createExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import {
  createContext,
  createStaticHandler,
  data,
  redirect,
  RouterContextProvider,
  type StaticHandlerContext,
} from 'react-router'
import { beforeEach, describe, expect, test } from 'vitest'

import { type AccountMethods, accounts } from '../../src/accounts.ts'
import { guardMiddleware, sessionMiddleware } from '../../src/adapter/react-router.ts'
import { csrfGuard, csrfToken } from '../../src/guard/csrf.ts'
import { requireUser } from '../../src/guard/require-user.ts'
import { createSessions, json, type Session, type SessionOptions } from '../../src/index.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { Browser } from '../support/browser.ts'
import { countingStore } from '../support/counting-store.ts'
import { newGate } from '../support/gates.ts'
import { newRouterApp, type TestRoute } from '../support/router-app.ts'
import { layerHere, storeHere, world } from '../support/worlds.ts'

interface Data {
  visits: number
  name: string
  cart: string[]
}

interface Flash {
  notice: string
}

/** As React Router's template for Workers has it: `env` and `ctx` in the load context. */
const cloudflareContext = createContext<{ env: Cloudflare.Env; ctx: ExecutionContext }>()
const sessionContext = createContext<Session<Data, Flash> & AccountMethods>()

const HERE = world()
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
    data: json<Data, Flash>(),
    use: [accounts()],
  })
  return layerHere(sessions)
}

function middlewareOf(sessions = newSessions()) {
  return sessionMiddleware(sessions, {
    context: sessionContext,
    env: ({ context }) => context.get(cloudflareContext).env,
    ctx: ({ context }) => context.get(cloudflareContext).ctx,
  })
}

const ROUTES: Record<string, TestRoute> = {
  all: { hasPage: true, loader: ({ context }) => context.get(sessionContext).all() },
  visit: {
    hasPage: true,
    action: ({ context }) => context.get(sessionContext).increment('visits'),
    loader: async ({ context }) => context.get(sessionContext).get('visits'),
  },
  plain: { hasPage: true, loader: () => 'plain' },
  login: {
    hasPage: true,
    action: async ({ context }) => {
      const session = context.get(sessionContext)
      await session.signIn('ada')
      session.set('name', 'Ada')
      throw redirect('/all')
    },
  },
}

/** A browser before an application of React Router with these routes, and those above. */
function browserOf(routes: Record<string, TestRoute> = {}, middleware = middlewareOf()): Browser {
  const handler = newRouterApp({ middleware }, { ...ROUTES, ...routes })
  return new Browser((request) => {
    const context = new RouterContextProvider()
    context.set(cloudflareContext, { env, ctx: createExecutionContext() })
    return handler(request, context)
  })
}

interface Page {
  readonly loaderData: Record<string, unknown>
  readonly actionData: Record<string, unknown> | null
  readonly errors: Record<string, { status?: number; data?: unknown }> | null
}

beforeEach(() => {
  calls.length = 0
})

describe('the session of a React Router application', () => {
  test('is in the context of loaders and actions, and comes again', async () => {
    const browser = browserOf()
    const first = await browser.json<Page>('/visit', { method: 'POST' })
    expect([first.actionData, first.loaderData['visit']]).toEqual([{ visit: 1 }, 1])
    await browser.json('/visit', { method: 'POST' })
    expect((await browser.json<Page>('/all')).loaderData).toEqual({ all: { visits: 2 } })
  })

  test.skipIf(HERE.isReading)(
    'costs a visitor who stores nothing no call and no cookie',
    async () => {
      const plain = await browserOf().fetch('/plain')
      expect([plain.status, plain.headers.get('Vary')]).toEqual([200, null])
      const read = await browserOf().fetch('/all')
      expect([read.headers.get('Vary'), read.headers.getSetCookie()]).toEqual(['Cookie', []])
      expect(calls).toEqual([])
    },
  )

  test('goes with a redirect that is thrown, as it does with one that is returned', async () => {
    const browser = browserOf()
    const response = await browser.fetch('/login', { method: 'POST' })
    expect([response.status, response.headers.get('Location')]).toEqual([302, '/all'])
    expect(response.headers.getSetCookie()).toHaveLength(1)
    expect(response.headers.get('Cache-Control')).toBe('private, no-store')
    expect((await browser.json<Page>('/all')).loaderData).toEqual({ all: { name: 'Ada' } })
  })

  test('goes with a 404 and other answers that are thrown', async () => {
    const browser = browserOf({
      missing: {
        hasPage: true,
        loader: ({ context }) => {
          context.get(sessionContext).set('name', 'seeker')
          throw data('no such thing', { status: 404 })
        },
      },
    })
    expect((await browser.fetch('/missing')).status).toBe(404)
    expect((await browser.json<Page>('/all')).loaderData).toEqual({ all: { name: 'seeker' } })
  })

  test('is there when React Router fetches data alone, and in resource routes', async () => {
    const browser = browserOf({
      resource: {
        loader: async ({ context }) =>
          Response.json(await context.get(sessionContext).increment('visits')),
      },
    })
    expect(await browser.json('/resource')).toBe(1)
    const response = await browser.fetch('/visit.data', { method: 'POST' })
    expect(response.status).toBe(200)
    expect(await response.text()).toContain('data')
    const single = await browser.fetch('/all.data')
    expect(await single.text()).toContain('"visits",2')
  })

  test('keeps the cookies and headers of loaders', async () => {
    const browser = browserOf({
      cookie: {
        loader: ({ context }) => {
          context.get(sessionContext).set('name', 'ada')
          return new Response('ok', { headers: { 'Set-Cookie': 'theme=dark', 'X-Own': 'yes' } })
        },
      },
    })
    const response = await browser.fetch('/cookie')
    expect(response.headers.getSetCookie()).toEqual([
      'theme=dark',
      expect.stringMatching(/^__Host-session=/),
    ])
    expect(response.headers.get('X-Own')).toBe('yes')
  })

  test('loses no key to an overlapping request, and none to a parallel loader', async () => {
    const gate = newGate()
    const slow = (key: 'name' | 'cart'): TestRoute => ({
      action: async ({ context }) => {
        const session = context.get(sessionContext)
        await session.all()
        await gate.pass()
        if (key === 'name') session.set('name', 'ada')
        else session.set('cart', ['a'])
        return Response.json('ok')
      },
    })
    const browser = browserOf({ 'slow-name': slow('name'), 'slow-cart': slow('cart') })
    await browser.fetch('/visit', { method: 'POST' })
    const both = ['name', 'cart'].map((key) => browser.fetch(`/slow-${key}`, { method: 'POST' }))
    await gate.arrived(2)
    gate.open()
    await Promise.all(both)
    expect((await browser.json<Page>('/all')).loaderData['all']).toEqual({
      visits: 1,
      name: 'ada',
      cart: ['a'],
    })
  })

  test('is one session where the middleware stands in two routes', async () => {
    const middleware = middlewareOf()
    const browser = browserOf(
      {
        nested: {
          hasPage: true,
          middleware,
          loader: ({ context }) => {
            context.get(sessionContext).set('name', 'ada')
            return null
          },
        },
      },
      middleware,
    )
    const response = await browser.fetch('/nested')
    expect(response.headers.getSetCookie()).toHaveLength(1)
    expect(calls).toEqual(['create'])
  })

  test('is the one of withSession around the whole handler', async () => {
    const sessions = newSessions()
    const handler = newRouterApp({ middleware: middlewareOf(sessions) }, ROUTES)
    const fetch = sessions.withSession(async (request, own, ctx) => {
      const context = new RouterContextProvider()
      context.set(cloudflareContext, { env: own, ctx })
      request.session.set('name', 'outer')
      const response = await handler(request, context)
      request.session.set('cart', ['after'])
      return response
    })
    const url = 'https://app.example/visit'
    const response = await fetch(
      new Request(url, { method: 'POST' }),
      env,
      createExecutionContext(),
    )
    expect(response.headers.getSetCookie()).toHaveLength(1)
    expect(calls).toEqual(['create', 'write'])
  })
})

describe('an error in a loader or an action', () => {
  const failing: Record<string, TestRoute> = {
    fail: {
      hasPage: true,
      action: async ({ context }) => {
        const session = context.get(sessionContext)
        await session.increment('visits')
        session.set('name', 'half')
        throw new Error('mine')
      },
    },
    resource: {
      loader: ({ context }) => {
        context.get(sessionContext).set('name', 'half')
        throw new Error('mine')
      },
    },
  }

  test('drops what was recorded; what was awaited stays, and the browser learns of it', async () => {
    const browser = browserOf(failing)
    const response = await browser.fetch('/fail', { method: 'POST' })
    expect(response.status).toBe(500)
    expect(response.headers.getSetCookie()).toHaveLength(1)
    expect((await browser.json<Page>('/all')).loaderData).toEqual({ all: { visits: 1 } })
  })

  test('does so when React Router fetches data alone, and in a resource route', async () => {
    const browser = browserOf(failing)
    await browser.fetch('/visit', { method: 'POST' })
    expect((await browser.fetch('/fail.data', { method: 'POST' })).status).toBe(500)
    expect((await browser.fetch('/resource')).status).toBe(500)
    expect((await browser.json<Page>('/all')).loaderData).toEqual({ all: { visits: 2 } })
  })
})

describe('a late write', () => {
  /** A browser whose route `late` has its session destroyed before it changes it. */
  async function lateBrowser(
    change: (session: Session<Data, Flash>) => unknown,
    options: Options = {},
  ): Promise<Browser> {
    const browser: Browser = browserOf(
      {
        destroy: {
          action: async ({ context }) => {
            await context.get(sessionContext).destroy()
            return Response.json('ok')
          },
        },
        late: {
          hasPage: true,
          action: async ({ context }) => {
            const session = context.get(sessionContext)
            await session.all()
            await browser.copy().fetch('/destroy', { method: 'POST' })
            await change(session)
            return 'ok'
          },
        },
      },
      middlewareOf(newSessions(options)),
    )
    await browser.fetch('/visit', { method: 'POST' })
    return browser
  }

  test('that was recorded reaches the boundary as 409, and the cookie is cleared', async () => {
    const browser = await lateBrowser((session) => session.set('name', 'late'))
    const response = await browser.fetch('/late', { method: 'POST' })
    expect(response.status).toBe(409)
    expect(response.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^__Host-session=; Max-Age=0/),
    ])
    const { errors } = await response.json<Page>()
    expect(errors?.['root']).toMatchObject({ status: 409 })
    expect(JSON.stringify(errors)).toContain('ERR_SESSION_ENDED')
  })

  test('that was awaited does, too', async () => {
    const browser = await lateBrowser((session) => session.increment('visits'))
    const response = await browser.fetch('/late', { method: 'POST' })
    expect([response.status, response.headers.getSetCookie().length]).toEqual([409, 1])
  })

  test('reaches React Router in the browser in its own format', async () => {
    const browser = await lateBrowser((session) => session.set('name', 'late'))
    const response = await browser.fetch('/late.data', { method: 'POST' })
    expect(response.status).toBe(409)
    expect(response.headers.get('Content-Type')).toBe('text/x-script')
    expect(response.headers.get('Cache-Control')).toBe('private, no-store')
    expect(response.headers.getSetCookie()).toHaveLength(1)
    expect(await response.text()).toContain('ErrorResponse')
  })

  test('is dropped where lateWrites says so', async () => {
    const browser = await lateBrowser((session) => session.set('name', 'late'), {
      lateWrites: 'drop',
    })
    expect((await browser.fetch('/late', { method: 'POST' })).status).toBe(200)
  })
})

describe('a store that fails', () => {
  const store = (own: Cloudflare.Env) => ({
    ...durableObjectStore(own.SESSIONS),
    create: () => Promise.reject(new Error('down')),
  })
  const set: TestRoute = {
    hasPage: true,
    action: ({ context }) => {
      context.get(sessionContext).set('name', 'ada')
      return 'ok'
    },
  }

  test('reaches the boundary as 503', async () => {
    const browser = browserOf({ set }, middlewareOf(newSessions({ store })))
    const response = await browser.fetch('/set', { method: 'POST' })
    expect([response.status, response.headers.get('Retry-After')]).toEqual([503, '5'])
    expect((await response.json<Page>()).errors?.['root']).toMatchObject({ status: 503 })
  })

  test('is answered by the application’s own page where that is no error', async () => {
    const onStoreFailure = () => new Response('later', { status: 202 })
    const browser = browserOf({ set }, middlewareOf(newSessions({ store, onStoreFailure })))
    const response = await browser.fetch('/set', { method: 'POST' })
    expect([response.status, await response.text()]).toEqual([202, 'later'])
  })
})

test('a secret that is missing reaches the boundary', async () => {
  const sessions = newSessions({ secrets: ['short'] })
  const response = await browserOf({}, middlewareOf(sessions)).fetch('/all')
  expect(response.status).toBe(500)
})

describe('a guard as a middleware', () => {
  const account: TestRoute = {
    hasPage: true,
    middleware: [guardMiddleware(requireUser({ loginUrl: '/login' }), { context: sessionContext })],
    loader: async ({ context }) => context.get(sessionContext).userId,
    action: () => 'changed',
  }
  const form: TestRoute = {
    hasPage: true,
    middleware: [guardMiddleware(csrfGuard(), { context: sessionContext })],
    loader: async ({ context }) => csrfToken(context.get(sessionContext)),
    action: async ({ context, request }) => {
      const name = (await request.formData()).get('name')
      context.get(sessionContext).set('name', typeof name === 'string' ? name : '')
      return 'ok'
    },
  }

  test('lets in only who is signed in', async () => {
    const browser = browserOf({ account })
    const page = await browser.fetch('/account?tab=1', { headers: { Accept: 'text/html' } })
    expect([page.status, page.headers.get('Location')]).toEqual([
      302,
      '/login?next=%2Faccount%3Ftab%3D1',
    ])
    const refused = await browser.fetch('/account', { method: 'POST' })
    expect(refused.status).toBe(403)
    expect((await refused.json<Page>()).errors?.['root']).toMatchObject({ status: 403 })
    await browser.fetch('/login', { method: 'POST' })
    expect((await browser.json<Page>('/account')).loaderData).toEqual({ account: 'ada' })
    expect((await browser.fetch('/account', { method: 'POST' })).status).toBe(200)
  })

  test('sends a navigation within the page to the sign-in, with the page’s own path', async () => {
    const response = await browserOf({ account }).fetch('/account.data')
    const text = await response.text()
    expect([response.status, text.includes('/login?next=%2Faccount"')]).toEqual([202, true])
  })

  test('keeps other sites’ forms out, and leaves the body to the action', async () => {
    const browser = browserOf({ form })
    await browser.fetch('/login', { method: 'POST' })
    const send = (fields: Record<string, string>) =>
      browser.fetch('/form', { method: 'POST', body: new URLSearchParams(fields) })
    const refused = await send({ name: 'eve' })
    expect(refused.status).toBe(403)
    const csrf = String((await browser.json<Page>('/form')).loaderData['form'])
    expect((await send({ name: 'Bob', csrf })).status).toBe(200)
    expect((await browser.json<Page>('/all')).loaderData).toEqual({ all: { name: 'Bob' } })
  })
})

describe('createStaticHandler, without React Router’s own server', () => {
  test('runs the same middleware', async () => {
    const handler = createStaticHandler([
      {
        id: 'root',
        path: '/',
        middleware: middlewareOf(),
        loader: ({ context }) => context.get(sessionContext).increment('visits'),
      },
    ])
    const browser = new Browser(async (request) => {
      const requestContext = new RouterContextProvider()
      requestContext.set(cloudflareContext, { env, ctx: createExecutionContext() })
      const response = await handler.query(request, {
        requestContext,
        generateMiddlewareResponse: async (query) => {
          const result: StaticHandlerContext | Response = await query(request)
          return result instanceof Response ? result : Response.json(result.loaderData)
        },
      })
      return response instanceof Response ? response : new Response(null, { status: 500 })
    })
    await browser.fetch('/')
    expect(await browser.json('/')).toEqual({ root: 2 })
  })

  test('tells who puts it among the browser’s middleware that it is for the server', async () => {
    const [, within] = middlewareOf()
    const args = {
      request: new Request('https://app.example/'),
      context: new RouterContextProvider(),
    }
    const run = within(args as unknown as Parameters<typeof within>[0], async () => ({}))
    await expect(run).rejects.toMatchObject({ code: 'ERR_OPTION' })
  })
})
