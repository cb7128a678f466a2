import { env } from 'cloudflare:workers'
import { Hono } from 'hono'
import { AutoRouter, error, type IRequest } from 'itty-router'
import { describe, expect, test } from 'vitest'

import { accounts } from '../../src/accounts.ts'
import { guardMiddleware, sessionMiddleware } from '../../src/adapter/hono.ts'
import { guardMiddleware as routerGuard, sessionHooks } from '../../src/adapter/itty-router.ts'
import { bound, type BoundOptions } from '../../src/bound.ts'
import { bindings } from '../../src/bound/bindings.ts'
import { requireBound } from '../../src/guard/require-bound.ts'
import { createSessions } from '../../src/index.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { boundApp, deviceOf, signIn } from '../support/bound-app.ts'
import { Browser } from '../support/browser.ts'

const CONTEXT = { waitUntil: () => undefined, passThroughOnException: () => undefined }
const clock = { now: Date.now() }

function newLayer(options: BoundOptions = {}, name = '__Host-session') {
  const feature = bound(options)
  const sessions = createSessions({
    secrets: [env.SESSION_SECRET],
    store: memoryStore(bindings),
    cookie: { name },
    now: () => clock.now,
    use: [accounts(), feature],
  })
  return { sessions, routes: feature.routes }
}

/** The instructions after a sign-out. */
const END = { continue: false }

type Server = (request: Request) => Promise<Response>

/** Goes through a device's life: the sign-in, the guard, a refresh, and the end. */
async function live(server: Server, { base = '', name = '__Host-session' } = {}): Promise<unknown> {
  const browser = new Browser(server)
  const device = deviceOf(browser)
  const statusOf = async (path: string): Promise<number> =>
    (await browser.fetch(`${base}${path}`)).status
  const response = await browser.fetch(`${base}/sign-in`, { method: 'POST' })
  expect(await (await device.register(response)).json()).toMatchObject({
    credentials: [{ name: `${name}-bound` }],
  })
  expect(device.session?.url).toBe(`${base}/dbsc/refresh`)
  expect(await statusOf('/guarded')).toBe(200)
  clock.now += 600_000
  expect(await statusOf('/guarded')).toBe(401)
  expect((await device.refresh()).status).toBe(200)
  expect(await statusOf('/guarded')).toBe(200)
  await browser.fetch(`${base}/sign-out`, { method: 'POST' })
  expect(browser.cookies.has(`${name}-bound`)).toBe(false)
  return (await device.refresh()).json()
}

/** Returns a Worker's fetch over a layer, below a path. */
function newSite({ sessions }: ReturnType<typeof newLayer>, base = '') {
  const guarded = requireBound()(() => 'in')
  return sessions.withSession(async (request, own, ctx) => {
    const path = new URL(request.url).pathname.slice(base.length)
    if (path === '/sign-in') await request.session.signIn('ada')
    if (path === '/sign-out') await request.session.signOut()
    return path === '/guarded' ? guarded(request, own, ctx) : 'ok'
  })
}

describe('the endpoints answer', () => {
  test('where withSession wraps a whole fetch', async () => {
    const fetch = newSite(newLayer())
    expect(await live(async (request) => fetch(request, env, CONTEXT))).toMatchObject(END)
  })

  test('where another wrapper of the layer is inside', async () => {
    const layer = newLayer()
    const inner = newSite(layer)
    const outer = layer.sessions.withSession((request) => inner(request, env, CONTEXT))
    expect(await live(async (request) => outer(request, env, CONTEXT))).toMatchObject(END)
  })

  test('where withSession wraps each route', async () => {
    const { sessions, routes } = newLayer()
    const { withSession } = sessions
    const router = AutoRouter()
    router.post(
      '/sign-in',
      withSession(async ({ session }) => {
        await session.signIn('ada')
        return 'ok'
      }),
    )
    router.post(
      '/sign-out',
      withSession(async ({ session }) => {
        await session.signOut()
        return 'ok'
      }),
    )
    router.get('/guarded', withSession(requireBound()(() => 'in')))
    for (const { path, handler } of routes) router.post(path, withSession(handler))
    expect(
      await live(async (request) => router.fetch(request, env, CONTEXT) as Promise<Response>),
    ).toMatchObject(END)
  })

  test('as routes of an itty-router with hooks', async () => {
    const { sessions, routes } = newLayer()
    const router = AutoRouter(sessionHooks(sessions, { catch: error }))
    router.post('/sign-in', async ({ session }) => {
      await session.signIn('ada')
      return 'ok'
    })
    router.post('/sign-out', async ({ session }) => {
      await session.signOut()
      return 'ok'
    })
    router.get('/guarded', routerGuard(requireBound()), () => 'in')
    for (const { path, handler } of routes) router.post(path, (request) => handler(request))
    const server = router.fetch as unknown as (request: IRequest, ...rest: unknown[]) => unknown
    expect(
      await live(async (request) => server(request as never, env, CONTEXT) as Promise<Response>),
    ).toMatchObject(END)
  })

  test('as routes of Hono', async () => {
    const { sessions, routes } = newLayer()
    const app = new Hono().use(sessionMiddleware(sessions))
    app.post('/sign-in', async (c) => {
      await c.var.session.signIn('ada')
      return c.text('ok')
    })
    app.post('/sign-out', async (c) => {
      await c.var.session.signOut()
      return c.text('ok')
    })
    app.get('/guarded', guardMiddleware(requireBound()), (c) => c.text('in'))
    for (const { path, handler } of routes) app.post(path, (c) => handler(c.var))
    expect(await live(async (request) => app.fetch(request, env))).toMatchObject(END)
  })

  test('for two layers, each at its own paths and with its own cookie', async () => {
    const paths = { register: '/admin/dbsc/register', refresh: '/admin/dbsc/refresh' }
    const admins = newSite(newLayer({ paths }, '__Host-admin'), '/admin')
    const shop = newSite(newLayer())
    const { withSession } = newLayer().sessions
    const server: Server = async (request) =>
      new URL(request.url).pathname.startsWith('/admin')
        ? admins(request, env, CONTEXT)
        : shop(request, env, CONTEXT)
    const inAdmin = { base: '/admin', name: '__Host-admin' }
    expect(await live(server)).toMatchObject(END)
    expect(await live(server, inAdmin)).toMatchObject(END)
    // Around one another, too.
    const nested = withSession((request) => admins(request, env, CONTEXT))
    expect(await live(async (request) => nested(request, env, CONTEXT), inAdmin)).toMatchObject(END)
  })
})

describe('the endpoints', () => {
  test.for([
    ['GET', '/dbsc/register'],
    ['GET', '/dbsc/refresh'],
    ['PUT', '/dbsc/refresh'],
    ['POST', '/dbsc/refresh/'],
    ['POST', '/dbsc'],
    ['POST', '/'],
  ] as const)('leave %s %s to the application', async ([method, path]) => {
    const app = boundApp()
    app.handler = () => 'own'
    expect(await app.browser().json(path, { method })).toBe('own')
  })

  test('answer whatever the query says', async () => {
    const app = boundApp()
    app.handler = () => 'own'
    const response = await app.browser().fetch('/dbsc/register?a=1', { method: 'POST' })
    expect(response.status).toBe(400)
  })

  test('allow no other origin to read them', async () => {
    const app = boundApp()
    const { device, response } = await signIn(app)
    const answer = await device.register(response)
    const headers = [...answer.headers.keys()].filter((name) => name.startsWith('access-control'))
    expect(headers).toEqual([])
  })
})
