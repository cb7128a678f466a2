import { env } from 'cloudflare:workers'
import { Hono } from 'hono'
import { AutoRouter, error, Router } from 'itty-router'
import { describe, expect, test } from 'vitest'

import { sessionMiddleware } from '../../src/adapter/hono.ts'
import { sessionHooks } from '../../src/adapter/itty-router.ts'
import { createSessions } from '../../src/index.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { Browser } from '../support/browser.ts'
import { countingStore } from '../support/counting-store.ts'
import { CONTEXT } from '../support/site.ts'

/** A Response as another copy of fetch has it, with the methods of the standard and a class of its own. */
class OtherResponse {
  readonly #own: Response
  readonly #hasStream: boolean

  constructor(text: string | null, init: ResponseInit = {}, hasStream = true) {
    this.#own = new Response(text, init)
    this.#hasStream = hasStream
  }

  get status(): number {
    return this.#own.status
  }

  get statusText(): string {
    return this.#own.statusText
  }

  get headers(): { forEach: Headers['forEach'] } {
    return { forEach: (each) => this.#own.headers.forEach(each) }
  }

  /** A stream of its own kind, of which only the iteration is known. */
  get body(): object | null | undefined {
    const { body } = this.#own
    if (!this.#hasStream) return undefined
    return body && { [Symbol.asyncIterator]: () => body[Symbol.asyncIterator]() }
  }

  arrayBuffer(): Promise<ArrayBuffer> {
    return this.#own.arrayBuffer()
  }
}

/** An object that JSON takes as it is, by its own word. */
class Own {
  readonly x = 1
  toJSON(): this {
    return this
  }
}

class Point {
  readonly x = 1
}

class Registry extends Map<string, number> {
  readonly name = 'registry'
}

class Hidden {
  readonly #x = 1
  get x(): number {
    return this.#x
  }
}

/** @yields a number */
async function* values(): AsyncGenerator<number> {
  yield 1
}

/** @yields a number */
function* numbers(): Generator<number> {
  yield 1
}

const cycle: { self?: unknown } = {}
cycle.self = cycle

/** What JSON cannot represent, and the word that the error has for it. */
const REFUSED: readonly (readonly [kind: string, make: () => unknown])[] = [
  ['Blob', () => new Blob(['hello'])],
  ['ReadableStream', () => new Blob(['hello']).stream()],
  ['Map', () => new Map([['a', 1]])],
  ['Set', () => new Set(['a'])],
  ['FormData', () => new FormData()],
  ['URLSearchParams', () => new URLSearchParams('a=1')],
  ['Headers', () => new Headers({ a: '1' })],
  ['Request', () => new Request('https://app.example/')],
  ['ArrayBuffer', () => new ArrayBuffer(4)],
  ['Uint8Array', () => new Uint8Array([1, 2])],
  ['Error', () => Object.assign(new Error('secret words'), { status: 400 })],
  ['RegExp', () => /a/],
  ['WeakMap', () => new WeakMap()],
  ['Hidden', () => new Hidden()],
  ['function', () => () => 1],
  ['symbol', () => Symbol('a')],
  ['a bigint, a cycle', () => 1n],
  ['a bigint, a cycle', () => cycle],
  ['AsyncGenerator', values],
  ['Registry', () => new Registry([['a', 1]])],
  ['Map', () => ({ toJSON: () => new Map([['a', 1]]) })],
  ['DOMException', () => new DOMException('secret words', 'AbortError')],
  ['\\w*', () => new Map([['a', 1]]).keys()],
  ['\\w*', () => 'abc'[Symbol.iterator]()],
  ['Generator', numbers],
]

function newLayer() {
  const { store, calls } = countingStore(memoryStore())
  const sessions = createSessions({ secrets: [env.SESSION_SECRET], store })
  return { ...sessions, sessions, calls }
}

describe('what JSON cannot represent', () => {
  test.for(REFUSED.filter(([kind]) => kind !== 'a bigint, a cycle'))(
    '%s throws, and nothing recorded is written',
    async ([kind, make]) => {
      const { withSession, calls } = newLayer()
      for (const wrapped of [make, () => ({ a: [make()] })]) {
        const fetch = withSession(({ session }) => {
          session.set('a', 1)
          return wrapped()
        })
        // oxlint-disable-next-line no-await-in-loop
        await expect(fetch(new Request('https://app.example/'), {}, CONTEXT)).rejects.toThrow(
          new RegExp(
            `^ERR_VALUE: .* ${kind === 'AsyncGenerator' ? '\\w*' : kind}\\. Return a Resp`,
          ),
        )
      }
      expect(calls).toEqual([])
    },
  )

  test('a bigint and a cycle throw, with what JSON says', async () => {
    const { withSession, run } = newLayer()
    const results = [1n, { a: 1n }, cycle, [cycle]]
    await Promise.all(
      results.map(async (result) => {
        const answer = withSession(() => result)(new Request('https://app.example/'), {}, CONTEXT)
        await expect(answer).rejects.toThrow('ERR_VALUE: The handler returned a value that JSON')
        await expect(
          run(new Request('https://app.example/'), {}, () => result),
        ).rejects.toHaveProperty('cause', expect.any(TypeError))
      }),
    )
  })

  test('a promise inside a result is one that was not awaited', async () => {
    const { withSession } = newLayer()
    const fetches = [
      withSession(({ session }) => ({ visits: session.get('visits') })),
      withSession(() => [Object.assign(Promise.resolve(1), { cancel: true })]),
    ]
    for (const fetch of fetches) {
      // oxlint-disable-next-line no-await-in-loop
      await expect(fetch(new Request('https://app.example/'), {}, CONTEXT)).rejects.toThrow(
        'represent: Promise.',
      )
    }
  })

  test('an inner wrapper drops what its handler recorded, and no more', async () => {
    const { withSession } = newLayer()
    const inner = withSession(({ session }) => {
      session.set('inner', 1)
      return new Map()
    })
    const browser = new Browser((request) =>
      withSession(async (own) => {
        if (request.url.endsWith('/all')) return own.session.all()
        own.session.set('outer', 1)
        return inner(own, {}, CONTEXT).catch(() => new Response('caught'))
      })(request, {}, CONTEXT),
    )
    expect(await (await browser.fetch('/')).text()).toBe('caught')
    expect(await browser.json('/all')).toEqual({ outer: 1 })
  })
})

test('a value is sent that is as deep as the runtime takes', async () => {
  const nested = (depth: number): unknown =>
    Array.from({ length: depth }).reduce((inner) => [inner], 1)
  const isTaken = (depth: number): boolean => {
    try {
      return Response.json(nested(depth)).ok
    } catch {
      return false
    }
  }
  let depth = 1000
  while (isTaken(depth + 500)) depth += 250
  const value = nested(depth)
  const answer = await newLayer().withSession(() => value)(
    new Request('https://app.example/'),
    {},
    CONTEXT,
  )
  expect(await answer?.text()).toBe(JSON.stringify(value))
})

test.for<[unknown, string]>([
  [{ a: undefined, b: Number.NaN, c: null }, '{"b":null,"c":null}'],
  [new Date(0), '"1970-01-01T00:00:00.000Z"'],
  [new URL('https://a.example/'), '"https://a.example/"'],
  [
    { at: new Date(0), list: [new URL('https://a.example/')] },
    '{"at":"1970-01-01T00:00:00.000Z","list":["https://a.example/"]}',
  ],
  [new Point(), '{"x":1}'],
  [{}, '{}'],
  [[], '[]'],
  [[{}, []], '[{},[]]'],
  [Object.create(null), '{}'],
  // oxlint-disable-next-line no-new-wrappers
  [new String('a'), '"a"'],
  [
    { status: 200, headers: { a: '1' }, body: 'b' },
    '{"status":200,"headers":{"a":"1"},"body":"b"}',
  ],
  [{ toJSON: () => ({ a: 1 }) }, '{"a":1}'],
  [new Own(), '{"x":1}'],
  [Object.create(Object.create(null)), '{}'],
])('%j is JSON', async ([value, text]) => {
  const response = await newLayer().withSession(() => value)(
    new Request('https://app.example/'),
    {},
    CONTEXT,
  )
  expect(await response?.text()).toBe(text)
})

describe('a Response of another realm', () => {
  const init = {
    status: 201,
    statusText: 'Made',
    headers: [
      ['X-A', '1'],
      ['Set-Cookie', 'a=1'],
      ['Set-Cookie', 'b=2'],
    ],
  } satisfies ResponseInit

  test.for([true, false])(
    'is sent with its status, headers and body (stream: %j)',
    async (hasStream) => {
      const { withSession, commit, open } = newLayer()
      const made = (): OtherResponse => new OtherResponse('hello', init, hasStream)
      const request = (): Request => new Request('https://app.example/')
      const unused = await withSession(made)(request(), {}, CONTEXT)
      const used = await withSession(async ({ session }) => {
        await session.increment('n')
        return made()
      })(request(), {}, CONTEXT)
      const own = request()
      const session = await open(own, {})
      session.set('n', 1)
      const committed = await commit(session, made() as object as Response)
      for (const response of [unused, used, committed]) {
        expect(response).toBeInstanceOf(Response)
        expect([response?.status, response?.statusText, response?.headers.get('X-A')]).toEqual([
          201,
          'Made',
          '1',
        ])
        // oxlint-disable-next-line no-await-in-loop
        expect(await response?.text()).toBe('hello')
      }
      expect(used?.headers.getSetCookie().map((each) => each.split('=')[0])).toEqual([
        'a',
        'b',
        '__Host-session',
      ])
    },
  )

  test.for([204, 304])('has no body with %j', async (status) => {
    const { withSession } = newLayer()
    const answer = await withSession(() => new OtherResponse(null, { status }, false))(
      new Request('https://app.example/'),
      {},
      CONTEXT,
    )
    expect([answer?.status, answer?.body]).toEqual([status, null])
  })

  test('is what onStoreFailure may return', async () => {
    const { withSession } = createSessions({
      secrets: [env.SESSION_SECRET],
      store: { ...memoryStore(), create: () => Promise.reject(new Error('down')) },
      onStoreFailure: () => new OtherResponse('own words', { status: 418 }) as object as Response,
    })
    const answer = await withSession(async ({ session }) => session.increment('n'))(
      new Request('https://app.example/'),
      {},
      CONTEXT,
    )
    expect([answer?.status, await answer?.text()]).toEqual([418, 'own words'])
  })
})

/** The same results, by each framework. */
const FRAMEWORKS = {
  Hono: (sessions: ReturnType<typeof newLayer>['sessions'], make: () => unknown) => {
    const app = new Hono().use(sessionMiddleware(sessions)).get('/', (c) => {
      c.var.session.set('a', 1)
      return make() as Response
    })
    app.onError((fault) => new Response(fault.message, { status: 500 }))
    return async (request: Request) => app.fetch(request, {}, undefined)
  },
  AutoRouter: (sessions: ReturnType<typeof newLayer>['sessions'], make: () => unknown) => {
    const router = AutoRouter(sessionHooks(sessions, { catch: error }))
    router.get('/', ({ session }) => {
      session.set('a', 1)
      return make()
    })
    return async (request: Request) => router.fetch(request, {}, CONTEXT) as Promise<Response>
  },
  Router: (sessions: ReturnType<typeof newLayer>['sessions'], make: () => unknown) => {
    const router = Router(sessionHooks(sessions, { catch: error }))
    router.get('/', ({ session }) => {
      session.set('a', 1)
      return make()
    })
    return async (request: Request) => router.fetch(request, {}, CONTEXT) as Promise<Response>
  },
}

describe.for(Object.entries(FRAMEWORKS))('by %s', ([, frameworkOf]) => {
  test('a Response of another realm is sent, with the cookie', async () => {
    const { sessions } = newLayer()
    const fetch = frameworkOf(sessions, () => new OtherResponse('hello', { status: 201 }))
    const answer = await fetch(new Request('https://app.example/'))
    expect([answer.status, await answer.text(), answer.headers.getSetCookie().length]).toEqual([
      201,
      'hello',
      1,
    ])
  })

  test('a Blob is an error, and nothing recorded is written', async () => {
    const { sessions, calls } = newLayer()
    const fetch = frameworkOf(sessions, () => new Blob(['hello']))
    const answer = await fetch(new Request('https://app.example/'))
    expect(answer.status).toBe(500)
    expect(await answer.text()).toContain('ERR_VALUE')
    expect([answer.headers.getSetCookie(), calls]).toEqual([[], []])
  })
})

test('AutoRouter still has its own content type for JSON', async () => {
  const { sessions } = newLayer()
  const router = AutoRouter(sessionHooks(sessions, { catch: error }))
  router.get('/', () => ({ a: 1 }))
  const answer = (await router.fetch(new Request('https://app.example/'), {}, CONTEXT)) as Response
  expect([await answer.json(), answer.headers.get('Content-Type')]).toEqual([
    { a: 1 },
    'application/json; charset=utf-8',
  ])
})
