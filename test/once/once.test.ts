import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import type { SessionStore } from '../../src/index.ts'
import { once, type OnceMethods } from '../../src/once.ts'
import { cached } from '../../src/store/cached.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { kvStore } from '../../src/store/kv.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { type AppSession, newApp } from '../support/app.ts'
import { Browser } from '../support/browser.ts'
import {
  atOnce,
  count,
  LEASING_STORES,
  newGate,
  type OnceSession,
  onceVisitor,
  until,
} from '../support/once-app.ts'

describe.for([
  ...LEASING_STORES,
  [
    'cached durable-object',
    { store: durableObjectStore(env.LEASING), cached: { maxAgeSeconds: 30 } },
  ] as const,
])('once() on the %s store', ([, options]) => {
  test('runs the function in one of ten requests, and gives its result to all', async () => {
    const { app, browser } = await onceVisitor(options)
    const gate = newGate()
    let runs = 0
    app.handler = (session) =>
      session.once('refresh', async () => {
        runs += 1
        await gate.opened
        session.set('token', `r${runs}`)
        return { token: `r${runs}` }
      })
    const answers = atOnce(browser, 10)
    await until(() => count(app.calls, 'lease') === 10)
    gate.open()
    expect(await answers).toEqual(
      Array.from({ length: 10 }, () => ({ status: 200, body: { token: 'r1' } })),
    )
    expect(runs).toBe(1)
    app.handler = (session) => session.get('token')
    expect(await browser.json('/')).toBe('r1')
  })

  test('costs the one that runs it two calls, and each other one call', async () => {
    const { app, browser } = await onceVisitor(options)
    const gate = newGate()
    app.handler = (session) =>
      session.once('refresh', async () => {
        await gate.opened
        session.set('token', 'r1')
      })
    const answers = atOnce(browser, 3)
    await until(() => count(app.calls, 'lease') === 3)
    gate.open()
    await answers
    expect(app.calls).toEqual(['lease', 'lease', 'lease', 'release'])
    app.calls.length = 0
    expect(await atOnce(browser, 1)).toEqual([{ status: 200, body: null }])
    expect(app.calls).toEqual(['lease'])
  })

  test('keeps the result for so long, and then runs the function again', async () => {
    const { app, browser } = await onceVisitor(options)
    let runs = 0
    app.handler = (session) => session.once('refresh', () => (runs += 1), { keep: 5 })
    expect(await browser.json('/')).toBe(1)
    app.now += 4999
    expect(await browser.json('/')).toBe(1)
    app.now += 1
    expect(await browser.json('/')).toBe(2)
  })

  test('gives a result that is not kept to those who waited', async () => {
    const { app, browser } = await onceVisitor(options)
    const gate = newGate()
    let runs = 0
    app.handler = (session) =>
      session.once(
        'refresh',
        async () => {
          runs += 1
          await gate.opened
          return runs
        },
        { keep: 0 },
      )
    const answers = atOnce(browser, 3)
    await until(() => count(app.calls, 'lease') === 3)
    gate.open()
    expect((await answers).map(({ body }) => body)).toEqual([1, 1, 1])
    expect(await browser.json('/')).toBe(2)
  })

  test('shows a request that waited what the function has stored', async () => {
    const { app, browser } = await onceVisitor(options)
    const gate = newGate()
    app.handler = async (session) => {
      const before = await session.get('token')
      await session.once('refresh', async () => {
        await gate.opened
        session.set('token', 'r1')
      })
      return [before, await session.get('token')]
    }
    const answers = atOnce(browser, 2)
    await until(() => count(app.calls, 'lease') === 2)
    gate.open()
    expect((await answers).map(({ body }) => body)).toEqual([
      ['r0', 'r1'],
      ['r0', 'r1'],
    ])
  })

  test('has different keys run at the same time', async () => {
    const { app, browser } = await onceVisitor(options)
    const gate = newGate()
    app.handler = async (session) =>
      Promise.all([
        session.once('a', async () => gate.opened.then(() => 'a')),
        session.once('b', () => {
          gate.open()
          return 'b'
        }),
      ])
    expect(await browser.json('/')).toEqual(['a', 'b'])
  })

  test('lets the function and the rest of its request use the session meanwhile', async () => {
    const { app, browser } = await onceVisitor(options)
    app.handler = async (session) => {
      const first = session.once('refresh', async () => {
        await session.increment('n')
        return session.get('token')
      })
      const second = session.once('refresh', () => 'never')
      return [await first, await second, await session.increment('n')]
    }
    expect(await browser.json('/')).toEqual(['r0', 'r0', 2])
  })

  test('hands the lease on if the function throws, and drops what it recorded', async () => {
    const { app, browser } = await onceVisitor(options)
    const gate = newGate()
    let runs = 0
    app.handler = async (session) => {
      session.set('seen', true)
      try {
        return await session.once('refresh', async () => {
          runs += 1
          session.set('token', `r${runs}`)
          if (runs > 1) return 'second'
          await gate.opened
          throw new Error('the provider is down')
        })
      } catch (error) {
        return String(error)
      }
    }
    const first = browser.json('/')
    await until(() => runs === 1)
    const others = atOnce(browser, 3)
    await until(() => count(app.calls, 'lease') === 4)
    gate.open()
    expect(await first).toBe('Error: the provider is down')
    expect((await others).map(({ body }) => body)).toEqual(['second', 'second', 'second'])
    app.handler = (session) => session.all()
    expect(await browser.json('/')).toEqual({ seen: true, token: 'r2' })
  })

  test('gives the lease to the next one when its time is over', async () => {
    const { app, browser } = await onceVisitor(options)
    let runs = 0
    const gate = newGate()
    app.handler = (session) =>
      session.once(
        'refresh',
        async () => {
          runs += 1
          if (runs === 1) await gate.opened
          session.set('token', `r${runs}`)
          return runs
        },
        { lease: 0.05 },
      )
    const first = browser.fetch('/')
    await until(() => runs === 1)
    app.now += 50
    expect(await browser.json('/')).toBe(2)
    // The first one comes back too late: what it did must not replace what the second one stored.
    gate.open()
    await expect(first).rejects.toMatchObject({ code: 'ERR_CONFLICT' })
    app.handler = (session) => session.get('token')
    expect(await browser.json('/')).toBe('r2')
  })

  test('goes on for a client that is gone: the runtime is to wait for the function', async () => {
    const { app, browser } = await onceVisitor(options)
    const gate = newGate()
    const waitedFor: Promise<unknown>[] = []
    const ctx = {
      waitUntil: (work: Promise<unknown>) => void waitedFor.push(work),
      passThroughOnException: () => undefined,
    }
    const handle = app.sessions.withSession(async ({ session }) => {
      await (session as typeof session & OnceMethods).once('refresh', async () => {
        await gate.opened
        session.set('token', 'r1')
      })
      return null
    })
    const visitor = new Browser((request) => handle(request, {}, ctx))
    visitor.cookies.addAll(browser.cookies)
    const response = visitor.fetch('/')
    await until(() => app.calls.length > 0)
    gate.open()
    await response
    expect(waitedFor).toHaveLength(1)
    expect(app.calls).toEqual(['lease', 'release'])
  })

  test('does not let a request wait for ever', async () => {
    const { app, browser } = await onceVisitor(options)
    const gate = newGate()
    let runs = 0
    app.handler = (session) =>
      session.once('refresh', async () => {
        runs += 1
        await gate.opened
      })
    const first = browser.fetch('/')
    await until(() => runs === 1)
    // The holder has a lease of ten seconds; this one waits 20 ms at most.
    app.handler = (session) => session.once('refresh', () => 'never', { lease: 0.01 })
    const response = await browser.fetch('/')
    expect(response.status).toBe(503)
    expect(response.headers.get('Retry-After')).toBe('5')
    expect(app.events).toContainEqual(
      expect.objectContaining({ type: 'store-failed', call: 'lease', reason: 'timeout' }),
    )
    gate.open()
    expect((await first).status).toBe(200)
  })

  test('lets a request wait longer than a store call may take', async () => {
    const { app, browser } = await onceVisitor(options)
    // Only the request that waits has a short time limit: on a busy machine, any other call may take longer.
    const hurried = newApp({ use: [once()], ...options, storeTimeout: 0.05, clock: app })
    const other = hurried.browser()
    other.cookies.addAll(browser.cookies)
    const gate = newGate()
    app.handler = (session) => session.once('refresh', async () => gate.opened.then(() => 1))
    hurried.handler = (session) => (session as OnceSession).once('refresh', () => 2, { lease: 60 })
    const leading = browser.json('/')
    await until(() => count(app.calls, 'lease') === 1)
    const waiting = other.fetch('/')
    await until(() => count(hurried.calls, 'lease') === 1)
    await scheduler.wait(100)
    gate.open()
    expect(await leading).toBe(1)
    const response = await waiting
    expect([response.status, await response.json()]).toEqual([200, 1])
  })

  test('goes on with the token that a lost reply has replaced, before it and inside it', async () => {
    const { app: before, browser: visitor } = await onceVisitor(options)
    const given = options.store
    let isLosing = false
    const losing: SessionStore = {
      ...given,
      async regenerate(...call) {
        const reply = await given.regenerate(...call)
        if (!isLosing) return reply
        isLosing = false
        throw new Error('The reply is lost.')
      },
    }
    const app = newApp({ use: [once()], ...options, store: losing, clock: before })
    const browser = app.browser()
    browser.cookies.addAll(visitor.cookies)
    const rotate = async (session: AppSession): Promise<void> => {
      isLosing = true
      await session.regenerate().catch(() => undefined)
    }
    app.handler = async (session) => {
      await rotate(session)
      return (session as OnceSession).once('refresh', async () => {
        await rotate(session)
        session.set('token', 'r1')
        return 1
      })
    }
    expect(await browser.json('/')).toBe(1)
    app.handler = (session) => session.get('token')
    expect(await browser.json('/')).toBe('r1')
    expect((await visitor.fetch('/')).status).toBe(409)
  })

  test('refuses the result of a session that was destroyed meanwhile', async () => {
    const { app, browser } = await onceVisitor(options)
    const gate = newGate()
    const { handler } = app
    app.handler = (session) => session.once('refresh', async () => gate.opened.then(() => 1))
    const answers = atOnce(browser.copy(), 3)
    await until(() => count(app.calls, 'lease') === 3)
    app.handler = (session) => session.destroy()
    await browser.copy().fetch('/')
    gate.open()
    for (const { status, body } of await answers) {
      expect(status).toBe(409)
      expect(body).toMatchObject({ code: 'ERR_SESSION_ENDED' })
    }
    app.handler = handler
  })

  test('gives nothing to a token that the function has replaced', async () => {
    const { app, browser } = await onceVisitor(options)
    const gate = newGate()
    app.handler = (session) =>
      session.once('refresh', async () => {
        await gate.opened
        await session.regenerate()
        return 1
      })
    const first = browser.copy()
    const leading = first.fetch('/')
    await until(() => count(app.calls, 'lease') === 1)
    const other = browser.copy().fetch('/')
    await until(() => count(app.calls, 'lease') === 2)
    gate.open()
    expect((await leading).status).toBe(200)
    expect((await other).status).toBe(409)
    app.handler = (session) => session.once('refresh', () => 2)
    expect(await first.json('/')).toBe(1)
  })

  test('keeps no result of another user', async () => {
    const { app, browser } = await onceVisitor(options)
    app.handler = async (session) => {
      await session.signIn('ada')
      return session.once('me', () => 'ada')
    }
    expect(await browser.json('/')).toBe('ada')
    app.handler = async (session) => {
      await session.signIn('bob')
      return session.once('me', () => 'bob')
    }
    expect(await browser.json('/')).toBe('bob')
  })

  test('creates the session of a new visitor', async () => {
    const { app } = await onceVisitor(options)
    const visitor = app.browser()
    let runs = 0
    app.handler = (session) => session.once('refresh', () => (runs += 1))
    expect(await visitor.json('/')).toBe(1)
    expect(app.calls).toEqual(['create', 'lease', 'release'])
    expect(await visitor.json('/')).toBe(1)
  })

  test('begins a new session in place of one that ended before', async () => {
    const { app, browser } = await onceVisitor(options)
    app.now += 3_600_000
    app.handler = (session) => session.once('refresh', () => 1)
    expect(await browser.json('/')).toBe(1)
    expect(await browser.json('/')).toBe(1)
  })

  test('does not run the function for a prefetch', async () => {
    const { app, browser } = await onceVisitor(options)
    let runs = 0
    app.handler = (session) => session.once('refresh', () => (runs += 1))
    const response = await browser.fetch('/', { headers: { 'Sec-Purpose': 'prefetch' } })
    expect(response.status).toBe(503)
    expect(await response.json()).toMatchObject({ code: 'ERR_SPECULATIVE' })
    expect(app.calls).toEqual([])
    expect(runs).toBe(0)
  })

  test('refuses a result that cannot be stored, and gives the lease up', async () => {
    const { app, browser } = await onceVisitor(options)
    app.handler = async (session) => {
      session.set('kept', 1)
      return session
        .once('refresh', () => {
          session.set('token', 'r1')
          return new Map()
        })
        .catch(String)
    }
    expect(await browser.json('/')).toBe(
      'SessionError: ERR_VALUE: set("once(refresh)"): JSON would change or drop this value: it is an object (Map). Store strings and numbers, or use data: serialized(devalue).',
    )
    app.handler = async (session) => [await session.once('refresh', () => 2), await session.all()]
    expect(await browser.json('/')).toEqual([2, { token: 'r0', kept: 1 }])
  })

  test('refuses changes that make the session too large, and gives the lease up', async () => {
    const { app, browser } = await onceVisitor(options)
    app.handler = (session) =>
      session.once('refresh', () => {
        for (let each = 0; each < 9; each += 1) session.set(`${each}`, 'x'.repeat(1_000_000))
        return 1
      })
    expect((await browser.fetch('/')).status).toBe(413)
    app.handler = async (session) => [await session.once('refresh', () => 2), await session.all()]
    expect(await browser.json('/')).toEqual([2, { token: 'r0' }])
  })

  test('returns the same frozen value to all', async () => {
    const { app, browser } = await onceVisitor(options)
    app.handler = async (session) =>
      Object.isFrozen(await session.once('refresh', () => ({ a: [1] })))
    expect(await browser.json('/')).toBe(true)
    expect(await browser.json('/')).toBe(true)
  })

  test.for([{ keep: -1 }, { keep: Number.NaN }, { lease: 0 }, { lease: 86_400 }])(
    'refuses %o',
    async (wrong) => {
      const { app, browser } = await onceVisitor(options)
      app.handler = (session) => session.once('refresh', () => 1, wrong).catch(String)
      expect(await browser.json('/')).toContain('ERR_OPTION: once(): keep and lease')
    },
  )
})

test('sends nothing of a lease with a read', async () => {
  const store = durableObjectStore(env.LEASING)
  const { app, browser } = await onceVisitor({ store })
  app.handler = (session) => session.once('refresh', () => 'x'.repeat(5000))
  await browser.fetch('/')
  app.handler = async (session) => [await session.keys(), await session.flashes()]
  expect(await browser.json('/')).toEqual([['token'], {}])
})

test.for([
  ['kv', () => kvStore(env.SESSION_KV), 'extendSessionObject(leases)'],
  ['memory', () => memoryStore(), 'memoryStore(leases)'],
] as const)('says at the first request that the %s store cannot', async ([name, store, advice]) => {
  const app = newApp({ store: store(), use: [once()] })
  const failing = app.browser().fetch('/')
  await expect(failing).rejects.toMatchObject({ code: 'ERR_OPTION' })
  await expect(failing).rejects.toThrow(`once(): the ${name} store has no leases.`)
  await expect(failing).rejects.toThrow(advice)
})

test.for([
  ['of this version', () => env.SESSIONS],
  ['of the former version', () => env.FORMER_SESSIONS],
] as const)('says that objects %s have no leases', async ([, namespace]) => {
  const { app, browser } = await onceVisitor({ store: durableObjectStore(namespace()) })
  app.handler = (session) => session.once('refresh', () => 1)
  await expect(browser.fetch('/')).rejects.toThrow('Use extendSessionObject(leases)')
})

test('passes leases through the read cache', () => {
  expect(cached(memoryStore(), { maxAgeSeconds: 5 }).part).toBeUndefined()
})
