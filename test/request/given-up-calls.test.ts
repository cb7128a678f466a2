import { afterEach, expect, test, vi } from 'vitest'

import type { Session } from '../../src/index.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { newApp } from '../support/app.ts'

test('a call that is given up aborts its signal, with the reason; one that is answered does not', async () => {
  const store = memoryStore()
  const signals: (AbortSignal | undefined)[] = []
  const patient = newApp({
    store: {
      ...store,
      create: (credential, context, patch) => {
        signals.push(context.signal?.())
        return store.create(credential, context, patch)
      },
    },
  })
  patient.handler = (session) => session.set('a', 1)
  const visitor = patient.browser()
  await visitor.fetch('/')
  const app = newApp({
    store: {
      ...store,
      read: (_, { signal }) => {
        signals.push(signal?.())
        return new Promise(() => undefined)
      },
    },
    storeTimeout: 0.01,
  })
  app.handler = (session) => session.load().then(String, () => 'given up')
  const browser = app.browser()
  browser.cookies.addAll(visitor.cookies)
  expect(await browser.json('/')).toBe('given up')
  expect(signals.map((signal) => signal?.aborted)).toEqual([false, true])
  expect(signals[1]?.reason).toEqual(new Error('There was no answer within 10 ms.'))
})

afterEach(() => {
  vi.restoreAllMocks()
})

/** The timers of this length that are set and not cleared. */
function timersOf(seconds: number): () => number {
  const left = new Set<unknown>()
  const { setTimeout: set, clearTimeout: clear } = globalThis
  vi.spyOn(globalThis, 'setTimeout').mockImplementation(((run: () => void, time: number) => {
    const timer: unknown = set(run, time)
    if (time === seconds * 1000) left.add(timer)
    return timer
  }) as never)
  vi.spyOn(globalThis, 'clearTimeout').mockImplementation(((timer: never) => {
    left.delete(timer)
    clear(timer)
  }) as never)
  return () => left.size
}

test('a call that has failed leaves no timer behind, neither its own nor that of the next', async () => {
  const store = memoryStore()
  let failures = 0
  const app = newApp({
    store: {
      ...store,
      write: async (...call) => {
        if (failures > 0) {
          failures -= 1
          throw new Error('a failed call')
        }
        return store.write(...call)
      },
    },
    storeTimeout: 1234,
  })
  const browser = app.browser()
  app.handler = (session) => session.set('a', 1)
  await browser.fetch('/')
  failures = 1
  const left = timersOf(1234)
  app.handler = async (session) => {
    session.set('a', 2)
    await session.commit().catch(() => undefined)
    await session.commit()
  }
  expect((await browser.fetch('/')).status).toBe(200)
  expect(left()).toBe(0)
})

test('nor does a call after the response', async () => {
  const app = newApp({ store: memoryStore(), storeTimeout: 1234 })
  const browser = app.browser()
  app.handler = (session) => session.set('a', 1)
  await browser.fetch('/')
  const kept: Session[] = []
  app.handler = (session) => {
    kept.push(session)
  }
  await browser.fetch('/')
  const left = timersOf(1234)
  expect(await kept[0]?.get('a')).toBe(1)
  expect(left()).toBe(0)
})
