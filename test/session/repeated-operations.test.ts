import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import { durableObjectStore } from '../../src/store/durable-object.ts'
import { memcachedStore } from '../../src/store/memcached.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { redisStore } from '../../src/store/redis.ts'
import { type App, type AppSession, type Handler, newApp } from '../support/app.ts'
import type { Browser } from '../support/browser.ts'
import { type LossyStore, lossyStore } from '../support/lossy-store.ts'
import { MEMCACHED_PORT, memcachedConnector } from '../support/memcached.ts'
import { REDIS_PORT, redisConnector } from '../support/redis.ts'
import { IS_THOROUGH } from '../support/thorough.ts'

const STORES = [
  ['memory', true, () => memoryStore()],
  ['Durable Object', true, () => durableObjectStore(env.SESSIONS)],
  ['Redis', IS_THOROUGH && REDIS_PORT > 0, () => redisStore(redisConnector)],
  ['memcached', IS_THOROUGH && MEMCACHED_PORT > 0, () => memcachedStore(memcachedConnector())],
] as const

interface Given {
  readonly app: App
  readonly browser: Browser
  readonly lossy: LossyStore
  /** Answers a request with this handler, and returns what the handler gave. */
  readonly visit: (handler: Handler) => Promise<unknown>
}

/** A session with a counter, a list and a token, over a store that loses replies. */
async function given(makeStore: () => ReturnType<typeof memoryStore>): Promise<Given> {
  const lossy = lossyStore(makeStore())
  const app = newApp({ store: lossy.store })
  const browser = app.browser()
  const visit = async (handler: Handler): Promise<unknown> => {
    app.handler = handler
    return (await browser.fetch('/')).json()
  }
  await visit((session) => {
    session.set('n', 0)
    session.set('list', [])
    session.set('token', 'once')
  })
  return { app, browser, lossy, visit }
}

const NOTHING = (): undefined => undefined

/** A function for `update` that gives another value each time. */
function newAdder(): (list?: unknown) => unknown[] {
  return (list) => [...(list as unknown[]), crypto.randomUUID()]
}

for (const [name, isThere, makeStore] of STORES) {
  describe.runIf(isThere)(`an operation on ${name} whose reply was lost, done again,`, () => {
    test('counts once, after 64 others', async () => {
      const { app, lossy, visit, browser } = await given(makeStore)
      const token = browser.cookies
      const others = async (): Promise<void> => {
        const other = app.browser()
        for (const [each, value] of token) other.cookies.set(each, value)
        const handler = app.handler
        app.handler = (session) => session.increment('others')
        for (let each = 0; each < 64; each += 1) {
          // One after the other, as the limit counts them.
          // oxlint-disable-next-line no-await-in-loop
          await other.fetch('/')
        }
        app.handler = handler
      }
      const twice = async (operation: () => Promise<unknown>): Promise<unknown> => {
        lossy.losses = 1
        await expect(operation()).rejects.toMatchObject({ code: 'ERR_STORE' })
        await others()
        return operation()
      }
      const add = newAdder()
      const results = await visit(async (session) => [
        await twice(() => session.increment('n')),
        await twice(() => session.take('token')),
        await twice(() => session.update('list', add)),
      ])
      expect(results).toEqual([1, 'once', [expect.any(String)]])
      const all = { n: 1, list: [expect.any(String)], others: 192 }
      expect(await visit((session) => session.all())).toEqual(all)
    })

    test('is the same update by its function, whatever that gives each time', async () => {
      const { lossy, visit } = await given(makeStore)
      const add = newAdder()
      const list = await visit(async (session) => {
        await session.load()
        lossy.losses = 2
        await session.update('list', add).catch(NOTHING)
        await session.update('list', add).catch(NOTHING)
        const updated = await session.update('list', add)
        expect(await session.get('list')).toEqual(updated)
        return updated
      })
      expect(list).toHaveLength(1)
      expect(await visit((session) => session.get('list'))).toEqual(list)
      // It is known now: the next time is another update.
      expect(await visit((session) => session.update('list', add))).toHaveLength(2)
    })

    test('is applied if it was lost on its way, even if another request came first', async () => {
      const { app, browser, lossy, visit } = await given(makeStore)
      const add = newAdder()
      const other = app.browser()
      for (const [each, value] of browser.cookies) other.cookies.set(each, value)
      const list = await visit(async (session) => {
        lossy.drops = 1
        await session.update('list', add).catch(NOTHING)
        app.handler = (theirs) => theirs.update('list', () => ['theirs'])
        await other.fetch('/')
        return session.update('list', add)
      })
      expect(list).toEqual(['theirs', expect.any(String)])
      expect(await visit((session) => session.get('list'))).toEqual(list)
    })

    test('is another update by another function, and none of the two is lost', async () => {
      const { lossy, visit } = await given(makeStore)
      const adding = (item: string) => (list: unknown) => [...(list as string[]), item]
      const results = await visit(async (session) => {
        lossy.losses = 1
        await session.update('list', adding('a')).catch(NOTHING)
        const other = await session.update('list', adding('b'))
        // Another function object, which makes the same of the same: the first one.
        const again = await session.update('list', adding('a'))
        return [other, again, await session.get('list')]
      })
      expect(results).toEqual([['a', 'b'], ['a'], ['a', 'b']])
      expect(await visit((session) => session.get('list'))).toEqual(['a', 'b'])
    })

    test('creates one session, and counts once in it', async () => {
      const lossy = lossyStore(makeStore())
      const app = newApp({ store: lossy.store })
      const browser = app.browser()
      const add = (list: unknown = []): unknown[] => [...(list as unknown[]), crypto.randomUUID()]
      app.handler = async (session) => {
        lossy.losses = 1
        await session.update('list', add).catch(NOTHING)
        return session.update('list', add)
      }
      expect(await (await browser.fetch('/')).json()).toHaveLength(1)
      app.handler = (session) => session.get('list')
      expect(await (await browser.fetch('/')).json()).toHaveLength(1)
    })
  })
}

describe('an operation whose reply was lost', () => {
  const lost = async (
    scene: (session: AppSession, lossy: LossyStore) => Promise<unknown>,
  ): Promise<unknown> => {
    const { lossy, visit } = await given(memoryStore)
    return visit((session) => scene(session, lossy))
  }

  test('is no longer meant once its key was replaced', async () => {
    const result = await lost(async (session, lossy) => {
      const add = newAdder()
      lossy.losses = 2
      await session.increment('n').catch(NOTHING)
      await session.update('list', add).catch(NOTHING)
      session.set('n', 10)
      session.set('list', ['set'])
      await session.commit()
      await session.update('list', add)
      return [await session.increment('n'), await session.get('list')]
    })
    expect(result).toEqual([11, ['set', expect.any(String)]])
  })

  test('is no longer meant once everything was cleared', async () => {
    const result = await lost(async (session, lossy) => {
      lossy.losses = 1
      await session.increment('n').catch(NOTHING)
      session.clear()
      await session.commit()
      return session.increment('n')
    })
    expect(result).toBe(1)
  })

  test('is seen in its request as it is now, not as it was at the first try', async () => {
    const result = await lost(async (session, lossy) => {
      lossy.losses = 1
      await session.increment('n').catch(NOTHING)
      await session.increment('n', 5)
      return [await session.increment('n'), await session.get('n')]
    })
    expect(result).toEqual([1, 6])
  })

  test('is kept for the next try if the function throws', async () => {
    const result = await lost(async (session, lossy) => {
      const add = newAdder()
      lossy.losses = 1
      await session.update('list', add).catch(NOTHING)
      const failed = session.update('list', () => {
        throw new Error('no')
      })
      await expect(failed).rejects.toThrow('no')
      return session.update('list', add)
    })
    expect(result).toHaveLength(1)
  })
})
