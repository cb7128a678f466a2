import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { SessionError } from '../../src/index.ts'
import { serialized } from '../../src/serialize.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { type Handler, newApp } from '../support/app.ts'
import { runs } from '../support/thorough.ts'

/** Runs one handler as a new visitor, and a second one as the same visitor's next request. */
async function inTwoRequests(first: Handler, second: Handler): Promise<unknown> {
  const app = newApp()
  const browser = app.browser()
  app.handler = first
  await browser.fetch('/')
  app.handler = second
  return browser.json('/')
}

/** What `set` throws for a value, in a request of its own. */
async function refusalOf(value: unknown): Promise<SessionError> {
  const app = newApp({ store: memoryStore() })
  let refusal: unknown
  app.handler = (session) => {
    try {
      session.set('profile', value)
    } catch (error) {
      refusal = error
    }
    return 'ok'
  }
  const response = await app.browser().fetch('/')
  expect(response.headers.getSetCookie()).toEqual([])
  if (refusal instanceof SessionError) return refusal
  throw new Error(`It was not refused: ${String(refusal)}`)
}

/** The value as JSON has it, where -0 is 0. */
function written(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}

class Point {
  readonly x = 1
}

const symbol = Symbol('s')

describe('set refuses at once, naming the key,', () => {
  const cyclic: Record<string, unknown> = { a: 1 }
  cyclic['self'] = cyclic

  test.for<[name: string, value: unknown, fault: string]>([
    ['a Date', new Date(), 'it is an object (Date)'],
    ['a Date inside', { born: new Date() }, '"born" is an object (Date)'],
    ['a Map', new Map([['a', 1]]), 'it is an object (Map)'],
    ['a Set inside an array', [new Set()], '"0" is an object (Set)'],
    ['NaN', Number.NaN, 'it is NaN'],
    ['Infinity inside', { n: Infinity }, '"n" is Infinity'],
    ['a bigint', 1n, 'it is bigint'],
    ['a function', () => 1, 'it is function'],
    ['a symbol', symbol, 'it is symbol'],
    ['undefined', undefined, 'it is undefined'],
    ['undefined inside', { a: { b: undefined } }, '"b" is undefined'],
    ['undefined in an array', [undefined], '"0" is undefined'],
    // oxlint-disable-next-line no-sparse-arrays
    ['a hole in an array', [1, , 3], '"1" is undefined'],
    ['an array with a named property', Object.assign([1], { extra: 1 }), 'it is an object (Array)'],
    ['a symbol key', { [symbol]: 1 }, 'it is an object (Object)'],
    ['an instance of a class', new Point(), 'it is an object (Point)'],
    ['a boxed number', new Number(1), 'it is an object (Number)'],
    ['a RegExp', /x/, 'it is an object (RegExp)'],
    ['an Error', new Error('x'), 'it is an object (Error)'],
    ['bytes', new Uint8Array(2), 'it is an object (Uint8Array)'],
    ['a promise', Promise.resolve(1), 'it is an object (Promise)'],
    ['an object that says what JSON it becomes', { toJSON: () => 1 }, 'it is an object (Object)'],
    ['a cycle', cyclic, 'circular'],
  ])('%s', async ([, value, fault]) => {
    const refusal = await refusalOf(value)
    expect(refusal.code).toBe('ERR_VALUE')
    expect(refusal.message).toContain('set("profile"): JSON would change or drop this value: ')
    expect(refusal.message.toLowerCase()).toContain(fault.toLowerCase())
    expect(refusal.message).toContain('use data: serialized(devalue).')
  })

  test('what is nested too deep to be written', async () => {
    let deep: unknown = 1
    for (let level = 0; level < 100_000; level += 1) deep = [deep]
    expect((await refusalOf(deep)).code).toBe('ERR_VALUE')
  })

  test('a value past the limit of a store, with its size and the limit', async () => {
    const refusal = await refusalOf('x'.repeat(1_900_000))
    expect(refusal.code).toBe('ERR_TOO_LARGE')
    expect(refusal.message).toContain(
      'set("profile"): the value takes 1900009 bytes; the maximum is 1900000.',
    )
    const wide = await refusalOf('€'.repeat(640_000))
    expect(wide.message).toContain('1920009 bytes')
  })

  test('a key that is half a character', async () => {
    const app = newApp({ store: memoryStore() })
    app.handler = (session) => {
      session.set('\ud800', 1)
      return 'never'
    }
    await expect(app.browser().fetch('/')).rejects.toThrow(
      'ERR_KEY: A key must be a string without lone surrogates.',
    )
  })
})

describe('what was stored comes back as it was', () => {
  test('for every JSON value there is', async () => {
    const app = newApp({ store: memoryStore() })
    await fc.assert(
      fc.asyncProperty(fc.string(), fc.jsonValue(), async (key, value) => {
        const browser = app.browser()
        let read: unknown
        app.handler = async (session) => {
          session.set(key, value)
          expect(await session.get(key)).toStrictEqual(written(value))
          return 'ok'
        }
        await browser.fetch('/')
        app.handler = async (session) => {
          read = await session.get(key)
          return 'ok'
        }
        await browser.fetch('/')
        expect(read).toStrictEqual(written(value))
      }),
      { numRuns: runs(300) },
    )
  })

  test('or is refused, whatever it is', async () => {
    const app = newApp({ store: memoryStore() })
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withSparseArray: true,
      withTypedArray: true,
      withNullPrototype: true,
      withBoxedValues: true,
    })
    await fc.assert(
      fc.asyncProperty(anything, async (value) => {
        app.handler = async (session) => {
          try {
            session.set('value', value)
          } catch (error) {
            return error instanceof SessionError ? error.code : 'another error'
          }
          expect(await session.get('value')).toEqual(written(value))
          return 'kept'
        }
        const answer = await app.browser().json('/')
        expect(['kept', 'ERR_VALUE', 'ERR_KEY']).toContain(answer)
      }),
      { numRuns: runs(1000) },
    )
  })

  test('for keys that are members of every object', async () => {
    const keys = [
      '__proto__',
      'constructor',
      'toJSON',
      'hasOwnProperty',
      'toString',
      '',
      '0',
      '1',
      'ä€😀',
      'a b;=,"',
    ]
    const read = await inTwoRequests(
      (session) => {
        for (const key of keys) session.set(key, { [key]: key })
        return 'ok'
      },
      async (session) => {
        const all = await session.all()
        const found = await Promise.all(
          keys.map(async (key) => [key, await session.has(key), await session.get(key)]),
        )
        return [Object.keys(all).toSorted(), found, Object.getPrototypeOf(all) === Object.prototype]
      },
    )
    expect(read).toEqual([
      keys.toSorted(),
      keys.map((key) => [key, true, Object.fromEntries([[key, key]])]),
      true,
    ])
  })

  test('none of which is there before it is set', async () => {
    const app = newApp()
    app.handler = async (session) => [
      (await session.get('__proto__')) ?? null,
      (await session.get('constructor')) ?? null,
      await session.has('toString'),
      await session.keys(),
    ]
    expect(await app.browser().json('/')).toEqual([null, null, false, []])
  })

  test('in a dictionary of 1,000 keys', async () => {
    const keys = Array.from({ length: 1000 }, (_, index) => `key ${index}`)
    const read = await inTwoRequests(
      (session) => {
        for (const key of keys) session.set(key, key.length)
        return 'ok'
      },
      async (session) => [(await session.keys()).length, await session.get('key 999')],
    )
    expect(read).toEqual([1000, 7])
  })

  test('in a value of 1 MB', async () => {
    const large = 'é'.repeat(524_288)
    const read = await inTwoRequests(
      (session) => {
        session.set('large', large)
        return 'ok'
      },
      async (session) => (await session.get('large')) === large,
    )
    expect(read).toBe(true)
  })

  test('but not past what one session may hold in all', async () => {
    const app = newApp()
    const browser = app.browser()
    app.handler = (session) => {
      for (let part = 0; part < 5; part += 1) session.set(`part ${part}`, 'x'.repeat(1_700_000))
      return 'ok'
    }
    const response = await browser.fetch('/')
    expect(await response.json()).toMatchObject({ status: 413, code: 'ERR_TOO_LARGE' })
    app.handler = (session) => session.all()
    expect(await browser.json('/')).toEqual({})
  })
})

describe('what is read', () => {
  test('is frozen all the way down, so that a change in place throws', async () => {
    const app = newApp()
    const browser = app.browser()
    app.handler = (session) => {
      session.set('user', { name: 'alice', tags: [{ id: 1 }] })
      return 'ok'
    }
    await browser.fetch('/')
    app.handler = async (session) => {
      const user = (await session.get('user')) as { name: string; tags: { id: number }[] }
      const all = (await session.all()) as Record<string, unknown>
      expect(() => {
        user.name = 'bob'
      }).toThrow(TypeError)
      expect(() => user.tags.push({ id: 2 })).toThrow(TypeError)
      expect(() => {
        Object.assign(user.tags[0] ?? {}, { id: 2 })
      }).toThrow(TypeError)
      expect(() => {
        all['user'] = 1
      }).toThrow(TypeError)
      return user
    }
    expect(await browser.json('/')).toEqual({ name: 'alice', tags: [{ id: 1 }] })
  })

  test('does not follow what the application does later to the object that it has set', async () => {
    const app = newApp()
    app.handler = async (session) => {
      const cart = ['apple']
      session.set('cart', cart)
      cart.push('pear')
      return (await session.get('cart')) ?? null
    }
    expect(await app.browser().json('/')).toEqual(['apple'])
  })
})

describe('with a serializer', () => {
  /** Keeps what JSON drops, by marking it: as devalue and superjson do, in little. */
  const serializer = {
    stringify: (value: unknown): string =>
      JSON.stringify(value, (_, item: unknown) =>
        item instanceof Map ? { map: Array.from(item as Map<unknown, unknown>) } : item,
      ),
    parse: (text: string): unknown =>
      JSON.parse(text, (_, item: unknown) => {
        const isMarked = typeof item === 'object' && item !== null && Object.hasOwn(item, 'map')
        return isMarked ? new Map((item as { map: [unknown, unknown][] }).map) : item
      }),
  }

  test('values that JSON would drop are kept, and numbers still count in the store', async () => {
    const app = newApp({ data: serialized(serializer) })
    const browser = app.browser()
    app.handler = (session) => {
      session.set('map', new Map([['a', 1]]))
      session.set('n', 1)
      return 'ok'
    }
    await browser.fetch('/')
    app.handler = async (session) => {
      const map = (await session.get('map')) as Map<string, number>
      return [[...map], await session.increment('n'), (await session.get('n')) ?? null]
    }
    expect(await browser.json('/')).toEqual([[['a', 1]], 2, 2])
  })

  test('a change in place, which freezing cannot hold, fails the request instead of being lost', async () => {
    const app = newApp({ data: serialized(serializer) })
    const browser = app.browser()
    app.handler = (session) => {
      session.set('map', new Map([['a', 1]]))
      return 'ok'
    }
    await browser.fetch('/')
    app.handler = async (session) => {
      const map = (await session.get('map')) as Map<string, number>
      map.set('b', 2)
      return 'ok'
    }
    await expect(browser.fetch('/')).rejects.toThrow(
      /^ERR_VALUE: A value from the session was changed in place/,
    )
  })

  test('what it wrote counts as absent, with an event, where the serializer is gone', async () => {
    const store = memoryStore()
    const app = newApp({ data: serialized(serializer), store })
    const browser = app.browser()
    app.handler = (session) => {
      session.set('map', new Map([['a', 1]]))
      session.set('n', 1)
      return 'ok'
    }
    await browser.fetch('/')
    const without = newApp({ store })
    without.handler = (session) => session.all()
    const cookie = browser.cookieHeader()
    const response = await without.browser().fetch('/', { headers: { cookie } })
    expect(await response.json()).toEqual({ n: 1 })
    expect(without.events).toMatchObject([{ type: 'corrupt' }])
  })
})
