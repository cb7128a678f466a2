import { env } from 'cloudflare:workers'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { kvStore } from '../../src/store/kv.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { type App, type Handler, newApp } from '../support/app.ts'
import type { Browser } from '../support/browser.ts'
import { runs } from '../support/thorough.ts'

async function visitorWith(app: App, data: Record<string, unknown>): Promise<Browser> {
  const browser = app.browser()
  app.handler = (session) => {
    for (const [key, value] of Object.entries(data)) session.set(key, value)
    return 'ok'
  }
  await browser.fetch('/')
  app.calls.length = 0
  return browser
}

async function run(app: App, browser: Browser, handler: Handler): Promise<unknown> {
  app.handler = handler
  return browser.json('/')
}

const all: Handler = (session) => session.all()

describe('changes of a request', () => {
  test('are seen by its own reads, the first request’s too', async () => {
    const app = newApp()
    const browser = app.browser()
    const seen = await run(app, browser, async (session) => {
      session.set('a', 1)
      session.set('b', 1)
      const first = await session.all()
      session.set('a', 2)
      session.delete('b')
      session.set('c', 3)
      return [first, await session.all(), await session.has('b'), (await session.get('a')) ?? null]
    })
    expect(seen).toEqual([{ a: 1, b: 1 }, { a: 2, c: 3 }, false, 2])
    expect(await run(app, browser, all)).toEqual({ a: 2, c: 3 })
  })

  test('are written by commit() at once, and once', async () => {
    const app = newApp()
    const browser = await visitorWith(app, { a: 1 })
    const other = browser.copy()
    await run(app, browser, async (session) => {
      session.set('a', 2)
      await session.commit()
      await session.commit()
      expect(await run(app, other, all)).toEqual({ a: 2 })
      return 'ok'
    })
    expect(app.calls).toEqual(['write', 'read'])
  })

  test('clear drops all keys but those set after it, and no flash message', async () => {
    const app = newApp()
    const browser = await visitorWith(app, { a: 1, b: 2 })
    const seen = await run(app, browser, async (session) => {
      session.flash('notice', 'hello')
      session.set('c', 3)
      session.clear()
      session.set('d', 4)
      return [await session.all(), await session.has('a'), await session.keys()]
    })
    expect(seen).toEqual([{ d: 4 }, false, ['d']])
    expect(await run(app, browser, (session) => session.flashes())).toEqual({ notice: 'hello' })
    expect(await run(app, browser, all)).toEqual({ d: 4 })
  })

  test('a model of the dictionary agrees with every sequence of changes and commits', async () => {
    const key = fc.constantFrom('a', 'b', '__proto__')
    const step = fc.oneof(
      fc.record({ do: fc.constant('set' as const), key, value: fc.integer() }),
      fc.record({ do: fc.constant('delete' as const), key }),
      fc.record({ do: fc.constant('clear' as const) }),
      fc.record({ do: fc.constant('commit' as const) }),
      fc.record({
        do: fc.constant('increment' as const),
        key,
        value: fc.integer({ min: -9, max: 9 }),
      }),
      fc.record({
        do: fc.constant('update' as const),
        key,
        value: fc.option(fc.integer(), { nil: undefined }),
      }),
      fc.record({ do: fc.constant('take' as const), key }),
      fc.record({ do: fc.constant('next request' as const) }),
    )
    const app = newApp({ store: memoryStore() })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
        const browser = app.browser()
        const model = new Map<string, number>()
        const got: unknown[] = []
        const wanted: unknown[] = []
        const requests = [[]] as (typeof steps)[]
        for (const each of steps) {
          if (each.do === 'next request') requests.push([])
          else requests.at(-1)?.push(each)
        }
        for (const request of requests) {
          app.handler = async (session) => {
            for (const each of request) {
              if (each.do === 'set') {
                session.set(each.key, each.value)
                model.set(each.key, each.value)
              } else if (each.do === 'delete') {
                session.delete(each.key)
                model.delete(each.key)
              } else if (each.do === 'clear') {
                session.clear()
                model.clear()
              } else if (each.do === 'commit') await session.commit()
              else if (each.do === 'increment') {
                const sum = (model.get(each.key) ?? 0) + each.value
                got.push(await session.increment(each.key, each.value))
                wanted.push(sum)
                model.set(each.key, sum)
              } else if (each.do === 'take') {
                got.push(await session.take(each.key))
                wanted.push(model.get(each.key))
                model.delete(each.key)
              } else if (each.do === 'update') {
                await session.update(each.key, (value) => {
                  got.push(value)
                  wanted.push(model.get(each.key))
                  return each.value
                })
                if (each.value === undefined) model.delete(each.key)
                else model.set(each.key, each.value)
              }
              expect(new Map(Object.entries(await session.all()))).toEqual(model)
            }
            return 'ok'
          }
          expect((await browser.fetch('/')).status).toBe(200)
        }
        app.handler = async (session) => {
          expect(new Map(Object.entries(await session.all()))).toEqual(model)
          return 'ok'
        }
        await browser.fetch('/')
        expect(got).toEqual(wanted)
      }),
      { numRuns: runs(200) },
    )
  })
})

describe('an awaited operation on a key with a recorded change', () => {
  test('works on the recorded value and writes no other key', async () => {
    const app = newApp()
    const browser = await visitorWith(app, { n: 1, other: 1 })
    const reader = browser.copy()
    const seen = await run(app, browser, async (session) => {
      session.set('n', 10)
      session.set('other', 2)
      session.set('t', 'token')
      const sum = await session.increment('n', 5)
      const updated = await session.update('n', (n) => Number(n) + 1)
      const taken = await session.take('t')
      const stored = await run(app, reader, all)
      return [sum, updated ?? null, taken ?? null, stored]
    })
    expect(seen).toEqual([15, 16, 'token', { n: 16, other: 1 }])
    expect(await run(app, browser, all)).toEqual({ n: 16, other: 2 })
  })

  test('works on a recorded deletion, and on a recorded clear', async () => {
    const app = newApp()
    const browser = await visitorWith(app, { n: 1, m: 2, k: 3 })
    const reader = browser.copy()
    const seen = await run(app, browser, async (session) => {
      session.delete('n')
      const afterDelete = await session.increment('n')
      session.clear()
      const afterClear = await session.increment('m')
      const stored = await run(app, reader, all)
      return [afterDelete, afterClear, stored, await session.all()]
    })
    expect(seen).toEqual([1, 1, { n: 1, m: 1, k: 3 }, { m: 1 }])
    expect(await run(app, browser, all)).toEqual({ m: 1 })
  })

  test('a clear that is recorded keeps what others add to a key written after it', async () => {
    const app = newApp()
    const browser = await visitorWith(app, { n: 1, k: 3 })
    const other = browser.copy()
    await run(app, browser, async (session) => {
      session.clear()
      await session.increment('n')
      await run(app, other, (their) => their.increment('n'))
      return 'ok'
    })
    expect(await run(app, browser, all)).toEqual({ n: 2 })
  })
})

describe('increment', () => {
  test.for([
    ['"text"', 'text'],
    ['[1]', [1]],
    ['null', null],
    ['true', true],
  ])('refuses to count on %s, and leaves it', async ([, value]) => {
    const app = newApp()
    const browser = await visitorWith(app, { n: value })
    app.handler = (session) => session.increment('n')
    await expect(browser.fetch('/')).rejects.toThrow(
      /^ERR_VALUE: increment\(\) needs finite numbers/,
    )
    expect(await run(app, browser, all)).toEqual({ n: value })
  })

  test('refuses a step or a sum that is not finite', async () => {
    const app = newApp()
    const browser = await visitorWith(app, { n: Number.MAX_VALUE })
    for (const by of [Number.NaN, Infinity, Number.MAX_VALUE]) {
      app.handler = (session) => session.increment('n', by)
      await expect(browser.fetch('/')).rejects.toThrow(/^ERR_VALUE/)
    }
    expect(await run(app, browser, all)).toEqual({ n: Number.MAX_VALUE })
  })

  test('counts by fractions, downwards, and with large numbers', async () => {
    const app = newApp()
    const browser = await visitorWith(app, { n: 4e15 })
    expect(await run(app, browser, (session) => session.increment('n', 5e15))).toBe(9e15)
    expect(await run(app, browser, (session) => session.increment('m', -0.5))).toBe(-0.5)
    expect(await run(app, browser, (session) => session.increment('m', 0.75))).toBe(0.25)
  })
})

describe('update', () => {
  test('may be async, deletes by undefined, and passes on what its function throws', async () => {
    const app = newApp()
    const browser = await visitorWith(app, { a: 1 })
    const updated = await run(app, browser, async (session) => {
      await session.update('b', async (value) => {
        await scheduler.wait(1)
        return [value ?? 'none']
      })
      expect(await session.update('a', () => undefined)).toBe(undefined)
      await expect(
        session.update('b', () => {
          throw new RangeError('mine')
        }),
      ).rejects.toThrow('mine')
      return session.all()
    })
    expect(updated).toEqual({ b: ['none'] })
    expect(await run(app, browser, all)).toEqual({ b: ['none'] })
  })

  test('runs again on what another request wrote in between', async () => {
    const app = newApp()
    const browser = await visitorWith(app, { n: 1 })
    const other = browser.copy()
    const seen: unknown[] = []
    await run(app, browser, (session) =>
      session.update('n', async (n) => {
        seen.push(n)
        if (seen.length <= 40) await run(app, other, (their) => their.increment('n'))
        return Number(n) + 100
      }),
    )
    expect(seen).toHaveLength(41)
    expect(await run(app, browser, all)).toEqual({ n: 141 })
  })

  test('gives up with ERR_CONFLICT when others win a hundred times, and has written nothing', async () => {
    const app = newApp()
    const browser = await visitorWith(app, { n: 0 })
    const other = browser.copy()
    let tries = 0
    app.handler = (session) =>
      session.update('n', async () => {
        tries += 1
        await run(app, other, (their) => their.increment('n'))
        return -1
      })
    await expect(browser.fetch('/')).rejects.toThrow(/^ERR_CONFLICT: update\(\) kept losing/)
    expect(tries).toBe(100)
    expect(await run(app, browser, all)).toEqual({ n: 100 })
  })

  test('may use the session inside its function', async () => {
    const app = newApp()
    const browser = await visitorWith(app, { a: 1 })
    await run(app, browser, async (session) => {
      await session.update('b', async () => {
        await session.regenerate()
        return (await session.increment('a')) + 1
      })
      return 'ok'
    })
    expect(await run(app, browser, all)).toEqual({ a: 2, b: 3 })
  })
})

describe.for(Object.entries({ objects: undefined, kv: kvStore(env.SESSION_KV) }))(
  'flash messages on %s',
  ([, store]) => {
    const app = newApp(store === undefined ? {} : { store })

    test('are shown in a later request, once, and not in their own', async () => {
      const browser = app.browser()
      const own = await run(app, browser, async (session) => {
        session.flash('notice', { text: 'saved' })
        session.flash('error', 'first')
        session.flash('error', 'second')
        return [await session.flashes(), await session.keys(), await session.all()]
      })
      expect(own).toEqual([{}, [], {}])
      expect(await run(app, browser, all)).toEqual({})
      const shown = await run(app, browser, async (session) => [
        await session.flashes(),
        await session.flashes(),
      ])
      const messages = { notice: { text: 'saved' }, error: 'second' }
      expect(shown).toEqual([messages, messages])
      expect(await run(app, browser, (session) => session.flashes())).toEqual({})
    })

    test('stay for the next request when they are made while others are shown', async () => {
      const browser = app.browser()
      await run(app, browser, (session) => {
        session.flash('notice', 'one')
        return 'ok'
      })
      const shown = await run(app, browser, async (session) => {
        const before = await session.flashes()
        session.flash('notice', 'two')
        return before
      })
      expect(shown).toEqual({ notice: 'one' })
      expect(await run(app, browser, (session) => session.flashes())).toEqual({ notice: 'two' })
    })
  },
)

describe('the id', () => {
  test('of an anonymous visitor costs nothing, and is kept by the session that the first write makes', async () => {
    const app = newApp()
    const browser = app.browser()
    const ids = await run(app, browser, async (session) => {
      const before = session.id
      session.set('a', 1)
      await session.commit()
      return [before, session.id]
    })
    const next = await run(app, browser, (session) => session.id)
    expect(ids).toEqual([next, next])
  })

  test('is not the token, does not stand in it, and as a cookie opens nothing', async () => {
    const app = newApp()
    const browser = await visitorWith(app, { a: 1 })
    const id = String(await run(app, browser, (session) => session.id))
    expect(browser.cookieHeader()).not.toContain(id)
    app.handler = (session) => session.all()
    const response = await app.browser().fetch('/', { headers: { cookie: `__Host-session=${id}` } })
    expect(await response.json()).toEqual({})
  })

  test('of every anonymous visitor is another one', async () => {
    const app = newApp({ store: memoryStore() })
    const ids = new Set<unknown>()
    for (let visit = 0; visit < 200; visit += 1) {
      ids.add(await run(app, app.browser(), (session) => session.id))
    }
    expect(ids.size).toBe(200)
  })
})
