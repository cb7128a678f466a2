import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import { SessionError, type SessionOptions, type SessionStore } from '../../src/index.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { type App, type Handler, newApp } from '../support/app.ts'
import type { Browser } from '../support/browser.ts'
import { world } from '../support/worlds.ts'

const HERE = world()

type Method = 'create' | 'read' | 'write' | 'regenerate' | 'destroy'

interface Failing {
  readonly store: SessionStore
  /** How the next call of a method fails: before it reached the object, or after it took effect there. */
  fail: Partial<Record<Method, 'before' | 'after'>>
}

const FAULT = new Error('the network broke')

/** Real objects, behind a connection that breaks when it is told to. */
function failingStore(): Failing {
  const store = durableObjectStore(env.SESSIONS)
  const failing: Failing = { store: { ...store }, fail: {} }
  for (const method of ['create', 'read', 'write', 'regenerate', 'destroy'] as const) {
    Object.assign(failing.store, {
      [method]: async (...parameters: never[]) => {
        const when = failing.fail[method]
        if (when !== undefined) failing.fail = {}
        if (when === 'before') throw FAULT
        const reply: unknown = await Reflect.apply(store[method], store, parameters)
        if (when === 'after') throw FAULT
        return reply
      },
    })
  }
  return failing
}

/** By default what the store throws reaches the caller here, so that the tests can look at it. */
async function visitor(
  options: Partial<SessionOptions<unknown>> = { onStoreFailure: passOn },
): Promise<{ app: App; browser: Browser; failing: Failing }> {
  const failing = failingStore()
  const app = newApp({ ...options, store: failing.store })
  const browser = app.browser()
  app.handler = (session) => {
    session.set('n', 1)
    session.set('t', 'token')
    session.flash('notice', 'hello')
    return 'ok'
  }
  await browser.fetch('/')
  app.events.length = 0
  return { app, browser, failing }
}

function passOn(error: SessionError): never {
  throw error
}

const all: Handler = (session) => session.all()

/** Does it, and once more if the store fails. */
async function twice(operation: () => Promise<unknown>): Promise<unknown> {
  try {
    return await operation()
  } catch (error) {
    if (error instanceof SessionError) return operation()
    throw error
  }
}

describe('a store that fails', () => {
  test.for(['before', 'after'] as const)(
    '%s a read: the error reaches the caller with its cause',
    async (when) => {
      const { app, browser, failing } = await visitor()
      failing.fail = { read: when }
      app.handler = all
      const fault = await browser.fetch('/').catch((error: unknown) => error)
      expect(fault).toBeInstanceOf(SessionError)
      expect(fault).toMatchObject({
        code: 'ERR_STORE',
        message:
          'ERR_STORE: The durable-object store failed to read the session: the network broke',
        cause: FAULT,
      })
      expect(app.events).toMatchObject([{ type: 'store-failed', call: 'read' }])
      expect(await browser.json('/')).toEqual({ n: 1, t: 'token' })
    },
  )

  // The read before the handler would meet the failure.
  test.skipIf(HERE.isReading)(
    'in a read does not spoil the session: the handler can read again',
    async () => {
      const { app, browser, failing } = await visitor()
      failing.fail = { read: 'before' }
      app.handler = (session) => twice(() => session.all())
      expect(await browser.json('/')).toEqual({ n: 1, t: 'token' })
    },
  )

  test('in the commit fails the request, with nothing half-written', async () => {
    const { app, browser, failing } = await visitor()
    failing.fail = { write: 'before' }
    app.handler = (session) => {
      session.set('a', 1)
      session.set('b', 2)
      return 'never'
    }
    await expect(browser.fetch('/')).rejects.toThrow(
      'ERR_STORE: The durable-object store failed to write the session. Whether it took effect is unknown: the network broke',
    )
    app.handler = all
    expect(await browser.json('/')).toEqual({ n: 1, t: 'token' })
  })

  test('in the first write makes no session that the visitor would know of', async () => {
    const failing = failingStore()
    const app = newApp({ store: failing.store, onStoreFailure: passOn })
    const browser = app.browser()
    failing.fail = { create: 'after' }
    app.handler = (session) => session.increment('n')
    await expect(browser.fetch('/')).rejects.toThrow(/^ERR_STORE/)
    expect(browser.cookies.size).toBe(0)
  })
})

describe.for(['before', 'after'] as const)(
  'an operation repeated after a failure %s it took effect',
  (when) => {
    test('increments once', async () => {
      const { app, browser, failing } = await visitor()
      failing.fail = { write: when }
      app.handler = (session) => twice(() => session.increment('n', 5))
      expect(await browser.json('/')).toBe(6)
      app.handler = all
      expect(await browser.json('/')).toMatchObject({ n: 6 })
    })

    test('increments once in the request that makes the session', async () => {
      const failing = failingStore()
      const app = newApp({ store: failing.store })
      const browser = app.browser()
      failing.fail = { create: when }
      app.handler = (session) => twice(() => session.increment('n', 5))
      expect(await browser.json('/')).toBe(5)
      app.handler = all
      expect(await browser.json('/')).toEqual({ n: 5 })
    })

    test('updates once', async () => {
      const { app, browser, failing } = await visitor()
      failing.fail = { write: when }
      app.handler = (session) =>
        twice(() => session.update('list', (list = []) => [...(list as number[]), 1]))
      expect(await browser.json('/')).toEqual([1])
      expect(failing.fail).toEqual({})
      app.handler = all
      expect(await browser.json('/')).toMatchObject({ list: [1] })
    })

    test('takes once, and gives what was taken', async () => {
      const { app, browser, failing } = await visitor()
      failing.fail = { write: when }
      app.handler = (session) => twice(() => session.take('t'))
      expect(await browser.json('/')).toBe('token')
      app.handler = all
      expect(await browser.json('/')).toEqual({ n: 1 })
    })

    test('shows flash messages', async () => {
      const { app, browser, failing } = await visitor()
      failing.fail = { write: when }
      app.handler = (session) => twice(() => session.flashes())
      expect(await browser.json('/')).toEqual({ notice: 'hello' })
      expect(await browser.json('/')).toEqual({})
    })

    test('commits once, and does not undo what others did since', async () => {
      const { app, browser, failing } = await visitor()
      const other = browser.copy()
      failing.fail = { write: when }
      app.handler = async (session) => {
        session.set('n', 10)
        await session.commit().catch(() => undefined)
        app.handler = (their) => their.increment('n')
        await other.fetch('/')
        await session.commit()
        return 'ok'
      }
      await browser.fetch('/')
      app.handler = all
      expect(await browser.json('/')).toMatchObject({ n: when === 'after' ? 11 : 10 })
    })

    test('regenerates once, and the visitor holds the token that counts', async () => {
      const { app, browser, failing } = await visitor()
      const old = browser.copy()
      failing.fail = { regenerate: when }
      app.handler = async (session) => {
        await twice(() => session.regenerate())
        return 'ok'
      }
      expect((await browser.fetch('/')).status).toBe(200)
      app.handler = all
      expect(await browser.json('/')).toMatchObject({ n: 1 })
      expect(await old.json('/')).toEqual({})
    })

    test('destroys', async () => {
      const { app, browser, failing } = await visitor()
      const old = browser.copy()
      failing.fail = { destroy: when }
      app.handler = async (session) => {
        await twice(() => session.destroy())
        return 'ok'
      }
      expect((await browser.fetch('/')).status).toBe(200)
      expect(browser.cookies.size).toBe(0)
      app.handler = all
      expect(await old.json('/')).toEqual({})
    })
  },
)

test('two equal increments that run at the same time count twice', async () => {
  const { app, browser } = await visitor()
  app.handler = (session) => Promise.all([session.increment('n'), session.increment('n')])
  expect(await browser.json('/')).toEqual([2, 3])
})

describe('an observer', () => {
  test('that throws, or rejects, breaks nothing', async () => {
    for (const onEvent of [
      () => {
        throw new Error('mine')
      },
      () => Promise.reject(new Error('mine')),
    ]) {
      const app = newApp({ onEvent })
      app.handler = (session) => session.increment('n')
      expect(await app.browser().json('/')).toBe(1)
    }
  })

  test('is told of a session’s life without ever seeing a token, a secret or data', async () => {
    const app = newApp()
    const browser = app.browser()
    const tokens: string[] = []
    const go = async (handler: Handler): Promise<void> => {
      app.handler = handler
      await browser.fetch('/')
      tokens.push(...browser.cookies.values())
    }
    await go((session) => {
      session.set('key-in-data', 'value-in-data')
      return session.id
    })
    await go(async (session) => {
      await session.regenerate()
      return 'ok'
    })
    await go(async (session) => {
      await session.destroy()
      return 'ok'
    })
    expect(app.events.map(({ type }) => type)).toEqual(['created', 'regenerated', 'destroyed'])
    const log = JSON.stringify(app.events)
    expect(log).not.toMatch(/key-in-data|value-in-data/)
    for (const part of tokens
      .flatMap((token) => token.split('.'))
      .filter(({ length }) => length > 4)) {
      expect(log).not.toContain(part)
    }
  })
})
