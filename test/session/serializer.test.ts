import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'

import { checked } from '../../src/schema.ts'
import { serialized, type Serializer } from '../../src/serialize.ts'
import type { DataCodec } from '../../src/session/codec.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { kvStore } from '../../src/store/kv.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { type App, type AppSession, type Handler, newApp } from '../support/app.ts'
import type { Browser } from '../support/browser.ts'

/** Keeps sets, dates and `undefined`, as devalue and superjson do, in little. */
const MARKS: Serializer = {
  stringify: (value) =>
    JSON.stringify(value, function mark(this: Record<string, unknown>, key, item: unknown) {
      const own = this[key]
      if (own instanceof Set) return { set: [...(own as Set<unknown>)] }
      if (own instanceof Date) return { date: own.getTime() }
      return item
    }),
  parse: (text) =>
    JSON.parse(text, (_, item: { set?: unknown[]; date?: number } | null) => {
      if (item?.set !== undefined) return new Set(item.set)
      return item?.date === undefined ? item : new Date(item.date)
    }),
}

/** What a handler gives, or the code of the error that it throws. */
async function outcomeOf(app: App, browser: Browser, handler: Handler): Promise<unknown> {
  app.handler = handler
  try {
    return await browser.json('/')
  } catch (error) {
    return String(error).split(' ', 2).join(' ')
  }
}

describe('a serializer that gives no text is an error that names the key', () => {
  const faults: [what: string, stringify: unknown, kind: string][] = [
    ['a promise', async () => 'text', 'a promise'],
    ['a promise that rejects', () => Promise.reject(new Error('late')), 'a promise'],
    ['nothing', () => undefined, 'undefined'],
    ['bytes', () => new Uint8Array(1), 'object'],
    ['half a character', () => '\ud800', 'string'],
  ]
  const uses: [name: string, use: (session: AppSession) => unknown][] = [
    ['set', (session) => session.set('cart', ['a'])],
    ['flash', (session) => session.flash('cart', ['a'])],
    ['update', (session) => session.update('cart', () => ['a'])],
  ]
  for (const [what, stringify, kind] of faults) {
    for (const [name, use] of uses) {
      test(`${what}, in ${name}`, async () => {
        const codec = serialized({ ...MARKS, stringify } as Serializer)
        const app = newApp({ data: codec, store: memoryStore() })
        app.handler = async (session) => {
          const error = await Promise.resolve()
            .then(() => use(session))
            .catch((cause: unknown) => String(cause))
          return [error, await session.keys(), await session.flashes()]
        }
        expect(await app.browser().json('/')).toEqual([
          `SessionError: ERR_VALUE: set("cart"): stringify() of the serializer returned ${kind} instead of well-formed text.`,
          [],
          {},
        ])
      })
    }
  }

  test('and so is one that throws, with its own error as the cause', async () => {
    const cause = new Error('a class')
    const stringify = (): never => {
      throw cause
    }
    expect(() => serialized({ ...MARKS, stringify }).encode('cart', [])).toThrow(
      expect.objectContaining({
        message: 'ERR_VALUE: set("cart"): the serializer cannot store this value; see error.cause.',
        cause,
      }),
    )
  })

  test('and undefined, which could not be told from a missing key', () => {
    const devalue = { stringify: () => '-1', parse: () => undefined }
    expect(() => serialized(devalue).encode('cart', undefined)).toThrow(
      'ERR_VALUE: set("cart"): there is no value. Delete the key instead.',
    )
  })
})

describe.for<[where: string, unread: DataCodec | undefined]>([
  ['of another serializer', serialized({ ...MARKS, parse: () => undefined })],
  [
    'of an async serializer',
    serialized({ ...MARKS, parse: () => Promise.reject(new Error('late')) }),
  ],
  ['without a serializer', undefined],
  [
    'behind a schema',
    checked(z.object({ cart: z.any(), n: z.number() }), {
      codec: serialized({ ...MARKS, parse: () => undefined }),
    }),
  ],
])('a text that cannot be read, %s', ([, data]) => {
  test('is absent in get, has, all and keys, is reported, and stays in the store', async () => {
    const store = durableObjectStore(env.SESSIONS)
    const before = newApp({ store, data: serialized(MARKS) })
    const browser = before.browser()
    await outcomeOf(before, browser, (session) => {
      session.set('cart', new Set(['a']))
      session.set('n', 1)
    })
    const headers = { Cookie: browser.cookieHeader() }
    const app = newApp({ store, ...(data !== undefined && { data }) })
    app.handler = async (session) => [
      (await session.get('cart')) ?? null,
      await session.has('cart'),
      await session.all(),
      await session.keys(),
    ]
    const response = await app.browser().fetch('/', { headers })
    expect(await response.json()).toEqual([null, false, { n: 1 }, ['n']])
    expect(new Set(app.events.map(({ type }) => type))).toEqual(new Set(['corrupt']))
    before.handler = async (session) => Array.from((await session.get('cart')) as Set<string>)
    expect(await browser.json('/')).toEqual(['a'])
  })

  test.for(['get', 'has', 'keys', 'all'] as const)('is reported by %s alone', async (method) => {
    const store = memoryStore()
    const before = newApp({ store, data: serialized(MARKS) })
    const browser = before.browser()
    await outcomeOf(before, browser, (session) => session.set('cart', new Set(['a'])))
    const app = newApp({ store, ...(data !== undefined && { data }) })
    app.handler = async (session) => void (await session[method]('cart'))
    await app.browser().fetch('/', { headers: { Cookie: browser.cookieHeader() } })
    expect(app.events).toMatchObject([{ type: 'corrupt' }])
  })
})

describe('a value that is changed in place', () => {
  const start = (): { app: App; browser: Browser } => {
    const app = newApp({ data: serialized(MARKS) })
    return { app, browser: app.browser() }
  }
  const tagsOf = async (session: AppSession): Promise<Set<string>> =>
    ((await session.get('tags')) ?? new Set()) as Set<string>
  const list: Handler = async (session) => [...(await tagsOf(session))]
  const add =
    (tag: string): Handler =>
    async (session) => {
      await session.update('tags', (tags) => ((tags ?? new Set()) as Set<string>).add(tag))
      return 'added'
    }

  test('by the function of update is stored, again and again', async () => {
    const { app, browser } = start()
    for (const tag of ['a', 'b', 'c']) expect(await outcomeOf(app, browser, add(tag))).toBe('added')
    expect(await outcomeOf(app, browser, list)).toEqual(['a', 'b', 'c'])
  })

  test('by the function of update, of a recorded value too', async () => {
    const { app, browser } = start()
    const both: Handler = async (session, request) => {
      session.set('tags', new Set(['a']))
      await add('b')(session, request)
      return add('c')(session, request)
    }
    expect(await outcomeOf(app, browser, both)).toBe('added')
    expect(await outcomeOf(app, browser, list)).toEqual(['a', 'b', 'c'])
  })

  test('by a function of update that then gives another value, is not stored', async () => {
    const { app, browser } = start()
    await outcomeOf(app, browser, add('a'))
    const other: Handler = async (session) => {
      await session.update('tags', (tags) => {
        ;(tags as Set<string>).add('lost')
        return new Set(['z'])
      })
      return 'updated'
    }
    expect(await outcomeOf(app, browser, other)).toBe('updated')
    expect(await outcomeOf(app, browser, list)).toEqual(['z'])
  })

  test.for<[how: string, write: (session: AppSession, tags: Set<string>) => unknown]>([
    ['set', (session, tags) => session.set('tags', tags)],
    ['update', (session, tags) => session.update('tags', () => tags)],
    [
      'set and commit()',
      (session, tags) => {
        session.set('tags', tags)
        return session.commit()
      },
    ],
  ])('and then written by %s, is stored', async ([, write]) => {
    const { app, browser } = start()
    await outcomeOf(app, browser, add('a'))
    const change: Handler = async (session) => {
      await write(session, (await tagsOf(session)).add('b'))
      return 'written'
    }
    expect(await outcomeOf(app, browser, change)).toBe('written')
    expect(await outcomeOf(app, browser, list)).toEqual(['a', 'b'])
  })

  test.for<[how: string, change: (session: AppSession) => Promise<unknown>]>([
    ['not written', async (session) => (await tagsOf(session)).add('b')],
    [
      'written to another key',
      async (session) => session.set('other', (await tagsOf(session)).add('b')),
    ],
    [
      'changed once more after that',
      async (session) => {
        const tags = (await tagsOf(session)).add('b')
        session.set('tags', tags)
        return tags.add('c')
      },
    ],
    [
      'what update returned',
      async (session) => {
        const tags = await session.update('tags', (before) => before)
        return (tags as Set<string>).add('b')
      },
    ],
  ])('and %s, fails the request, and nothing is stored', async ([, change]) => {
    const { app, browser } = start()
    await outcomeOf(app, browser, add('a'))
    const handler: Handler = async (session) => void (await change(session))
    expect(await outcomeOf(app, browser, handler)).toBe('SessionError: ERR_VALUE:')
    expect(await outcomeOf(app, browser, list)).toEqual(['a'])
  })

  test('after take() is the application’s own', async () => {
    const { app, browser } = start()
    await outcomeOf(app, browser, add('a'))
    const taken: Handler = async (session) => {
      const tags = (await session.take('tags')) as Set<string>
      return [...tags.add('b')]
    }
    expect(await outcomeOf(app, browser, taken)).toEqual(['a', 'b'])
    expect(await outcomeOf(app, browser, list)).toEqual([])
  })

  test('on KV and then set, is stored', async () => {
    const app = newApp({ data: serialized(MARKS), store: kvStore(env.SESSION_KV) })
    const browser = app.browser()
    await outcomeOf(app, browser, (session) => session.set('at', new Date(0)))
    const move: Handler = async (session) => {
      const at = (await session.get('at')) as Date
      at.setTime(1)
      session.set('at', at)
    }
    expect(await outcomeOf(app, browser, move)).toBe(null)
    const read: Handler = async (session) => ((await session.get('at')) as Date).getTime()
    expect(await outcomeOf(app, browser, read)).toBe(1)
  })
})
