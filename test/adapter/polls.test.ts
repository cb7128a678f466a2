import { env } from 'cloudflare:workers'
import { Hono } from 'hono'
import { AutoRouter, error } from 'itty-router'
import { createContext, RouterContextProvider } from 'react-router'
import { expect, test } from 'vitest'

import { type SessionEnv, sessionMiddleware as honoMiddleware } from '../../src/adapter/hono.ts'
import { sessionHooks } from '../../src/adapter/itty-router.ts'
import { sessionStorage } from '../../src/adapter/react-router-storage.ts'
import { sessionMiddleware } from '../../src/adapter/react-router.ts'
import { createSessions, type Session } from '../../src/index.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { Browser } from '../support/browser.ts'
import { newRouterApp } from '../support/router-app.ts'
import { CONTEXT } from '../support/site.ts'

const SECOND = 1000

function newLayer(clock: { now: number }) {
  return createSessions({
    secrets: [env.SESSION_SECRET],
    store: memoryStore(),
    idleTimeout: 100,
    touchInterval: 5,
    now: () => clock.now,
  })
}

type Layer = ReturnType<typeof newLayer>

/** Two routes in each framework: `/begin` begins a session, and `/poll` reads it without being a use. */
const FRAMEWORKS: Record<string, (sessions: Layer) => (request: Request) => Promise<Response>> = {
  'Hono, one middleware for the polls': (sessions) => {
    const app = new Hono<SessionEnv<typeof sessions>>()
    app.use('/begin', honoMiddleware(sessions))
    app.use('/poll', honoMiddleware(sessions, { touch: false }))
    return honoRoutes(app)
  },
  'Hono, inside the middleware of all routes': (sessions) => {
    const app = new Hono<SessionEnv<typeof sessions>>()
    app.use(honoMiddleware(sessions))
    app.use('/poll', honoMiddleware(sessions, { touch: false }))
    return honoRoutes(app)
  },
  'itty-router': (sessions) => {
    const polls = AutoRouter(sessionHooks(sessions, { catch: error, touch: false }))
    polls.get('/poll', async ({ session }) => ({ a: (await session.get('a')) ?? null }))
    const router = AutoRouter(sessionHooks(sessions, { catch: error }))
    router
      .get('/begin', ({ session }) => {
        session.set('a', 1)
        return 'begun'
      })
      .get('/poll', polls.fetch)
    return async (request) => router.fetch(request, {}, CONTEXT) as Promise<Response>
  },
  'React Router': (sessions) => {
    const context = createContext<Session>()
    const middleware = sessionMiddleware(sessions, {
      context,
      env: () => ({}),
      touch: ({ request }) => !request.url.endsWith('/poll'),
    })
    const app = newRouterApp(
      { middleware },
      {
        begin: {
          loader: (args) => {
            args.context.get(context).set('a', 1)
            return Response.json('begun')
          },
        },
        poll: {
          loader: async (args) =>
            Response.json({ a: (await args.context.get(context).get('a')) ?? null }),
        },
      },
    )
    return async (request) => app(request, new RouterContextProvider())
  },
  'React Router, as a SessionStorage': (sessions) => {
    const storage = sessionStorage(sessions, () => ({}))
    const polls = sessionStorage(sessions, () => ({}), { touch: false })
    return async ({ url, headers }) => {
      const isPoll = url.endsWith('/poll')
      const session = await (isPoll ? polls : storage).getSession(headers.get('Cookie'))
      if (isPoll) return Response.json({ a: session.get('a') ?? null })
      session.set('a', 1)
      return new Response('begun', {
        headers: { 'Set-Cookie': await storage.commitSession(session) },
      })
    }
  },
}

function honoRoutes(app: Hono<SessionEnv<Layer>>): (request: Request) => Promise<Response> {
  app.get('/begin', (c) => {
    c.var.session.set('a', 1)
    return c.text('begun')
  })
  app.get('/poll', async (c) => c.json({ a: (await c.var.session.get('a')) ?? null }))
  return async (request) => app.fetch(request, {}, { ...CONTEXT, props: {} })
}

test.for(Object.entries(FRAMEWORKS))('a poll is no use of the session: %s', async ([, server]) => {
  const clock = { now: Date.now() }
  const browser = new Browser(server(newLayer(clock)))
  await browser.fetch('/begin')
  clock.now += 60 * SECOND
  expect(await browser.json('/poll')).toEqual({ a: 1 })
  clock.now += 39 * SECOND
  expect(await browser.json('/poll')).toEqual({ a: 1 })
  clock.now += 1 * SECOND
  expect(await browser.json('/poll')).toEqual({ a: null })
})
