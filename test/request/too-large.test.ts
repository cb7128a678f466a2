import { env } from 'cloudflare:workers'
import { Hono } from 'hono'
import { cors } from 'hono/cors'
import { AutoRouter, cors as ittyCors, error } from 'itty-router'
import { createContext, data } from 'react-router'
import { RouterContextProvider } from 'react-router'
import { describe, expect, test } from 'vitest'

import { sessionMiddleware } from '../../src/adapter/hono.ts'
import { sessionHooks } from '../../src/adapter/itty-router.ts'
import { sessionMiddleware as routerMiddleware } from '../../src/adapter/react-router.ts'
import { createSessions, type Session, SessionError, type SessionEvent } from '../../src/index.ts'
import { serialized } from '../../src/serialize.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { kvStore } from '../../src/store/kv.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { newApp } from '../support/app.ts'
import { Browser } from '../support/browser.ts'
import { newRouterApp } from '../support/router-app.ts'
import { CONTEXT } from '../support/site.ts'

/** Records more than a session may hold, though each value is small enough. */
function overfill(session: Session): string {
  for (const key of ['a', 'b', 'c', 'd', 'e']) session.set(key, 'x'.repeat(1_800_000))
  return 'saved'
}

const PROBLEM = {
  title: 'Content Too Large',
  status: 413,
  code: 'ERR_TOO_LARGE',
  detail: expect.stringContaining('Not all changes were saved'),
}

const STORES = {
  objects: durableObjectStore(env.SESSIONS),
  KV: kvStore(env.SESSION_KV),
  memory: memoryStore(),
}

describe.for(Object.entries(STORES))('a session over its size, in %s', ([, store]) => {
  test('is a 413 problem with an event; the session stays as it was', async () => {
    const app = newApp({ store })
    const browser = app.browser()
    app.handler = (session) => {
      session.set('kept', 1)
      return 'ok'
    }
    await browser.fetch('/')
    app.now += 2000
    app.events.length = 0
    app.handler = (session) => {
      session.set('kept', 2)
      return overfill(session)
    }
    const answer = await browser.fetch('/')
    expect([answer.status, answer.headers.get('Content-Type')]).toEqual([
      413,
      'application/problem+json',
    ])
    expect(answer.headers.get('Cache-Control')).toContain('no-store')
    expect(await answer.json()).toEqual(PROBLEM)
    expect(answer.headers.getSetCookie()).toEqual([])
    expect(app.events.map(({ type }) => type)).toEqual(['too-large'])
    app.handler = (session) => session.all()
    expect(await browser.json('/')).toEqual({ kept: 1 })
  })

  test('sets no cookie for a new visitor, who stays one', async () => {
    const app = newApp({ store })
    const browser = app.browser()
    app.handler = overfill
    const answer = await browser.fetch('/')
    expect([answer.status, answer.headers.getSetCookie()]).toEqual([413, []])
    expect(app.events.map(({ type }) => type)).toEqual(['too-large'])
  })
})

test('the 413 has the cookie of what was awaited before', async () => {
  const app = newApp()
  const browser = app.browser()
  app.handler = async (session) => {
    await session.signIn('ada')
    return overfill(session)
  }
  const answer = await browser.fetch('/')
  expect([answer.status, answer.headers.getSetCookie().length]).toEqual([413, 1])
  app.handler = async (session) => {
    await session.load()
    return [session.userId, await session.keys()]
  }
  expect(await browser.json('/')).toEqual(['ada', []])
})

test('a sign-in on KV that waits for the same write is not made', async () => {
  const app = newApp({ store: kvStore(env.SESSION_KV) })
  const browser = app.browser()
  app.handler = async (session) => {
    await session.signIn('ada')
    return overfill(session)
  }
  const answer = await browser.fetch('/')
  expect([answer.status, answer.headers.getSetCookie()]).toEqual([413, []])
  expect(app.events.map(({ type }) => type)).toEqual(['too-large'])
})

test('an awaited operation throws to the handler, and is a 413 if nobody catches it', async () => {
  const app = newApp()
  const browser = app.browser()
  app.handler = async (session) => {
    for (const key of ['a', 'b', 'c', 'd']) session.set(key, 'x'.repeat(1_800_000))
    await session.commit()
    return 'ok'
  }
  expect((await browser.fetch('/')).status).toBe(200)
  const update = (session: Session): Promise<unknown> =>
    session.update('e', () => 'x'.repeat(1_800_000))
  app.handler = (session) => update(session).catch((fault: { code: string }) => fault.code)
  expect(await browser.json('/')).toBe('ERR_TOO_LARGE')
  app.handler = async (session) => {
    session.set('f', 1)
    return update(session)
  }
  expect((await browser.fetch('/')).status).toBe(413)
  app.handler = (session) => session.set('f', 'x'.repeat(2_000_000))
  expect((await browser.fetch('/')).status).toBe(413)
  app.handler = (session) => session.has('f')
  expect(await browser.json('/')).toBe(false)
})

test('a commit that lost against other requests is a 503, and asks onStoreFailure', async () => {
  // As a store on Redis throws it after 128 tries; simulated, since no test can lose that often.
  const lost = (): Promise<never> =>
    Promise.reject(new SessionError('ERR_CONFLICT', 'Others changed the session.'))
  const codes: string[] = []
  for (const onStoreFailure of [
    'refuse' as const,
    (fault: SessionError) => {
      codes.push(fault.code)
      return new Response('busy', { status: 503 })
    },
  ]) {
    const app = newApp({ store: { ...memoryStore(), create: lost }, onStoreFailure })
    app.handler = (session) => session.set('a', 1)
    // oxlint-disable-next-line no-await-in-loop
    const answer = await app.browser().fetch('/')
    expect([answer.status, answer.headers.getSetCookie()]).toEqual([503, []])
  }
  expect(codes).toEqual(['ERR_CONFLICT'])
})

test('an inner handler that is too large drops its own changes only', async () => {
  const { withSession } = createSessions({
    secrets: [env.SESSION_SECRET],
    store: durableObjectStore(env.SESSIONS),
  })
  const inner = withSession(({ session }) => overfill(session))
  const browser = new Browser((request) =>
    withSession(async (own) => {
      if (request.url.endsWith('/all')) return own.session.all()
      own.session.set('outer', 1)
      const { status } = await inner(own, {}, CONTEXT)
      return status
    })(request, {}, CONTEXT),
  )
  expect(await browser.json('/')).toBe(413)
  expect(await browser.json('/all')).toEqual({ outer: 1 })
})

interface World {
  readonly sessions: ReturnType<typeof layer>
  readonly events: SessionEvent[]
}

function layer(events: SessionEvent[]) {
  return createSessions({
    secrets: [env.SESSION_SECRET],
    store: memoryStore(),
    onEvent: (event) => void events.push(event),
  })
}

const ORIGIN = 'https://app.example'
const sessionContext = createContext<Session>()

/** The same handler in each framework, whose middleware makes CORS headers. */
const FRAMEWORKS: Record<string, (world: World) => (request: Request) => Promise<Response>> = {
  'open and commit':
    ({ sessions }) =>
    async (request) => {
      const session = await sessions.open(request, {})
      const headers = { 'Access-Control-Allow-Origin': ORIGIN, Vary: 'Origin' }
      return sessions.commit(session, new Response(overfill(session), { headers }))
    },
  'Hono, cors() before': ({ sessions }) => {
    const app = new Hono().use(cors({ origin: ORIGIN })).use(sessionMiddleware(sessions))
    app.get('/', (c) => c.text(overfill(c.var.session)))
    return async (request) => app.fetch(request)
  },
  'Hono, cors() after': ({ sessions }) => {
    const app = new Hono().use(sessionMiddleware(sessions)).use(cors({ origin: ORIGIN }))
    app.get('/', (c) => c.text(overfill(c.var.session)))
    return async (request) => app.fetch(request)
  },
  'itty-router': ({ sessions }) => {
    const { preflight, corsify } = ittyCors({ origin: ORIGIN })
    const router = AutoRouter(
      sessionHooks(sessions, { before: [preflight], finally: [corsify], catch: error }),
    )
    router.get('/', ({ session }) => overfill(session))
    return async (request) => router.fetch(request, {}, CONTEXT) as Promise<Response>
  },
  'React Router': ({ sessions }) => {
    const middleware = routerMiddleware(sessions, { context: sessionContext, env: () => ({}) })
    const handler = newRouterApp(
      {
        middleware: [
          ...middleware,
          async (_, next) => {
            const response = (await next()) as Response
            response.headers.set('Access-Control-Allow-Origin', ORIGIN)
            response.headers.append('Vary', 'Origin')
            return response
          },
        ],
      },
      {
        page: {
          hasPage: true,
          loader: ({ context }) => data(overfill(context.get(sessionContext))),
        },
      },
    )
    return async (request) =>
      handler(new Request(new URL('/page', request.url), request), new RouterContextProvider())
  },
}

test.for(Object.entries(FRAMEWORKS))('%s: 413, with CORS headers', async ([, fetchOf]) => {
  const events: SessionEvent[] = []
  const fetch = fetchOf({ sessions: layer(events), events })
  const answer = await fetch(new Request('https://api.example/', { headers: { Origin: ORIGIN } }))
  expect(answer.status).toBe(413)
  expect(answer.headers.get('Access-Control-Allow-Origin')).toBe(ORIGIN)
  expect(answer.headers.get('Vary')).toMatch(/^(?=.*Cookie)(?!.*Cookie.*Cookie)/)
  expect(answer.headers.getSetCookie()).toEqual([])
  expect(events.map(({ type }) => type)).toEqual(['too-large'])
})

test('a value that was changed in place fails the commit of open() too, and nothing is written', async () => {
  const v = {
    stringify: (value: unknown) => JSON.stringify([...(value as string[])]),
    parse: (text: string) => new Set(JSON.parse(text) as string[]),
  }
  const sessions = createSessions({
    secrets: [env.SESSION_SECRET],
    store: memoryStore(),
    data: serialized<{ tags: Set<string> }>(v),
  })
  const first = await sessions.open(new Request('https://app.example/'), {})
  first.set('tags', new Set(['a']))
  const cookie = (await sessions.commit(first, new Response())).headers.getSetCookie()[0] ?? ''
  const headers = { Cookie: cookie.split(';', 1).join('') }
  const session = await sessions.open(new Request('https://app.example/', { headers }), {})
  ;((await session.get('tags')) as Set<string>).add('b')
  await expect(sessions.commit(session, new Response())).rejects.toThrow('ERR_VALUE')
})
