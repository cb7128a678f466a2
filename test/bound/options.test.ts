import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import { accounts } from '../../src/accounts.ts'
import { bound } from '../../src/bound.ts'
import { requireBound } from '../../src/guard/require-bound.ts'
import { createSessions, type SessionOptions, type SessionStore } from '../../src/index.ts'
import { cached } from '../../src/store/cached.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { kvStore } from '../../src/store/kv.ts'
import { memcachedStore } from '../../src/store/memcached.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { redisStore } from '../../src/store/redis.ts'
import { BINDING_STORES, boundApp, deviceOf, signIn } from '../support/bound-app.ts'
import { bindingOf, isLetIn } from '../support/bound-checks.ts'
import { memcachedConnector } from '../support/memcached.ts'
import { redisConnector } from '../support/redis.ts'

const KEPT: Readonly<Record<string, () => SessionStore>> = {
  kv: () => kvStore(env.SESSION_KV),
  redis: () => redisStore(redisConnector),
  memcached: () => memcachedStore(memcachedConnector()),
  memory: () => memoryStore(),
}

describe('bound() refuses', () => {
  test.for(Object.entries(KEPT))('the %s store, at the first request', async ([name, newStore]) => {
    const app = boundApp({ store: newStore() })
    await expect(app.browser().fetch('/')).rejects.toThrow(
      `ERR_OPTION: bound(): the ${name} store has no bindings. Use extendSessionObject(bindings) or memoryStore(bindings).`,
    )
  })

  test.for([
    ['', durableObjectStore(env.SESSIONS)],
    [' behind copies', cached(durableObjectStore(env.SESSIONS), { maxAgeSeconds: 30 })],
    [' with other parts', durableObjectStore(env.LEASING)],
    [' of the former protocol', durableObjectStore(env.FORMER_SESSIONS)],
  ] as const)('a registration at objects without bindings%s', async ([, store]) => {
    const app = boundApp({ store })
    const { browser, device, response } = await signIn(app)
    app.events.length = 0
    const answer = await device.register(response)
    expect([answer.status, answer.headers.getSetCookie()]).toEqual([503, []])
    Object.assign(device, {
      session: { id: /="([\w-]+)\./.exec(offerIn(response))?.[1], url: '/dbsc/refresh' },
    })
    expect((await device.refresh()).status).toBe(503)
    const failed = {
      type: 'store-failed',
      reason: 'binding',
      message: expect.stringContaining('has no bindings. Use extendSessionObject(bindings)'),
      id: expect.any(String),
    }
    expect(app.events).toEqual([
      { ...failed, call: 'bind' },
      { ...failed, call: 'prove' },
    ])
    // The session goes on, and is not bound.
    expect(await bindingOf(app, browser)).toEqual(['ada', 'pending'])
    expect(await isLetIn(app, browser)).toBe(true)
  })

  test.for([
    { partitioned: true, sameSite: 'none' },
    { secure: false, name: 'sid' },
  ] as const)('the cookie %j', (cookie) => {
    const options: SessionOptions<unknown> = {
      secrets: [env.SESSION_SECRET],
      store: memoryStore(),
      cookie,
    }
    expect(() => createSessions({ ...options, use: [accounts(), bound()] })).toThrow(
      'ERR_OPTION: bound() needs a cookie that is secure and not partitioned.',
    )
  })

  test.for([
    { paths: { register: 'dbsc' } },
    { paths: { register: '/a', refresh: '/a' } },
    { paths: { register: '/a"b' } },
    { paths: { register: '/a?b' } },
    { paths: { register: '/' } },
    { paths: { register: '//other.example/a' } },
    { paths: { refresh: '/a/../b' } },
    { paths: { refresh: `/${'a'.repeat(201)}` } },
    { paths: { refresh: 1 } },
    { cookieSeconds: 0 },
    { cookieSeconds: 1.5 },
    { cookieSeconds: 86_401 },
    { cookieSeconds: '600' },
    { algorithms: [] },
    { algorithms: ['none'] },
    { algorithms: ['ES256', 'HS256'] },
    { algorithms: ['ES256RS256'] },
    { algorithms: 'ES256' },
    { allow: true },
  ])('%j', (options) => {
    expect(() => bound(options as never)).toThrow(/^ERR_OPTION: bound\(\): /)
  })

  test('nothing that is left undefined', () => {
    const options = { paths: undefined, cookieSeconds: undefined, enforce: undefined }
    expect(bound(options as never).routes.map(({ path }) => path)).toEqual([
      '/dbsc/register',
      '/dbsc/refresh',
    ])
  })
})

function offerIn(response: Response): string {
  return /challenge.*/.exec(response.headers.get('Secure-Session-Registration') ?? '')?.[0] ?? ''
}

test.for([1, 86_400])('the cookie is valid for cookieSeconds (%i)', async (cookieSeconds) => {
  const app = boundApp({ bound: { cookieSeconds }, idleTimeout: 90_000, absoluteTimeout: 90_000 })
  const { browser, device, response } = await signIn(app)
  const answer = await device.register(response)
  expect(answer.headers.get('Set-Cookie')).toContain(`; Max-Age=${cookieSeconds};`)
  app.now += cookieSeconds * 1000 - 1
  expect(await isLetIn(app, browser)).toBe(true)
  app.now += 1
  expect(await isLetIn(app, browser)).toBe(false)
  app.now += 299_999
  expect((await device.refresh()).status).toBe(200)
})

test('the cookie has the attributes of the session’s own', async () => {
  const cookie = { name: 'sid', domain: 'app.example', path: '/a', sameSite: 'strict' } as const
  const app = boundApp({ cookie, bound: { paths: { register: '/a/b', refresh: '/a/c' } } })
  const browser = app.browser()
  const { handler } = app
  app.handler = async (session) => session.signIn('ada')
  const response = await browser.fetch('/a')
  app.handler = handler
  const answer = await deviceOf(browser).register(response)
  const attributes = 'Domain=app.example; Path=/a; Secure; HttpOnly; SameSite=Strict'
  expect(answer.headers.get('Set-Cookie')).toMatch(/^sid-bound=[\w.-]+; Max-Age=600; /)
  const parts = (text = ''): string[] => text.split('; ').toSorted()
  expect(parts(answer.headers.get('Set-Cookie')?.replace(/^[^;]*; Max-Age=600; /, ''))).toEqual(
    parts(attributes),
  )
  const { credentials }: { credentials: { name: string; attributes: string }[] } =
    await answer.json()
  expect(credentials[0]?.name).toBe('sid-bound')
  expect(parts(credentials[0]?.attributes)).toEqual(parts(attributes))
})

describe.for([...BINDING_STORES])('on the %s store', ([, options]) => {
  test('a key of RSA binds where the options name it, the first one by preference', async () => {
    const app = boundApp({ ...options, bound: { algorithms: ['ES256', 'RS256'] } })
    const { browser, response } = await signIn(app)
    expect(response.headers.get('Secure-Session-Registration')).toMatch(/^\(ES256 RS256\);/)
    const device = deviceOf(browser, 'RS256')
    expect((await device.register(response)).status).toBe(200)
    app.now += 600_000
    expect((await device.refresh()).status).toBe(200)
    expect(await isLetIn(app, browser)).toBe(true)
    // The key says which algorithm it is for.
    expect((await device.refresh({ header: { alg: 'ES256' } })).status).toBe(403)
    expect((await device.refresh()).status).toBe(200)
  })

  test('a sign-in over http offers nothing', async () => {
    const app = boundApp({ ...options, cookie: { secure: true } })
    const { response } = await signIn(app, 'ada', app.browser('http://localhost'))
    expect(response.headers.get('Secure-Session-Registration')).toBeNull()
  })

  test('a prefetch is let in by a good cookie, and uses nothing', async () => {
    const app = boundApp(options)
    const { browser, response, device } = await signIn(app)
    await device.register(response)
    const guarded = requireBound()(() => new Response('in'))
    app.handler = (session, request) => guarded(Object.assign(request, { session }), {}, {})
    const prefetch = { 'Sec-Purpose': 'prefetch', Accept: 'text/html' }
    expect((await browser.fetch('/', { headers: prefetch })).status).toBe(200)
    app.now += 600_000
    expect((await browser.fetch('/', { headers: prefetch })).status).toBe(401)
    expect((await device.refresh()).status).toBe(200)
  })
})
