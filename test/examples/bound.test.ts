import { createExecutionContext } from 'cloudflare:test'
import { env as bindings } from 'cloudflare:workers'
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

import hono from '../../examples/bound/hono.ts'
import itty from '../../examples/bound/itty-router.ts'
import { device as limited } from '../../examples/bound/limited.ts'
import worker from '../../examples/bound/worker.ts'
import { accounts } from '../../src/accounts.ts'
import { bindings as keys } from '../../src/bound/bindings.ts'
import { createSessions } from '../../src/index.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { deviceOf } from '../support/bound-app.ts'
import { Browser } from '../support/browser.ts'
import type { SoftDevice } from '../support/soft-device.ts'

const COOKIE = '__Host-session-bound'
const HTML = { Accept: 'text/html', 'Sec-Fetch-Mode': 'navigate' }

/** The clock, which the example may look at when it is imported or at each call. */
const clock = vi.hoisted(() => {
  const now = Date.now
  const moved = { milliseconds: 0, restore: () => void (Date.now = now) }
  Date.now = () => now() + moved.milliseconds
  return moved
})
afterAll(() => clock.restore())

let log: string[] = []
beforeEach(() => {
  log = []
  const write = (line: unknown): void => void log.push(String(line))
  for (const level of ['log', 'warn', 'error'] as const)
    vi.spyOn(console, level).mockImplementation(write)
})
afterEach(() => {
  clock.milliseconds = 0
  vi.restoreAllMocks()
})

interface Worker {
  fetch(request: Request, own: typeof env, ctx: ExecutionContext): unknown
}

const env = { ...bindings, SESSIONS: bindings.BINDING as never }

/** A browser that has signed in, and its device, which has registered. */
async function boundTo(own: Worker): Promise<{ browser: Browser; device: SoftDevice }> {
  const browser = new Browser(async (request) => {
    const response = await own.fetch(request, env, createExecutionContext())
    return response instanceof Response ? response : new Response('none', { status: 500 })
  })
  const device = deviceOf(browser)
  const body = new URLSearchParams({ name: 'ada', password: 'open sesame' })
  const response = await browser.fetch('/login', { method: 'POST', body })
  expect(browser.cookies.get(COOKIE)).toBeUndefined()
  expect((await device.register(response)).status).toBe(200)
  expect(browser.cookies.get(COOKIE)).toMatch(/./)
  return { browser, device }
}

describe('the examples of bound()', () => {
  test.for<[name: string, own: Worker, path: string]>([
    ['withSession around the whole fetch', worker, '/orders'],
    ['itty-router', itty, '/orders'],
    ['Hono', hono, '/orders/latest'],
  ])('%s answers the browser’s own requests', async ([, own, path]) => {
    const { browser, device } = await boundTo(own)
    const before = browser.cookies.get(COOKIE)
    clock.milliseconds = 500_000
    expect((await device.refresh()).status).toBe(200)
    expect(browser.cookies.get(COOKIE)).not.toBe(before)
    expect(log.join('\n')).toContain('"type":"bound-refreshed"')
    expect((await browser.fetch(path)).status).toBe(200)
  })

  test.for<[name: string, own: Worker, path: string]>([
    ['withSession around the whole fetch', worker, '/orders'],
    ['itty-router', itty, '/orders'],
    ['Hono', hono, '/orders/latest'],
  ])(
    'with %s, a copy of the cookies works until the end of the second one',
    async ([, own, path]) => {
      const { browser, device } = await boundTo(own)
      const thief = browser.copy()
      expect((await thief.fetch(path)).status).toBe(200)
      clock.milliseconds = 600_001
      const refused = await thief.fetch(path)
      expect(refused.status).toBe(401)
      expect(await refused.json()).toMatchObject({ code: 'ERR_BOUND' })
      expect(log.join('\n')).toContain('"type":"bound-refused","reason":"missing"')
      expect((await device.refreshed()).status).toBe(200)
      expect((await browser.fetch(path)).status).toBe(200)
    },
  )

  test('a page gets the sign-in page, or itself again if another site links it', async () => {
    const { browser } = await boundTo(worker)
    clock.milliseconds = 600_001
    const page = await browser.fetch('/orders', {
      headers: { ...HTML, 'Sec-Fetch-Site': 'same-origin' },
    })
    expect([page.status, page.headers.get('Location')]).toEqual([302, '/login?next=%2Forders'])
    const linked = await browser.fetch('/orders', {
      headers: { ...HTML, 'Sec-Fetch-Site': 'cross-site' },
    })
    expect(linked.status).toBe(200)
    expect(await linked.text()).toContain('<meta http-equiv="refresh" content="0;url=./orders">')
  })

  test('session.binding says what the session is', async () => {
    const visitor = new Browser((request) => worker.fetch(request, env, createExecutionContext()))
    expect(await visitor.json('/device')).toEqual({ binding: 'none' })
    const { browser } = await boundTo(worker)
    expect(await browser.json('/device')).toEqual({ binding: 'bound' })
    await browser.fetch('/logout', { method: 'POST' })
    expect(await browser.json('/device')).toEqual({ binding: 'none' })
  })

  test('one request too many is answered by 503, which ends nothing', async () => {
    let isAllowed = true
    const LIMITER = { limit: async () => ({ success: isAllowed }) }
    const { withSession } = createSessions({
      secrets: [bindings.SESSION_SECRET],
      store: memoryStore(keys),
      use: [accounts(), limited],
    })
    const handle = withSession(async ({ session }) => {
      await session.signIn('ada')
      return 'Welcome'
    })
    const own = {
      fetch: (request: Request) => handle(request, { LIMITER }, createExecutionContext()),
    }
    const { browser, device } = await boundTo(own)
    isAllowed = false
    const answer = await device.refresh()
    expect([answer.status, answer.headers.get('Retry-After')]).toEqual([503, '5'])
    isAllowed = true
    expect((await device.refreshed()).status).toBe(200)
    expect(browser.cookies.get(COOKIE)).toMatch(/./)
  })
})
