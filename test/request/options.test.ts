import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import { createSessions, SessionError } from '../../src/index.ts'
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
      'touchInterval 31 seconds. Needed: 0 < idleTimeout <= absoluteTimeout, and a touchInterval from 0 to half of idleTimeout.',
    ],
    [{ lateWrites: 'ignore' }, 'ERR_OPTION', "lateWrites is 'refuse' or 'drop'."],
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
      'a name has 1 to 3800 letters, digits',
    ],
  ])('%j is refused, saying what to write instead', async ([options, code, message]) => {
    const fault = await faultOf(() => construct(options))
    expect(fault.code).toBe(code)
    expect(fault.message).toContain(message)
    expect(fault.name).toBe('SessionError')
    expect(fault.stack).toContain(`SessionError: ${code}`)
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

  test('a forgotten env is refused, with what it led to as the cause', async () => {
    const fault = await firstRequest({
      secrets: (bindings: typeof env) => [bindings.SESSION_SECRET],
    })
    expect(fault.message).toBe('ERR_OPTION: There is no env. Pass it on: fetch(request, env, ctx).')
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
