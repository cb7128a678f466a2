import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'

import { accounts } from '../../src/accounts.ts'
import { createSessions, SessionError } from '../../src/index.ts'
import { checked } from '../../src/schema.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { kvStore } from '../../src/store/kv.ts'
import { memoryStore } from '../../src/store/memory.ts'

const GOOD = { secrets: [env.SESSION_SECRET], store: memoryStore() } as const
const CONTEXT = { waitUntil: () => undefined, passThroughOnException: () => undefined }

/** The error that an action throws, at once or later. */
async function faultOf(action: () => unknown): Promise<SessionError> {
  try {
    await action()
  } catch (error) {
    if (error instanceof SessionError) return error
    throw error
  }
  throw new Error('Nothing was thrown.')
}

/** Options that JavaScript lets through, whatever their types. */
function construct(options: object): unknown {
  return createSessions({ ...GOOD, ...options })
}

describe('at construction', () => {
  test.for<[options: object, code: string, message: string]>([
    [{ store: undefined }, 'ERR_OPTION', 'store is missing, and has no default.'],
    [
      { idleTimeout: 0 },
      'ERR_OPTION',
      'idleTimeout is 0, absoluteTimeout 43200, touchInterval 0 seconds. Needed: 0 < idleTimeout',
    ],
    [{ idleTimeout: -1 }, 'ERR_OPTION', 'idleTimeout is -1,'],
    [{ absoluteTimeout: -5 }, 'ERR_OPTION', 'absoluteTimeout -5,'],
    [{ absoluteTimeout: Number.NaN }, 'ERR_OPTION', 'absoluteTimeout NaN,'],
    [{ absoluteTimeout: Infinity }, 'ERR_OPTION', 'absoluteTimeout Infinity,'],
    [
      { idleTimeout: 7200, absoluteTimeout: 3600 },
      'ERR_OPTION',
      'idleTimeout is 7200, absoluteTimeout 3600,',
    ],
    [{ touchInterval: -1 }, 'ERR_OPTION', 'touchInterval -1 seconds.'],
    [
      { idleTimeout: 60, touchInterval: 31 },
      'ERR_OPTION',
      'touchInterval 31 seconds. Needed: 0 < idleTimeout <= absoluteTimeout, and touchInterval from 0 to half of idleTimeout,',
    ],
    [{ lateWrites: 'ignore' }, 'ERR_OPTION', "lateWrites is 'refuse' or 'drop'."],
    [
      { onStoreFailure: 'ignore' },
      'ERR_OPTION',
      "onStoreFailure must be 'refuse', 'anonymous', or a function that returns the response.",
    ],
    [{ storeTimeout: 0 }, 'ERR_OPTION', 'storeTimeout must be a number of seconds above 0.'],
    [{ cookie: { maxAge: 5 } }, 'ERR_OPTION', 'cookie.maxAge is unknown. Known: name'],
    [
      { cookie: { maxAge: 5 } },
      'ERR_OPTION',
      'persistent. With persistent: true the cookie lives as long as absoluteTimeout.',
    ],
    [
      { cookie: { domain: 'example.com' } },
      'ERR_OPTION',
      'cookie "__Host-session": __Host- needs path: \'/\' and no domain.',
    ],
    [{ cookie: { path: '/app' } }, 'ERR_OPTION', "__Host- needs path: '/' and no domain."],
    [
      { cookie: { secure: false } },
      'ERR_OPTION',
      "the prefixes, sameSite: 'None' and partitioned need secure: true.",
    ],
    [
      { cookie: { name: 's', sameSite: 'None', secure: false } },
      'ERR_OPTION',
      "the prefixes, sameSite: 'None' and partitioned need secure: true.",
    ],
    [
      { cookie: { name: 's; Domain=evil.example' } },
      'ERR_OPTION',
      'a name must have 1 to 3800 letters, digits',
    ],
  ])('%j is refused, saying what to write instead', async ([options, code, message]) => {
    const fault = await faultOf(() => construct(options))
    expect(fault.code).toBe(code)
    expect(fault.message).toContain(message)
    expect(fault.name).toBe('SessionError')
    expect(fault.stack).toContain(`SessionError: ${code}`)
  })

  test.for<[option: string, advice: string]>([
    ['readCache', 'store: cached(store, { maxAgeSeconds }) of edge-session/store/cached'],
    ['schema', 'data: checked(schema) of edge-session/schema'],
    ['migrate', 'data: checked(schema, { migrate }) of edge-session/schema'],
    ['serializer', 'data: serialized(serializer) of edge-session/serialize'],
    ['adopt', 'use: [adopting(…)] of edge-session/adopt'],
    ['users', 'use: [accounts({ index })] of edge-session/accounts'],
    ['sessionLimit', 'use: [accounts({ index, limit })] of edge-session/accounts'],
    ['clearSiteData', 'use: [accounts({ clearSiteData })] of edge-session/accounts'],
    ['renewEvery', 'use: [renewing({ everySeconds })] of edge-session/renew'],
    ['renewGrace', 'use: [renewing({ everySeconds, graceSeconds })] of edge-session/renew'],
  ])('%s is refused, saying what it is called now', async ([option, advice]) => {
    const fault = await faultOf(() => construct({ [option]: undefined }))
    expect(fault.message).toBe(`ERR_OPTION: ${option} is not an option. Write ${advice}.`)
  })

  test.for(['idleTimeOut', 'toString', '__proto__', 'constructor'])(
    'an option that never was one is refused, saying which there are: %s',
    async (option) => {
      const fault = await faultOf(() => construct(JSON.parse(`{ "${option}": 1 }`) as object))
      expect(fault.message).toContain(`ERR_OPTION: ${option} is not an option. Known: secrets, `)
    },
  )

  test.for<[what: string, use: unknown, place: number]>([
    ['a feature that nobody called', [accounts], 0],
    ['an adoption that nobody wrapped', [accounts(), () => undefined], 1],
    ['options', [accounts(), { everySeconds: 60 }], 1],
    ['undefined', [undefined], 0],
    ['null', [null], 0],
    ['a name', ['accounts'], 0],
    ['a feature in place of the list', accounts(), 0],
  ])('in use, %s is refused by its place', async ([, use, place]) => {
    const fault = await faultOf(() => construct({ use }))
    expect(fault.message).toContain(`ERR_OPTION: use[${place}] is not a feature. Write use: [`)
  })

  test('a feature that is in use twice is refused', async () => {
    const fault = await faultOf(() => construct({ use: [accounts(), accounts()] }))
    expect(fault.message).toBe('ERR_OPTION: use has a feature twice: accounts, accounts.')
  })

  test.for<[what: string, data: unknown]>([
    ['a schema', z.object({})],
    ['a serializer', JSON],
    ['a codec that nobody made', checked],
    ['null', null],
    ['a name', 'json'],
  ])('as data, %s is refused', async ([, data]) => {
    const fault = await faultOf(() => construct({ data }))
    expect(fault.message).toContain('ERR_OPTION: data is not a codec. Write data: checked(schema)')
  })

  test.for<[what: string, store: unknown]>([
    ['a KV namespace', env.SESSION_KV],
    ['a namespace of Durable Objects', env.SESSIONS],
    ['an object without methods', {}],
    ['null', null],
    ['a name', 'memory'],
  ])('as store, %s is refused', async ([, store]) => {
    const fault = await faultOf(() => construct({ store }))
    expect(fault.message).toMatch(/^ERR_OPTION: store is (not a session store|missing)/)
  })

  test('the timeouts have defaults, and the idle one gives way to a shorter absolute one', () => {
    expect(() => construct({ absoluteTimeout: 60 })).not.toThrow()
    expect(() => construct({ idleTimeout: 12 * 3600 })).not.toThrow()
    expect(() => construct({ idleTimeout: 12 * 3600 + 1 })).toThrow(
      /Needed: 0 < idleTimeout <= absoluteTimeout/,
    )
  })
})

describe('at the first request', () => {
  async function firstRequest(options: object, ...[bindings]: unknown[]): Promise<SessionError> {
    const sessions = createSessions({ ...GOOD, ...options })
    const handler = sessions.withSession(() => 'ok')
    return faultOf(() => handler(new Request('https://app.example/'), bindings, CONTEXT))
  }

  test('a short secret is refused, saying how to make one, and never showing it', async () => {
    const fault = await firstRequest({ secrets: () => [env.SESSION_SECRET, 'too-short'] }, env)
    expect(fault.message).toBe(
      'ERR_SECRET: Secret 2 has 9 bytes. Use at least 32 bytes: npx edge-session secret',
    )
    expect(fault.message).not.toContain('too-short')
  })

  test('a secret that is not set is refused', async () => {
    const fault = await firstRequest(
      { secrets: (bindings: { NONE?: string }) => [bindings.NONE] },
      env,
    )
    expect(fault.message).toBe(
      'ERR_SECRET: Secret 1 is missing. Use at least 32 bytes: npx edge-session secret',
    )
  })

  test('a missing KV binding is refused', async () => {
    const fault = await firstRequest(
      { store: (bindings: { NONE: KVNamespace }) => kvStore(bindings.NONE) },
      env,
    )
    expect(fault.message).toMatch(
      /^ERR_BINDING: kvStore has no KV namespace\. Add \[\[kv_namespaces\]\]/,
    )
  })

  test.for([undefined, [], 'a secret that is no list of secrets'])(
    '%j in place of secrets is refused, saying what to write',
    async (secrets) => {
      const fault = await firstRequest({ secrets }, env)
      expect(fault.message).toBe(
        'ERR_SECRET: There are no secrets. Write secrets: (env) => [env.SESSION_SECRET], and make one: npx edge-session secret',
      )
    },
  )

  test.for<[what: string, store: unknown]>([
    ['a KV namespace', env.SESSION_KV],
    ['a promise of a store', Promise.resolve(memoryStore())],
    ['a store of an earlier version', { ...memoryStore(), can: undefined, isAtomic: true }],
    ['nothing', undefined],
    ['null', null],
    ['a store that can nothing', { ...memoryStore(), can: null }],
  ])('a function that gives %s in place of a store is refused', async ([, store]) => {
    const fault = await firstRequest({ store: () => store }, env)
    expect(fault.message).toBe(
      'ERR_OPTION: store did not return a session store. Write store: (env) => durableObjectStore(env.SESSIONS).',
    )
  })

  test('a forgotten env is refused, with what it led to as the cause', async () => {
    const fault = await firstRequest({
      secrets: (bindings: typeof env) => [bindings.SESSION_SECRET],
    })
    expect(fault.message).toBe('ERR_OPTION: There is no env. Pass it on: fetch(request, env, ctx).')
    expect(fault.cause).toBeInstanceOf(TypeError)
  })

  interface Lacking {
    readonly BINDINGS: { readonly SECRET: string }
  }

  test.for<[name: string, options: object]>([
    ['store', { store: ({ BINDINGS }: Lacking) => BINDINGS.SECRET }],
    ['secrets', { secrets: ({ BINDINGS }: Lacking) => [BINDINGS.SECRET] }],
    ['secrets', { secrets: async ({ BINDINGS }: Lacking) => [BINDINGS.SECRET] }],
    ['use', { use: [accounts({ index: ({ BINDINGS }: Lacking) => BINDINGS.SECRET as never })] }],
  ])('a missing binding in %s is refused, with what it led to', async ([name, options]) => {
    const fault = await firstRequest(options, env)
    expect(fault.message).toBe(
      `ERR_OPTION: ${name} failed for this env. See error.cause, and check the bindings in wrangler.toml.`,
    )
    expect(fault.cause).toBeInstanceOf(TypeError)
  })

  test('an error of the application’s own in its options passes on unchanged', async () => {
    const fault = new RangeError('mine')
    const { withSession } = createSessions({
      ...GOOD,
      secrets: () => {
        throw fault
      },
    })
    await expect(
      withSession(() => 'ok')(new Request('https://app.example/'), {}, CONTEXT),
    ).rejects.toBe(fault)
  })
})

test('secrets and store are asked for once for all requests of an env', async () => {
  let asked = 0
  const { withSession } = createSessions<{ n: number }, typeof env>({
    secrets: (bindings) => {
      asked += 1
      return [bindings.SESSION_SECRET]
    },
    store: (bindings) => {
      asked += 1
      return durableObjectStore(bindings.SESSIONS)
    },
  })
  const handler = withSession(({ session }) => session.increment('n'))
  for (let request = 0; request < 3; request += 1) {
    await handler(new Request('https://app.example/'), env, CONTEXT)
  }
  expect(asked).toBe(2)
})

test('a store that a function without parameters gives is made once for every env', async () => {
  let asked = 0
  const { withSession } = createSessions({
    secrets: [env.SESSION_SECRET],
    store: () => {
      asked += 1
      return memoryStore()
    },
  })
  const handler = withSession(async ({ session }) => Response.json(await session.increment('n')))
  const first = await handler(new Request('https://app.example/'), { a: 1 }, CONTEXT)
  const cookie = first.headers.getSetCookie().join()
  const next = new Request('https://app.example/', { headers: { cookie } })
  expect(await (await handler(next, { a: 2 }, CONTEXT)).json()).toBe(2)
  expect(asked).toBe(1)
})

test('a store that depends on env is made once for each', async () => {
  const asked: unknown[] = []
  const { withSession } = createSessions({
    secrets: [env.SESSION_SECRET],
    store: (bindings: object) => {
      asked.push(bindings)
      return memoryStore()
    },
  })
  const handler = withSession(() => 'ok')
  const [one, other] = [{ a: 1 }, { a: 2 }]
  for (const each of [one, other, one, other]) {
    await handler(new Request('https://app.example/'), each, CONTEXT)
  }
  expect(asked).toEqual([one, other])
})

describe('secrets that are asked for', () => {
  const OLD = 'an old secret of at least 32 bytes'
  const NEW = 'a newer secret of at least 32 bytes'
  const MINUTE = 60_000

  /** A layer whose secrets are asked for asynchronously, and may change or fail. */
  function newLayer(isAsync: boolean): {
    fetch: (cookie?: string, ctx?: object) => Promise<Response>
    secrets: () => [string, ...string[]]
    asked: number
    now: number
    readonly events: string[]
  } {
    const events: string[] = []
    const { withSession } = createSessions({
      secrets: (_env: object) => {
        layer.asked += 1
        return isAsync ? scheduler.wait(1).then(() => layer.secrets()) : layer.secrets()
      },
      store: memoryStore(),
      now: () => layer.now,
      onEvent: ({ type }) => void events.push(type),
    })
    const handler = withSession(async ({ session }) => Response.json(await session.increment('n')))
    const bindings = {}
    const layer = {
      fetch: (cookie = '', ctx: object = {}) => {
        const request = new Request('https://app.example/', { headers: { cookie } })
        return handler(request, bindings, ctx as typeof CONTEXT)
      },
      secrets: (): [string, ...string[]] => [OLD],
      asked: 0,
      now: Date.now(),
      events,
    }
    return layer
  }

  /** The name of the key that a response's cookie is signed under. */
  const keyOf = (response: Response): string =>
    response.headers.getSetCookie().join().split('.')[1] ?? ''

  test.for([true, false])(
    'are asked for again after five minutes and not before (async: %s)',
    async (isAsync) => {
      const layer = newLayer(isAsync)
      const old = keyOf(await layer.fetch())
      layer.secrets = () => [NEW, OLD]
      layer.now += 5 * MINUTE - 1
      expect(keyOf(await layer.fetch())).toBe(old)
      expect(layer.asked).toBe(1)
      layer.now += 1
      expect(keyOf(await layer.fetch())).not.toBe(old)
      expect(layer.asked).toBe(2)
      await layer.fetch()
      expect(layer.asked).toBe(2)
    },
  )

  test('are asked for after the response where that is possible', async () => {
    const layer = newLayer(true)
    const old = keyOf(await layer.fetch())
    layer.secrets = () => [NEW, OLD]
    layer.now += 5 * MINUTE
    const later: Promise<unknown>[] = []
    const ctx = { waitUntil: (promise: Promise<unknown>) => void later.push(promise) }
    expect(keyOf(await layer.fetch('', ctx))).toBe(old)
    expect(later).toHaveLength(1)
    await Promise.all(later)
    expect(keyOf(await layer.fetch('', ctx))).not.toBe(old)
    expect(later).toHaveLength(1)
  })

  test('and fail, or are wrong, leave the former keys in use, with an event', async () => {
    const layer = newLayer(true)
    const first = await layer.fetch()
    const cookie = first.headers.getSetCookie().join()
    for (const secrets of [
      () => {
        throw new Error('the Secrets Store is down')
      },
      () => ['short'] as [string],
      () => [] as unknown as [string],
    ]) {
      layer.secrets = secrets
      layer.now += 5 * MINUTE
      layer.events.length = 0
      const response = await layer.fetch(cookie)
      expect(response.status).toBe(200)
      expect(layer.events).toContain('secrets-failed')
    }
    layer.secrets = () => [NEW]
    layer.now += 5 * MINUTE
    layer.events.length = 0
    expect(await (await layer.fetch(cookie)).json()).toBe(1)
    expect(layer.events).toContain('refused')
  })

  test('and fail at the first request are asked for again by the next', async () => {
    const layer = newLayer(true)
    layer.secrets = () => {
      throw new Error('down')
    }
    await expect(layer.fetch()).rejects.toThrow('down')
    layer.secrets = () => [OLD]
    expect((await layer.fetch()).status).toBe(200)
    expect(layer.asked).toBe(2)
  })
})

test('a store needs no binding where the class is exported', async () => {
  const { withSession } = createSessions<{ n: number }>({
    secrets: [env.SESSION_SECRET],
    store: () => durableObjectStore(),
  })
  const handler = withSession(({ session }) => session.increment('n'))
  const response = await handler(new Request('https://app.example/'), {}, CONTEXT)
  expect(await response.json()).toBe(1)
})

test('parallel first requests get one store between them', async () => {
  const { withSession } = createSessions<{ n: number }, typeof env>({
    secrets: (bindings) => [bindings.SESSION_SECRET],
    store: () => memoryStore(),
  })
  const handler = withSession(({ session }) => session.increment('n'))
  const responses = await Promise.all(
    Array.from({ length: 5 }, () => handler(new Request('https://app.example/'), env, CONTEXT)),
  )
  for (const response of responses) {
    const [cookie = ''] = response.headers.getSetCookie()
    const next = new Request('https://app.example/', { headers: { cookie } })
    expect(await (await handler(next, env, CONTEXT)).json()).toBe(2)
  }
})
