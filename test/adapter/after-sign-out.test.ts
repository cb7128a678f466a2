import { env } from 'cloudflare:workers'
import { Hono } from 'hono'
import { AutoRouter, error } from 'itty-router'
import { createContext, redirect, RouterContextProvider } from 'react-router'
import { describe, expect, test } from 'vitest'

import { type AccountMethods, accounts } from '../../src/accounts.ts'
import { type SessionEnv, sessionMiddleware as honoMiddleware } from '../../src/adapter/hono.ts'
import { sessionHooks } from '../../src/adapter/itty-router.ts'
import { sessionStorage } from '../../src/adapter/react-router-storage.ts'
import { sessionMiddleware } from '../../src/adapter/react-router.ts'
import { createSessions, type Session } from '../../src/index.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { Browser } from '../support/browser.ts'
import { newRouterApp } from '../support/router-app.ts'
import { CONTEXT } from '../support/site.ts'

function newLayer() {
  return createSessions({ secrets: [env.SESSION_SECRET], store: memoryStore(), use: [accounts()] })
}

type Layer = ReturnType<typeof newLayer>
type Own = Session & AccountMethods

/** What each route does with the session; `/fault` throws after the sign-out. */
const WORK: Record<string, (session: Own) => Promise<unknown>> = {
  'sign-in': async (session) => session.signIn('ada'),
  'sign-out': async (session) => {
    await session.signOut()
    session.flash('notice', 'out')
  },
  fault: async (session) => {
    await session.signOut()
    session.flash('notice', 'out')
    throw new Error('a fault of the application')
  },
  show: async (session) => ({ flashes: await session.flashes(), user: session.userId ?? null }),
}

/** The same routes in each framework; those that change the session redirect. */
const FRAMEWORKS: Record<string, (sessions: Layer) => (request: Request) => Promise<Response>> = {
  Hono: (sessions) => {
    const app = new Hono<SessionEnv<typeof sessions>>()
    app.use(honoMiddleware(sessions))
    app.onError((_, c) => c.text('fault', 500))
    app.get('/:name', async (c) => {
      const result = await WORK[c.req.param('name')]?.(c.var.session)
      return result === undefined ? c.redirect('/show', 303) : c.json(result)
    })
    return async (request) => app.fetch(request, {}, { ...CONTEXT, props: {} })
  },
  'itty-router': (sessions) => {
    const router = AutoRouter(sessionHooks(sessions, { catch: error }))
    router.get('/:name', async ({ session, params }) => {
      const result = await WORK[String(params['name'])]?.(session)
      return result ?? new Response(null, { status: 303, headers: { Location: '/show' } })
    })
    return async (request) => router.fetch(request, {}, CONTEXT) as Promise<Response>
  },
  'React Router': (sessions) => {
    const context = createContext<Own>()
    const middleware = sessionMiddleware(sessions, { context, env: () => ({}) })
    const routes = Object.entries(WORK).map(([name, work]) => [
      name,
      {
        loader: async (args: { context: { get(key: typeof context): Own } }) => {
          const result = await work(args.context.get(context))
          return result === undefined ? redirect('/show', 303) : Response.json(result)
        },
      },
    ])
    const app = newRouterApp({ middleware }, Object.fromEntries(routes))
    return async (request) => app(request, new RouterContextProvider())
  },
}

describe.for(Object.entries(FRAMEWORKS))('%s', ([, newServer]) => {
  test('shows a message after the sign-out', async () => {
    const browser = new Browser(newServer(newLayer()))
    await browser.fetch('/sign-in', { redirect: 'manual' })
    const out = await browser.fetch('/sign-out', { redirect: 'manual' })
    expect([out.status, out.headers.getSetCookie().length]).toEqual([303, 1])
    expect(await browser.json('/show')).toEqual({ flashes: { notice: 'out' }, user: null })
    expect(await browser.json('/show')).toEqual({ flashes: {}, user: null })
  })

  test('clears the cookie if the handler throws after the sign-out, and drops the message', async () => {
    const browser = new Browser(newServer(newLayer()))
    await browser.fetch('/sign-in', { redirect: 'manual' })
    const fault = await browser.fetch('/fault')
    expect(fault.status).toBe(500)
    expect(fault.headers.getSetCookie()).toEqual([expect.stringMatching(/session=;.*Max-Age=0/)])
    expect(await browser.json('/show')).toEqual({ flashes: {}, user: null })
  })
})

test('React Router’s SessionStorage: a new session has the message, and its cookie alone is sent', async () => {
  const storage = sessionStorage(newLayer(), () => ({}))
  const first = await storage.getSession()
  first.set('user', 'ada')
  const cookie = await storage.commitSession(first)
  await storage.destroySession(await storage.getSession(cookie))
  const next = await storage.getSession()
  next.flash('notice', 'out')
  const setCookie = await storage.commitSession(next)
  const shown = await storage.getSession(setCookie)
  expect([shown.get('notice'), shown.get('user')]).toEqual(['out', undefined])
  expect((await storage.getSession(cookie)).data).toEqual({})
})
