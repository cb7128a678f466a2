import { env } from 'cloudflare:workers'
import { Hono } from 'hono'
import { AutoRouter, error } from 'itty-router'
import { createContext, RouterContextProvider } from 'react-router'
import { describe, expect, test } from 'vitest'

import { type AccountMethods, accounts } from '../../src/accounts.ts'
import {
  guardMiddleware as honoGuard,
  type SessionEnv,
  sessionMiddleware as honoMiddleware,
} from '../../src/adapter/hono.ts'
import { guardMiddleware as ittyGuard, sessionHooks } from '../../src/adapter/itty-router.ts'
import { guardMiddleware, sessionMiddleware } from '../../src/adapter/react-router.ts'
import { csrfGuard } from '../../src/guard/csrf.ts'
import { requireUser } from '../../src/guard/require-user.ts'
import {
  createSessions,
  type RefusalHandler,
  type Session,
  type SessionEvent,
} from '../../src/index.ts'
import type { Patch } from '../../src/session/patch.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { Browser } from '../support/browser.ts'
import { newRouterApp } from '../support/router-app.ts'
import { CONTEXT } from '../support/site.ts'

const HTML = { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }

/** The own limit of the store: that of every store, in characters, is reached in test/request/too-large.test.ts. */
const LIMIT = 1000
const TOO_LARGE = { ok: false, why: 'too-large', limit: `${LIMIT} characters` } as const

function isLarge({ set = [] }: Patch): boolean {
  return set.some(([, text]) => text.length > LIMIT)
}

function newLayer(onRefused?: RefusalHandler) {
  const store = memoryStore()
  const world = { isDown: false }
  const events: SessionEvent[] = []
  const sessions = createSessions({
    secrets: [env.SESSION_SECRET],
    store: {
      ...store,
      read: (...call) => (world.isDown ? Promise.reject(new Error('down')) : store.read(...call)),
      write: (...call) => (isLarge(call[2]) ? TOO_LARGE : store.write(...call)),
    },
    use: [accounts()],
    onRefused,
    onEvent: (event) => void events.push(event),
  })
  return { sessions, world, events }
}

type Layer = ReturnType<typeof newLayer>
type Own = Session & AccountMethods

/** Ends the session of a request behind its back, as another tab does. */
async function endElsewhere({ sessions }: Layer, { url, headers }: Request): Promise<void> {
  const other = await sessions.open(new Request(url, { headers }), {})
  await other.destroy()
}

/** What the routes do: each is refused in its own way, but for `/begin`. */
function routesOf(own: Layer): Record<string, (session: Own, request: Request) => Promise<string>> {
  return {
    begin: async (session) => {
      session.set('a', 1)
      return 'begun'
    },
    late: async (session, request) => {
      await session.load()
      await endElsewhere(own, request)
      await session.increment('n')
      return 'saved'
    },
    large: async (session) => {
      session.set('part', 'a'.repeat(LIMIT))
      return 'saved'
    },
    down: async (session) => {
      own.world.isDown = true
      await session.load()
      return 'read'
    },
    take: async (session) => String(await session.take('a')),
    user: async () => 'user',
    form: async () => 'form',
  }
}

type Server = (request: Request) => Promise<Response>

const FRAMEWORKS: Record<string, (own: Layer) => Server> = {
  'no framework': (own) => {
    const routes = routesOf(own)
    const { withSession } = own.sessions
    const of = (name: string) =>
      withSession(async (request) => new Response(await routes[name]?.(request.session, request)))
    const user = withSession(requireUser()(() => 'user'))
    const form = withSession(csrfGuard()(() => 'form'))
    return async (request) => {
      const name = new URL(request.url).pathname.slice(1)
      if (name === 'user') return user(request, {})
      return name === 'form' ? form(request, {}) : of(name)(request, {})
    }
  },
  Hono: (own) => {
    const routes = routesOf(own)
    const app = new Hono<SessionEnv<typeof own.sessions>>()
    app.use(honoMiddleware(own.sessions))
    app.onError((fault, c) => c.text(String(fault), 500))
    app.use('/user', honoGuard(requireUser()))
    app.use('/form', honoGuard(csrfGuard()))
    app.all('/:name', async (c) =>
      c.text((await routes[c.req.param('name')]?.(c.var.session, c.req.raw)) ?? ''),
    )
    return async (request) => app.fetch(request, {}, { ...CONTEXT, props: {} })
  },
  'itty-router': (own) => {
    const routes = routesOf(own)
    const router = AutoRouter(sessionHooks(own.sessions, { catch: error }))
    router
      .all('/user', ittyGuard(requireUser()))
      .all('/form', ittyGuard(csrfGuard()))
      .all('/:name', async (request) =>
        routes[String(request.params['name'])]?.(request.session, request),
      )
    return async (request) => router.fetch(request, {}, CONTEXT) as Promise<Response>
  },
}

/** The requests that are refused, and the status and code of each answer. */
const REFUSALS = [
  ['/user', { method: 'GET' }, 401, 'ERR_SIGN_IN'],
  ['/user', { method: 'POST' }, 403, 'ERR_SIGN_IN'],
  [
    '/form',
    { method: 'POST', headers: { Origin: 'https://evil.example' } },
    403,
    'ERR_CROSS_ORIGIN',
  ],
  ['/form', { method: 'POST' }, 403, 'ERR_CSRF'],
  ['/late', { method: 'POST' }, 409, 'ERR_SESSION_ENDED'],
  ['/large', { method: 'POST' }, 413, 'ERR_TOO_LARGE'],
  ['/take', { headers: { 'Sec-Purpose': 'prefetch' } }, 503, 'ERR_SPECULATIVE'],
  ['/down', { method: 'GET' }, 503, 'ERR_STORE'],
] as const

async function begun(server: Server): Promise<Browser> {
  const browser = new Browser(server)
  await browser.fetch('/begin')
  return browser
}

describe.for(Object.entries(FRAMEWORKS))('a refused request, with %s', ([, newServer]) => {
  describe.for(REFUSALS)('%s %j', ([path, init, status, code]) => {
    const headers = 'headers' in init ? init.headers : {}

    test.for([HTML, { 'Sec-Fetch-Mode': 'navigate' }])(
      'is a page for a person: %j',
      async (more) => {
        const browser = await begun(newServer(newLayer()))
        const response = await browser.fetch(path, { ...init, headers: { ...headers, ...more } })
        expect(response.status).toBe(status)
        expect(response.headers.get('Content-Type')).toBe('text/html; charset=utf-8')
        expect(response.headers.get('Cache-Control')).toBe('private, no-store')
        expect(response.headers.get('Retry-After')).toBe(code === 'ERR_STORE' ? '5' : null)
        const page = await response.text()
        expect(page).toMatch(
          /^<!doctype html><html lang="en">.*<h1>[A-Z][^<]+\.<\/h1><p>[^<]*<\/p>$/,
        )
        expect(page).not.toMatch(/<(script|style|link|img)|style=|src=|href=/)
      },
    )

    test.for([{}, { Accept: '*/*', 'Sec-Fetch-Mode': 'cors' }, { Accept: 'application/json' }])(
      'is a problem for a script: %j',
      async (more) => {
        const browser = await begun(newServer(newLayer()))
        const response = await browser.fetch(path, { ...init, headers: { ...headers, ...more } })
        expect(response.headers.get('Content-Type')).toBe('application/problem+json')
        expect(response.headers.get('Cache-Control')).toBe('private, no-store')
        expect(response.headers.get('Retry-After')).toBe(code === 'ERR_STORE' ? '5' : null)
        expect(await response.json()).toMatchObject({ status, code })
      },
    )

    test('is what onRefused returns', async () => {
      const asked: unknown[] = []
      const own = newLayer(async (problem, request) => {
        asked.push({ ...problem, path: new URL(request.url).pathname })
        return new Response(`<p>${problem.detail}`, {
          status: problem.status,
          headers: { 'Content-Type': 'text/html', 'Cache-Control': 'public', 'X-Own': 'yes' },
        })
      })
      const browser = await begun(newServer(own))
      const response = await browser.fetch(path, { ...init, headers })
      expect(asked).toEqual([
        { title: expect.stringMatching(/\w/), status, code, detail: expect.any(String), path },
      ])
      expect([response.status, response.headers.get('X-Own')]).toEqual([status, 'yes'])
      expect(response.headers.get('Cache-Control')).toBe('private, no-store')
      expect(response.headers.get('Retry-After')).toBe(code === 'ERR_STORE' ? '5' : null)
      expect(await response.text()).toContain('<p>')
    })

    test.for<readonly [name: string, hook: RefusalHandler]>([
      [
        'throws',
        () => {
          throw new Error('a fault in the page')
        },
      ],
      ['rejects', async () => Promise.reject(new Error('a fault in the page'))],
      ['returns nothing', () => undefined as unknown as Response],
      ['returns a used Response', () => usedResponse],
    ])('is the default if onRefused %s', async ([, hook]) => {
      const own = newLayer(hook)
      const browser = await begun(newServer(own))
      const response = await browser.fetch(path, { ...init, headers: { ...headers, ...HTML } })
      expect(response.status).toBe(status)
      expect(await response.text()).toContain('<h1>')
      expect(own.events.map(({ type }) => type)).toContain('refusal-failed')
    })
  })
})

const usedResponse = new Response('a page')
await usedResponse.text()

test('a redirect of onRefused, whose headers are immutable, is sent', async () => {
  const own = newLayer(() => Response.redirect('https://app.example/sorry', 303))
  const server = FRAMEWORKS['Hono']?.(own)
  const response = await new Browser(server ?? fetch).fetch('/user', { redirect: 'manual' })
  expect([response.status, response.headers.get('Location')]).toEqual([
    303,
    'https://app.example/sorry',
  ])
  expect(response.headers.get('Cache-Control')).toBe('private, no-store')
})

test('a page of a guard escapes what the application has named', async () => {
  const { sessions } = newLayer()
  const guard = csrfGuard({ requireToken: true, field: '<b>&"field' })
  const form = sessions.withSession(guard(() => 'form'))
  const browser = new Browser(async (request) => form(request, {}))
  const body = new FormData()
  body.set('other', 'a'.repeat(1_100_000))
  const response = await browser.fetch('/', { method: 'POST', body, headers: HTML })
  const page = await response.text()
  expect(page).toContain('Put the field &#60;b>&#38;"field first')
  expect(page).not.toContain('<b>')
})

test('an application without onRefused pays no call of it, and with a wrong one nothing starts', () => {
  expect(() => newLayer('page' as unknown as RefusalHandler)).toThrow(
    'ERR_OPTION: onRefused must be a function that returns the response.',
  )
})

/** The headers of a person's request, with those of the case. */
function asPerson(init: object): Record<string, string> {
  const { headers = {} }: { readonly headers?: Record<string, string> } = init
  return { ...headers, ...HTML }
}

describe('React Router has its own pages', () => {
  const context = createContext<Own>()

  function newServer(own: Layer): Server {
    const middleware = sessionMiddleware(own.sessions, { context, env: () => ({}) })
    const routes = routesOf(own)
    const guards = {
      user: [guardMiddleware(requireUser(), { context })],
      form: [guardMiddleware(csrfGuard(), { context })],
    }
    const entries = Object.entries(routes).map(([name, work]) => {
      const run = async (args: {
        request: Request
        context: Pick<RouterContextProvider, 'get'>
      }): Promise<string> => work(args.context.get(context), args.request)
      const guard = name === 'user' || name === 'form' ? { middleware: guards[name] } : {}
      return [name, { loader: run, action: run, hasPage: true, ...guard }]
    })
    const app = newRouterApp({ middleware }, Object.fromEntries(entries))
    return async (request) => app(request, new RouterContextProvider())
  }

  // What a loader throws is React Router's to answer, so a failed read and a refused `take` are its 500.
  const cases = REFUSALS.filter(([path]) => !['/take', '/down'].includes(path))
    // React Router refuses another origin's form itself.
    .filter(([, , , code]) => code !== 'ERR_CROSS_ORIGIN')

  test.for(cases)('whose boundary gets the problem: %s %j', async ([path, init, status, code]) => {
    const browser = await begun(newServer(newLayer()))
    const response = await browser.fetch(path, { ...init, headers: asPerson(init) })
    expect(response.status).toBe(status)
    const page = await response.text()
    expect(page).toContain(code)
    expect(page).not.toContain('<h1>')
  })

  test.for(cases)(
    'whose boundary gets what onRefused returns: %s %j',
    async ([path, init, status]) => {
      const own = newLayer((problem) => new Response('a page of ours', { status: problem.status }))
      const browser = await begun(newServer(own))
      const response = await browser.fetch(path, { ...init, headers: asPerson(init) })
      expect(response.status).toBe(status)
      expect(await response.text()).toContain('a page of ours')
    },
  )
})
