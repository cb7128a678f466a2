import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import type { SessionOptions, SessionStore } from '../../src/index.ts'
import { cached } from '../../src/store/cached.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { kvStore } from '../../src/store/kv.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { type App, newApp } from '../support/app.ts'
import type { Browser } from '../support/browser.ts'

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

type Timeouts = Pick<SessionOptions<unknown>, 'idleTimeout' | 'absoluteTimeout'>

const LONG: Timeouts = { idleTimeout: 30 * DAY, absoluteTimeout: 30 * DAY }
const SHORT: Timeouts = { idleTimeout: HOUR, absoluteTimeout: HOUR }

/** The same application before and after a deployment with other timeouts. */
interface World {
  readonly before: App
  readonly after: App
  readonly wait: (seconds: number) => void
  readonly browser: Browser
}

async function newWorld(
  store: SessionStore,
  [former, next]: readonly [Timeouts, Timeouts],
  persistent = true,
): Promise<World> {
  const appOf = (timeouts: Timeouts): App => newApp({ store, cookie: { persistent }, ...timeouts })
  const [before, after] = [appOf(former), appOf(next)]
  after.now = before.now
  const browser = before.browser()
  before.handler = (session) => session.set('a', 1)
  await browser.fetch('/')
  after.handler = (session) => session.all()
  const wait = (seconds: number): void => {
    before.now += seconds * 1000
    after.now = before.now
  }
  return { before, after, wait, browser }
}

/** Visits, keeps the cookies, and returns the Max-Age that the browser is told; `undefined` if it gets no cookie. */
async function visit(app: App, browser: Browser): Promise<number | undefined> {
  const other = app.browser()
  other.cookies.addAll(browser.cookies)
  const response = await other.fetch('/')
  expect(response.status).toBe(200)
  browser.cookies.addAll(other.cookies)
  const [setting] = response.headers.getSetCookie()
  return setting === undefined ? undefined : Number(/Max-Age=(\d+)/.exec(setting)?.[1])
}

const STORES: [name: string, newStore: () => SessionStore][] = [
  ['objects', () => durableObjectStore(env.SESSIONS)],
  ['objects with copies', () => cached(durableObjectStore(env.SESSIONS), { maxAgeSeconds: 30 })],
  ['memory', () => memoryStore()],
  ['KV', () => kvStore(env.SESSION_KV)],
]

describe.for(STORES)('on %s, a persistent cookie', ([name, newStore]) => {
  test.for([
    ['longer', [SHORT, LONG], 30 * DAY],
    ['shorter', [LONG, SHORT], HOUR],
  ] as const)(
    'is sent with the first use after a %s timeout was deployed, and once',
    async ([, timeouts, absolute]) => {
      const { after, wait, browser } = await newWorld(newStore(), timeouts)
      wait(10 * MINUTE)
      expect(await visit(after, browser)).toBe(absolute - 10 * MINUTE)
      wait(10)
      expect(await visit(after, browser)).toBe(undefined)
      wait(20)
      expect(await visit(after, browser)).toBe(undefined)
    },
  )

  test('is sent until a response has arrived', async () => {
    const { after, wait, browser } = await newWorld(newStore(), [SHORT, LONG])
    for (let lost = 0; lost < 3; lost += 1) {
      wait(10 * MINUTE)
      // oxlint-disable-next-line no-await-in-loop -- one visit after the other
      expect(await visit(after, browser.copy())).toBe(30 * DAY - (lost + 1) * 10 * MINUTE)
    }
    wait(10 * MINUTE)
    expect(await visit(after, browser)).toBe(30 * DAY - 40 * MINUTE)
  })

  test('is sent by a first use that only writes', async () => {
    const { after, wait, browser } = await newWorld(newStore(), [SHORT, LONG])
    after.handler = (session) => session.set('b', 1)
    wait(10 * MINUTE)
    expect(await visit(after, browser)).toBe(30 * DAY - 10 * MINUTE)
  })

  test('is sent again when the timeout changes back, and again', async () => {
    const { before, after, wait, browser } = await newWorld(newStore(), [SHORT, LONG])
    before.handler = (session) => session.all()
    wait(10 * MINUTE)
    expect(await visit(after, browser)).toBe(30 * DAY - 10 * MINUTE)
    wait(10 * MINUTE)
    expect(await visit(before, browser)).toBe(HOUR - 20 * MINUTE)
    wait(10 * MINUTE)
    expect(await visit(after, browser)).toBe(30 * DAY - 30 * MINUTE)
  })

  test('is sent no earlier than usual when only the idle timeout changes', async () => {
    const longer = { ...SHORT, absoluteTimeout: 30 * DAY }
    const { after, wait, browser } = await newWorld(newStore(), [longer, LONG])
    wait(10 * MINUTE)
    // On KV the cookie carries the last use.
    const told = name === 'KV' ? 30 * DAY - 10 * MINUTE : undefined
    expect(await visit(after, browser)).toBe(told)
  })
})

test('a cookie of the browser session is not sent again for a longer timeout', async () => {
  const { after, wait, browser } = await newWorld(memoryStore(), [SHORT, LONG], false)
  wait(10 * MINUTE)
  expect(await visit(after, browser)).toBe(undefined)
})
