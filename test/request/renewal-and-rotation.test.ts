import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import { unverifiedToken } from '../../src/codec/token.ts'
import type { Secrets, SessionStore } from '../../src/index.ts'
import { renewing } from '../../src/renew.ts'
import type { CachedOptions } from '../../src/store/cached.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { type App, newApp } from '../support/app.ts'
import type { Browser } from '../support/browser.ts'

const COOKIE = '__Host-session'
const EVERY = 900
const ONE = 'the first secret, which has more than 32 bytes'
const TWO = 'the second secret, which has more than 32 bytes'

interface World {
  /** A machine on step 1 of the runbook, which signs with the first secret; one on step 2; both know both. */
  readonly first: App
  readonly second: App
  readonly wait: (seconds: number) => void
}

function newWorld(store: SessionStore, copies?: CachedOptions): World {
  const options = { store, use: [renewing({ everySeconds: EVERY })] }
  const machine = (secrets: Secrets): App =>
    newApp({ ...options, secrets, ...(copies && { cached: copies }) })
  const [first, second] = [machine([ONE, TWO]), machine([TWO, ONE])]
  second.now = first.now
  return {
    first,
    second,
    wait: (seconds) => {
      first.now += seconds * 1000
      second.now = first.now
    },
  }
}

/** A visitor with a cart. */
async function visitorOf(app: App): Promise<Browser> {
  const browser = app.browser()
  app.handler = (session) => session.set('cart', 1)
  await browser.fetch('/')
  return browser
}

/** The browser's next request goes to another machine. */
async function visit(app: App, browser: Browser): Promise<unknown> {
  const other = app.browser()
  other.cookies.addAll(browser.cookies)
  app.handler = (session) => session.all()
  const all = await other.json('/')
  browser.cookies.addAll(other.cookies)
  return all
}

const secretOf = (browser: Browser): string | undefined =>
  unverifiedToken(browser.cookies.get(COOKIE) ?? '')?.token.secret
const keyOf = (browser: Browser): string | undefined =>
  unverifiedToken(browser.cookies.get(COOKIE) ?? '')?.keyId

describe.for<[name: string, newMachines: () => World]>([
  ['objects', () => newWorld(durableObjectStore(env.SESSIONS))],
  ['objects with copies', () => newWorld(durableObjectStore(env.SESSIONS), { maxAgeSeconds: 5 })],
  ['memory', () => newWorld(memoryStore())],
])('on %s, while the secret is rotated', ([, newMachines]) => {
  test.for([
    ['first', 'second'],
    ['second', 'first'],
  ] as const)(
    'a renewal by the %s machine whose answer is lost comes again from the %s',
    async ([one, two]) => {
      const world = newMachines()
      const browser = await visitorOf(world.first)
      world.wait(EVERY)
      const lost = browser.copy()
      await visit(world[one], lost)
      expect(secretOf(lost)).not.toBe(secretOf(browser))
      world.wait(5)
      expect(await visit(world[two], browser)).toEqual({ cart: 1 })
      expect(secretOf(browser)).toBe(secretOf(lost))
      world.wait(60)
      for (const machine of [world.first, world.second]) {
        expect(await visit(machine, browser)).toEqual({ cart: 1 })
      }
    },
  )

  test('requests of one page at both machines converge on one token', async () => {
    const world = newMachines()
    const browser = await visitorOf(world.first)
    world.wait(EVERY)
    const page = Array.from({ length: 6 }, () => browser.copy())
    await Promise.all(
      page.map((request, index) => visit(index % 2 === 0 ? world.first : world.second, request)),
    )
    const [secret, ...others] = new Set(page.map(secretOf))
    expect(others).toEqual([])
    expect(secret).not.toBe(secretOf(browser))
    world.wait(60)
    for (const request of page) expect(await visit(world.second, request)).toEqual({ cart: 1 })
  })

  test('a former token that was signed again leads to the present one, within its grace', async () => {
    const world = newMachines()
    const browser = await visitorOf(world.first)
    const resigned = browser.copy()
    // Signed again a moment before it is due, by a response that is slow.
    world.wait(EVERY - 1)
    await visit(world.second, resigned)
    expect(keyOf(resigned)).not.toBe(keyOf(browser))
    world.wait(1)
    await visit(world.first, browser)
    world.wait(5)
    expect(secretOf(resigned)).not.toBe(secretOf(browser))
    expect(await visit(world.second, resigned)).toEqual({ cart: 1 })
    expect(secretOf(resigned)).toBe(secretOf(browser))
  })

  test('a request that does not use its session does not sign the former token again', async () => {
    const world = newMachines()
    const browser = await visitorOf(world.first)
    world.wait(EVERY)
    const unused = world.second.browser()
    unused.cookies.addAll(browser.cookies)
    world.second.handler = () => 'static'
    expect((await unused.fetch('/')).headers.getSetCookie()).toEqual([])
    await visit(world.second, browser)
    expect(keyOf(browser)).not.toBe(keyOf(unused))
  })
})

test('a renewal that fails sends no cookie, though the secret is an older one', async () => {
  const store = memoryStore()
  const down = { is: false }
  const regenerate: SessionStore['regenerate'] = async (...parameters) => {
    const reply = await store.regenerate(...parameters)
    if (down.is) throw new Error('The answer was lost.')
    return reply
  }
  const world = newWorld({ ...store, regenerate })
  const browser = await visitorOf(world.first)
  const before = browser.cookies.get(COOKIE)
  world.wait(EVERY)
  down.is = true
  expect(await visit(world.second, browser)).toEqual({ cart: 1 })
  expect(browser.cookies.get(COOKIE)).toBe(before)
  down.is = false
  expect(await visit(world.second, browser)).toEqual({ cart: 1 })
  world.wait(60)
  expect(await visit(world.second, browser)).toEqual({ cart: 1 })
})

test('a token of another machine costs one more call, and a usual renewal does not', async () => {
  const world = newWorld(memoryStore())
  const browser = await visitorOf(world.first)
  world.wait(EVERY)
  const lost = browser.copy()
  world.first.calls.length = 0
  await visit(world.first, lost)
  expect(world.first.calls).toEqual(['read', 'regenerate'])
  world.second.calls.length = 0
  await visit(world.second, browser)
  expect(world.second.calls).toEqual(['read', 'regenerate', 'regenerate'])
})
