import { createExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { Hono } from 'hono'
import { upgradeWebSocket } from 'hono/cloudflare-workers'
import { AutoRouter, error, type IRequest } from 'itty-router'
import { createContext, RouterContextProvider } from 'react-router'
import { describe, expect, test } from 'vitest'

import * as hono from '../../src/adapter/hono.ts'
import * as itty from '../../src/adapter/itty-router.ts'
import * as reactRouter from '../../src/adapter/react-router.ts'
import { csrfGuard } from '../../src/guard/csrf.ts'
import { createSessions, json, type Session, type SessionEvent } from '../../src/index.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import type { Server } from '../../src/testing.ts'
import { Browser } from '../support/browser.ts'
import { newRouterApp } from '../support/router-app.ts'

interface Data {
  sockets: number
}

const HEADERS = { Upgrade: 'websocket', Connection: 'Upgrade', 'Sec-WebSocket-Version': '13' }
const own = csrfGuard({ requireToken: true, trustedOrigins: ['https://other.example'] })
const events: SessionEvent[] = []

function newSessions() {
  return createSessions({
    secrets: (bindings: Cloudflare.Env) => [bindings.SESSION_SECRET],
    store: (bindings) => durableObjectStore(bindings.SESSIONS),
    data: json<Data>(),
    onEvent: (event) => void events.push(event),
  })
}

/** Opens a socket that says how many the session has opened. */
function socketOf(count: number): Response {
  const { 0: client, 1: server } = new WebSocketPair()
  server.accept()
  server.send(String(count))
  return new Response(null, { status: 101, webSocket: client })
}

function honoServer(): Server {
  const sessions = newSessions()
  const app = new Hono<hono.SessionEnv<typeof sessions>>()
  app.use(hono.sessionMiddleware(sessions), hono.guardMiddleware(own))
  app.get('/', async (c) => socketOf(await c.var.session.increment('sockets')))
  return (request) => app.fetch(request, env, createExecutionContext())
}

/** With Hono's own helper, which makes the socket itself. */
function honoHelperServer(): Server {
  const sessions = newSessions()
  const app = new Hono<hono.SessionEnv<typeof sessions>>()
  app.use(hono.sessionMiddleware(sessions), hono.guardMiddleware(own))
  app.get(
    '/',
    async (c, next) => {
      await c.var.session.increment('sockets')
      await next()
    },
    upgradeWebSocket(() => ({ onMessage: (event, ws) => ws.send(String(event.data)) })),
  )
  return (request) => app.fetch(request, env, createExecutionContext())
}

function ittyServer(): Server {
  const router = AutoRouter(itty.sessionHooks(newSessions(), { catch: error }))
  router.get('/', itty.guardMiddleware(own), async ({ session }: IRequest) =>
    socketOf(await session.increment('sockets')),
  )
  return (request) => router.fetch(request, env, createExecutionContext())
}

function reactRouterServer(): Server {
  const context = createContext<Session<Data>>()
  const handle = newRouterApp(
    { middleware: reactRouter.sessionMiddleware(newSessions(), { context, env: () => env }) },
    {
      socket: {
        middleware: [reactRouter.guardMiddleware(own, { context })],
        loader: async (args) => socketOf(await args.context.get(context).increment('sockets')),
      },
    },
  )
  return (request) =>
    handle(new Request(new URL('/socket', request.url), request), new RouterContextProvider())
}

function plainServer(): Server {
  const handle = newSessions().withSession(
    own(async ({ session }) => socketOf(await session.increment('sockets'))),
  )
  return (request) => handle(request, env, createExecutionContext())
}

function openServer(): Server {
  const sessions = newSessions()
  const guard = own(() => undefined)
  return async (request) => {
    const session = await sessions.open(request, env)
    const refusal = await guard(Object.assign(request, { session }), env, undefined)
    const response = refusal ?? socketOf(await session.increment('sockets'))
    return sessions.commit(session, response)
  }
}

/** Says hello through the socket of an accepted handshake, and returns the first message. */
async function firstMessage({ webSocket }: Response): Promise<unknown> {
  const message = new Promise((resolve) => {
    webSocket?.addEventListener('message', ({ data }) => resolve(data))
  })
  webSocket?.accept()
  webSocket?.send('hello')
  return message
}

describe.for([
  ['withSession', plainServer, '1', '2'],
  ['open and commit', openServer, '1', '2'],
  ['Hono', honoServer, '1', '2'],
  ['Hono’s upgradeWebSocket', honoHelperServer, 'hello', 'hello'],
  ['itty-router', ittyServer, '1', '2'],
  ['React Router', reactRouterServer, '1', '2'],
] as const)('with %s,', ([, newServer, first, second]) => {
  test.for([
    ['its own page', { Origin: 'https://app.example' }],
    ['a trusted page', { Origin: 'https://other.example' }],
    ['no browser', {}],
  ] as const)('%s opens a socket, and the handshake sets the cookie', async ([, headers]) => {
    const browser = new Browser(newServer())
    const response = await browser.fetch('/', { headers: { ...HEADERS, ...headers } })
    expect(response.status).toBe(101)
    expect([...browser.cookies.keys()]).toEqual(['__Host-session'])
    expect(await firstMessage(response)).toBe(first)
  })

  test.for([
    { Origin: 'https://evil.app.example' },
    { Origin: 'null' },
    { Origin: 'https://app.example', 'Sec-Fetch-Site': 'same-site' },
  ])('a page of %j opens none, and its visitor keeps what there was', async (headers) => {
    const browser = new Browser(newServer())
    await browser.fetch('/', { headers: HEADERS })
    events.length = 0
    const response = await browser.fetch('/', { headers: { ...HEADERS, ...headers } })
    expect(response.status).toBe(403)
    expect(response.webSocket ?? undefined).toBe(undefined)
    expect(events).toMatchObject([{ type: 'refused', reason: 'cross-origin' }])
    const next = await browser.fetch('/', { headers: HEADERS })
    expect(await firstMessage(next)).toBe(second)
  })
})
