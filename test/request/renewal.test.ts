import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import { unverifiedToken } from '../../src/codec/token.ts'
import { TIMEOUTS } from '../../src/index.ts'
import { renewing, type RenewingOptions } from '../../src/renew.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { kvStore } from '../../src/store/kv.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { type App, type AppOptions, type Handler, newApp } from '../support/app.ts'
import type { Browser } from '../support/browser.ts'
import { during, giveWay } from '../support/gates.ts'

const COOKIE = '__Host-session'
const EVERY = 600
const all: Handler = (session) => session.all()

async function visitor(options: AppOptions = {}): Promise<{ app: App; browser: Browser }> {
  const app = newApp({ use: [renewing({ everySeconds: EVERY })], ...options })
  const browser = app.browser()
  app.handler = (session) => session.set('a', 1)
  await browser.fetch('/')
  app.events.length = 0
  app.calls.length = 0
  app.handler = all
  return { app, browser }
}

function secretOf(browser: Browser): string | undefined {
  return unverifiedToken(tokenOf(browser))?.token.secret
}

function tokenOf(browser: Browser): string {
  return browser.cookies.get(COOKIE) ?? ''
}

describe.for([
  ['durable-object', { store: durableObjectStore(env.SESSIONS) }],
  ['memory', { store: memoryStore() }],
] as const)('renewing() on the %s store', ([, options]) => {
  test('replaces the token in use once in that time, and never one that is not used', async () => {
    const { app, browser } = await visitor(options)
    const first = tokenOf(browser)
    app.now += (EVERY - 1) * 1000
    await browser.fetch('/')
    expect(tokenOf(browser)).toBe(first)
    expect(app.calls).toEqual(['read'])
    app.now += 1000
    app.handler = () => 'unused'
    await browser.fetch('/')
    expect(tokenOf(browser)).toBe(first)
    app.handler = all
    app.calls.length = 0
    expect(await browser.json('/')).toEqual({ a: 1 })
    expect(app.calls).toEqual(['read', 'regenerate'])
    expect(tokenOf(browser)).not.toBe(first)
    expect(app.events.map(({ type }) => type)).toEqual(['renewed'])
    app.calls.length = 0
    app.now += (EVERY - 1) * 1000
    expect(await browser.json('/')).toEqual({ a: 1 })
    expect(app.calls).toEqual(['read'])
  })

  test('lets the former token work for its grace, and for no millisecond more', async () => {
    const { app, browser } = await visitor(options)
    const former = browser.copy()
    app.now += EVERY * 1000
    await browser.fetch('/')
    app.now += 29_999
    const late = former.copy()
    app.handler = (session) => session.increment('a')
    expect(await former.json('/')).toBe(2)
    app.now += 1
    app.handler = all
    expect(await late.json('/')).toEqual({})
    expect(await browser.json('/')).toEqual({ a: 2 })
  })

  test('lets parallel requests of one page converge on one new token', async () => {
    const { app, browser } = await visitor(options)
    app.now += EVERY * 1000
    const page = Array.from({ length: 8 }, () => browser.copy())
    let arrived = 0
    app.handler = async (session) => {
      await session.load()
      arrived += 1
      // Those that have come first go on last.
      await giveWay(2 * (page.length - arrived))
      return session.increment('n')
    }
    const counts = await Promise.all(page.map((request) => request.json('/')))
    expect(counts.toSorted()).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    expect(new Set(page.map(tokenOf)).size).toBe(1)
    expect(tokenOf(page[0] ?? browser)).not.toBe(tokenOf(browser))
    app.now += 31_000
    app.handler = all
    for (const request of page) expect(await request.json('/')).toEqual({ a: 1, n: 8 })
    expect(await browser.json('/')).toEqual({})
  })

  test('gives a browser that never got the new token the same one again', async () => {
    const { app, browser } = await visitor(options)
    app.now += EVERY * 1000
    const lost = browser.copy()
    await lost.fetch('/')
    app.now += 10_000
    expect(await browser.json('/')).toEqual({ a: 1 })
    expect(tokenOf(browser)).toBe(tokenOf(lost))
    app.now += 60_000
    expect(await browser.json('/')).toEqual({ a: 1 })
  })

  test('gives no grace to regenerate, sign-in and sign-out, a former token’s neither', async () => {
    for (const change of [
      (session) => session.regenerate(),
      (session) => session.signIn('ada'),
      (session) => session.signOut(),
    ] satisfies Handler[]) {
      const { app, browser } = await visitor(options)
      const [former, atOnce] = [browser.copy(), browser.copy()]
      app.now += EVERY * 1000
      await browser.fetch('/')
      const present = browser.copy()
      app.handler = change
      expect((await atOnce.fetch('/')).status).toBe(200)
      app.handler = all
      expect(await present.json('/')).toEqual({})
      expect(await former.json('/')).toEqual({})
    }
  })

  test('never puts the former token back over the new one', async () => {
    const { app, browser } = await visitor({
      ...options,
      idleTimeout: 600,
      touchInterval: 10,
      use: [renewing({ everySeconds: 400 })],
    })
    app.now += 400_000
    const slow = browser.copy()
    await during(
      (gate) => {
        app.handler = async (session) => {
          await session.load()
          await gate.pass()
          return 'ok'
        }
        // A touch is due for it as well: half of the idle timeout has passed.
        return slow.fetch('/')
      },
      () => {
        app.handler = all
        return browser.fetch('/')
      },
    )
    expect(tokenOf(slow)).toBe(tokenOf(browser))
  })

  test('goes through a change of the secret', async () => {
    const { store } = options
    const { app, browser } = await visitor(options)
    const newer = newApp({
      use: [renewing({ everySeconds: EVERY })],
      store,
      secrets: ['a newer secret of at least 32 bytes', env.SESSION_SECRET],
    })
    const [one, two] = [browser.copy(), newer.browser()]
    two.cookies.set(COOKIE, tokenOf(browser))
    newer.handler = all
    app.now += EVERY * 1000
    newer.now = app.now
    await one.fetch('/')
    // Another deployment makes the same token, and signs it with its own key.
    expect(await two.json('/')).toEqual({ a: 1 })
    expect(secretOf(two)).toBe(secretOf(one))
    expect(tokenOf(two)).not.toBe(tokenOf(one))
    two.cookies.set(COOKIE, tokenOf(one))
    expect(await two.json('/')).toEqual({ a: 1 })
  })
})

test('a renewal that fails is left to the next request', async () => {
  const store = durableObjectStore(env.SESSIONS)
  let isFailing = true
  const { app, browser } = await visitor({
    store: {
      ...store,
      regenerate: async (...parameters) => {
        if (isFailing) throw new Error('no connection')
        return store.regenerate(...parameters)
      },
    },
  })
  const first = tokenOf(browser)
  app.now += EVERY * 1000
  app.handler = (session) => session.increment('a')
  expect(await browser.json('/')).toBe(2)
  expect(app.events).toMatchObject([{ type: 'store-failed', call: 'regenerate' }])
  expect(tokenOf(browser)).toBe(first)
  isFailing = false
  expect(await browser.json('/')).toBe(3)
  expect(tokenOf(browser)).not.toBe(first)
})

test('without renewing() a token stays as it is', async () => {
  const app = newApp({ idleTimeout: 12 * 3600 })
  const browser = app.browser()
  app.handler = (session) => session.set('a', 1)
  await browser.fetch('/')
  const first = tokenOf(browser)
  app.now += 5 * 3_600_000
  app.handler = all
  await browser.fetch('/')
  expect(tokenOf(browser)).toBe(first)
})

test('KV, which cannot rotate a token in one step, refuses the feature', async () => {
  const app = newApp({
    use: [renewing({ everySeconds: EVERY })],
    store: kvStore(env.SESSION_KV),
  })
  await expect(app.browser().fetch('/')).rejects.toThrow(
    /^ERR_OPTION: renewing\(\): the kv store cannot renew/,
  )
})

test.for<RenewingOptions>([
  { everySeconds: 0 },
  { everySeconds: -1 },
  { everySeconds: Number.NaN },
  { everySeconds: Infinity },
  { everySeconds: 60, graceSeconds: -1 },
  { everySeconds: 60, graceSeconds: Number.NaN },
  { everySeconds: 60, graceSeconds: Infinity },
])('%j is refused', (options) => {
  expect(() => renewing(options)).toThrow(
    /^ERR_OPTION: renewing\(\): everySeconds must be a number of seconds above 0/,
  )
})

test.for<RenewingOptions>([
  { everySeconds: 10 },
  { everySeconds: 10, graceSeconds: 10 },
  { everySeconds: 40, graceSeconds: 40 },
  { everySeconds: 900 },
  { everySeconds: 10, graceSeconds: 60 },
  { everySeconds: 1, graceSeconds: 30 },
])(
  '%j: the previous token is valid for its whole grace, however soon the next renewal',
  async (options) => {
    const app = newApp({ use: [renewing(options)] })
    const browser = app.browser()
    app.handler = (session) => session.set('cart', 1)
    await browser.fetch('/')
    app.handler = all
    app.now += options.everySeconds * 1000
    const slow = browser.copy()
    await browser.fetch('/')
    const { graceSeconds = Math.min(30, options.everySeconds) } = options
    app.now += graceSeconds * 1000 - 1
    await browser.fetch('/')
    expect(await slow.copy().json('/')).toEqual({ cart: 1 })
    app.now += 1
    await browser.fetch('/')
    expect(await slow.copy().json('/')).toEqual({})
  },
)

describe('the timeouts of NIST SP 800-63B and OWASP', () => {
  test.for([
    ['aal1', 30 * 24 * 60, 30 * 24 * 60],
    ['aal2', 60, 24 * 60],
    ['aal3', 15, 12 * 60],
    ['highValue', 5, 4 * 60],
    ['lowRisk', 30, 8 * 60],
  ] as const)('%s: %i minutes idle, %i in all', async ([preset, idle, absolute]) => {
    const { absoluteTimeout } = TIMEOUTS[preset]
    expect(absoluteTimeout).toBe(absolute * 60)
    for (const [rest, isIn] of [
      [idle * 60_000 - 1, true],
      [idle * 60_000, false],
    ] as const) {
      const app = newApp({ ...TIMEOUTS[preset], touchInterval: 0 })
      const browser = app.browser()
      app.handler = (session) => session.set('a', 1)
      await browser.fetch('/')
      app.now += rest
      app.handler = all
      expect(await browser.json('/')).toEqual(isIn ? { a: 1 } : {})
    }
  })
})
