import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import { renewing } from '../../src/renew.ts'
import { kvStore } from '../../src/store/kv.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { ringStore } from '../../src/store/ring.ts'
import { objectIndex } from '../../src/store/user-index/object-index.ts'
import type { UserIndex } from '../../src/store/user-index/user-list.ts'
import { type App, type AppOptions, type Handler, newApp } from '../support/app.ts'
import { Browser } from '../support/browser.ts'
import { EVERY_STORE, type NamedStore } from '../support/every-store.ts'

const SECOND = 1000
const STORES: readonly NamedStore[] = [
  ...EVERY_STORE,
  ['a ring', () => ringStore([{ name: 'a', weight: 1, store: memoryStore() }])],
]

/** An application whose sessions end after 100 s without use, and note each use after 5 s. */
function newShop(options: AppOptions): App {
  return newApp({ idleTimeout: 100, touchInterval: 5, ...options })
}

async function visitor(app: App): Promise<Browser> {
  const browser = app.browser()
  app.handler = (session) => session.set('a', 1)
  await browser.fetch('/')
  return browser
}

const read: Handler = async (session) => (await session.get('a')) ?? null

const POLLS: Record<string, Handler> = {
  'load({ touch: false })': async (session) => {
    await session.load({ touch: false })
    return session.get('a')
  },
  'load({ fresh: true, touch: false })': async (session) => {
    await session.load({ fresh: true, touch: false })
    return session.get('a')
  },
  'a handler inside that is wrapped with { touch: false }': () => undefined,
}

/** Answers with this handler, inside the wrapper of the application. */
function polling(app: App, name: string): Handler {
  const inner = app.sessions.withSession(async ({ session }) => session.get('a'), { touch: false })
  return name.startsWith('load') ? (POLLS[name] ?? read) : async (_, request) => inner(request, {})
}

describe.for(STORES)('a poll, on %s', ([, newStore]) => {
  test.for(Object.keys(POLLS))('reads, and does not move the idle timeout: %s', async (name) => {
    const app = newShop({ store: newStore() })
    const browser = await visitor(app)
    app.handler = polling(app, name)
    for (let round = 0; round < 3; round += 1) {
      app.now += 30 * SECOND
      // One after the other, as a page polls.
      // oxlint-disable-next-line no-await-in-loop
      const polled = await browser.fetch('/')
      expect(polled.headers.getSetCookie()).toEqual([])
      // oxlint-disable-next-line no-await-in-loop
      expect(await polled.json()).toBe(1)
    }
    app.now += 10 * SECOND
    app.handler = read
    expect(await browser.json('/')).toBe(null)
  })

  test('leaves the use to the next request', async () => {
    const app = newShop({ store: newStore() })
    const browser = await visitor(app)
    app.now += 60 * SECOND
    app.handler = polling(app, 'load({ touch: false })')
    await browser.fetch('/')
    app.handler = read
    await browser.fetch('/')
    app.now += 60 * SECOND
    expect(await browser.json('/')).toBe(1)
  })

  test('writes what it records, and that is no use either', async () => {
    const app = newShop({ store: newStore() })
    const browser = await visitor(app)
    app.now += 60 * SECOND
    app.handler = async (session) => {
      await session.load({ touch: false })
      session.set('a', 2)
    }
    await browser.fetch('/')
    app.now += 30 * SECOND
    app.handler = polling(app, 'load({ touch: false })')
    expect(await browser.json('/')).toBe(2)
    app.now += 10 * SECOND
    app.handler = read
    expect(await browser.json('/')).toBe(null)
  })

  test('shows flash messages once, as any request does', async () => {
    const app = newShop({ store: newStore() })
    const browser = app.browser()
    app.handler = (session) => session.flash('note', 'saved')
    await browser.fetch('/')
    app.now += 2 * SECOND
    app.handler = async (session) => {
      await session.load({ touch: false })
      return session.flashes()
    }
    expect(await browser.json('/')).toEqual({ note: 'saved' })
    app.now += 2 * SECOND
    expect(await browser.json('/')).toEqual({})
  })

  test('is a use after all if the request has already read the session', async () => {
    const app = newShop({ store: newStore() })
    const browser = await visitor(app)
    app.now += 60 * SECOND
    app.handler = async (session) => {
      await session.get('a')
      await session.load({ touch: false })
    }
    await browser.fetch('/')
    app.now += 60 * SECOND
    app.handler = read
    expect(await browser.json('/')).toBe(1)
  })
})

test('an outer { touch: false } makes every handler inside a poll', async () => {
  const app = newShop({})
  const browser = await visitor(app)
  const inner = app.sessions.withSession(async ({ session }) => session.get('a'))
  const outer = app.sessions.withSession((request) => inner(request, {}), { touch: false })
  const poller = new Browser(async (request) => (await outer(request, {})) ?? new Response())
  poller.cookies.addAll(browser.cookies)
  app.now += 60 * SECOND
  expect(await poller.json('/')).toBe(1)
  app.now += 40 * SECOND
  app.handler = read
  expect(await browser.json('/')).toBe(null)
})

test('a poll is no use to the user’s list on KV, and a read is', async () => {
  const { index, uses } = countingUses()
  const app = newShop({
    store: kvStore(env.SESSION_KV),
    accounts: { index, limit: { max: 5, whenFull: 'refuse' } },
  })
  const browser = app.browser()
  app.handler = (session) => session.signIn('ada')
  await browser.fetch('/')
  app.now += 60 * SECOND
  app.handler = polling(app, 'load({ touch: false })')
  await browser.fetch('/')
  expect(uses).toEqual([])
  app.handler = read
  await browser.fetch('/')
  expect(uses).toHaveLength(1)
})

/** The index of the tests, and the uses that it was told. */
function countingUses(): { readonly index: UserIndex; readonly uses: string[] } {
  const inner = objectIndex(() => env.USERS)
  const uses: string[] = []
  const index: UserIndex = {
    ...inner,
    use: (owner, id) => {
      uses.push(id)
      return inner.use(owner, id)
    },
  }
  return { index, uses }
}

test('a poll does not renew a token; the next page does', async () => {
  const app = newApp({ use: [renewing({ everySeconds: 60 })] })
  const browser = await visitor(app)
  app.now += 61 * SECOND
  app.handler = polling(app, 'load({ touch: false })')
  expect((await browser.fetch('/')).headers.getSetCookie()).toEqual([])
  app.handler = read
  expect((await browser.fetch('/')).headers.getSetCookie()).toHaveLength(1)
})

test('a poll costs one read, as any look does', async () => {
  const app = newShop({})
  const browser = await visitor(app)
  app.calls.length = 0
  app.handler = polling(app, 'load({ touch: false })')
  await browser.fetch('/')
  expect(app.calls).toEqual(['read'])
})
