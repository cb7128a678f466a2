import { createExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { Hono } from 'hono'
import { AutoRouter, error } from 'itty-router'
import { createContext, RouterContextProvider } from 'react-router'
import { expect, test } from 'vitest'

import { type AccountMethods, accounts } from '../../src/accounts.ts'
import * as hono from '../../src/adapter/hono.ts'
import * as itty from '../../src/adapter/itty-router.ts'
import * as reactRouter from '../../src/adapter/react-router.ts'
import { csrfGuard, csrfToken } from '../../src/guard/csrf.ts'
import { createSessions, json, type Session } from '../../src/index.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import type { Server } from '../../src/testing.ts'
import { Browser } from '../support/browser.ts'
import { newRouterApp } from '../support/router-app.ts'

const own = csrfGuard({ requireToken: true })

/** Reads the body, which the guard has searched for its token. */
async function nameIn(request: Pick<Request, 'formData'>): Promise<string> {
  const name = (await request.formData()).get('name')
  return typeof name === 'string' ? name : ''
}

function newSessions() {
  return createSessions({
    secrets: (bindings: Cloudflare.Env) => [bindings.SESSION_SECRET],
    store: (bindings) => durableObjectStore(bindings.SESSIONS),
    data: json<{ name: string }>(),
    use: [accounts()],
  })
}

/** Each has a form at `/login`, whose sign-in the guard protects, and takes its name from the body. */
function honoServer(): Server {
  const sessions = newSessions()
  const app = new Hono<hono.SessionEnv<typeof sessions>>()
  app.use(hono.sessionMiddleware(sessions))
  app.use(hono.guardMiddleware(own))
  app.get('/login', async (c) => c.text(await csrfToken(c.var.session)))
  app.post('/login', async (c) => {
    await c.var.session.signIn(await nameIn(c.req.raw))
    return c.text('welcome')
  })
  return (request) => app.fetch(request, env, createExecutionContext())
}

function ittyServer(): Server {
  const router = AutoRouter(itty.sessionHooks(newSessions(), { catch: error }))
  router
    .get('/login', async ({ session }) => new Response(await csrfToken(session)))
    .post('/login', itty.guardMiddleware(own), async (request) => {
      await request['session'].signIn(await nameIn(request))
      return new Response('welcome')
    })
  return (request) => router.fetch(request, env, createExecutionContext())
}

function reactRouterServer(): Server {
  const context = createContext<Session<{ name: string }> & AccountMethods>()
  const middleware = reactRouter.sessionMiddleware(newSessions(), { context, env: () => env })
  const handle = newRouterApp(
    { middleware },
    {
      login: {
        middleware: [reactRouter.guardMiddleware(own, { context })],
        loader: async (args) => new Response(await csrfToken(args.context.get(context))),
        action: async ({ context: values, request }) => {
          await values.get(context).signIn(await nameIn(request))
          return new Response('welcome')
        },
      },
    },
  )
  return (request) => handle(request, new RouterContextProvider())
}

function plainServer(): Server {
  const { withSession } = newSessions()
  const handle = withSession(
    own(async (request) => {
      if (request.method === 'GET') return new Response(await csrfToken(request.session))
      await request.session.signIn(await nameIn(request))
      return new Response('welcome')
    }),
  )
  return (request) => handle(request, env, createExecutionContext())
}

test.for([
  ['withSession', plainServer],
  ['Hono', honoServer],
  ['itty-router', ittyServer],
  ['React Router', reactRouterServer],
] as const)(
  'a new visitor signs in by a form behind requireToken, with %s',
  async ([, newServer]) => {
    const browser = new Browser(newServer())
    const page = await browser.fetch('/login')
    expect([...browser.cookies.keys()]).toEqual(['__Host-session-csrf'])
    expect(page.headers.get('Cache-Control')).toBe('private, no-store')
    const csrf = await page.text()
    const send = (fields: Record<string, string>): Promise<Response> =>
      browser.fetch('/login', { method: 'POST', body: new URLSearchParams(fields) })
    expect((await send({ name: 'ada' })).status).toBe(403)
    expect((await send({ csrf, name: 'ada' })).status).toBe(200)
    expect([...browser.cookies.keys()]).toEqual(['__Host-session'])
    expect((await send({ csrf, name: 'ada' })).status).toBe(403)
  },
)
