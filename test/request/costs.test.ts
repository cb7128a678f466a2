import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, test, vi } from 'vitest'

import { kvStore } from '../../src/store/kv.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { type App, type Handler, newApp } from '../support/app.ts'
import type { Browser } from '../support/browser.ts'

interface Cost {
  readonly calls: string[]
  readonly setCookies: number
}

async function costOf(app: App, browser: Browser, handler: Handler): Promise<Cost> {
  app.calls.length = 0
  app.handler = handler
  const response = await browser.fetch('/')
  expect(response.ok).toBe(true)
  return { calls: [...app.calls], setCookies: response.headers.getSetCookie().length }
}

const setOne: Handler = (session) => {
  session.set('a', 1)
  return 'ok'
}

const STORES = {
  'durable-object': undefined,
  memory: memoryStore(),
  kv: kvStore(env.SESSION_KV),
}

describe.for(Object.entries(STORES))('on the %s store', ([, store]) => {
  const app = newApp(store === undefined ? {} : { store })

  test('an anonymous request that stores nothing makes no call and sets no cookie', async () => {
    const reads: Handler = async (session) => [
      (await session.get('a')) ?? null,
      await session.has('a'),
      await session.keys(),
      await session.all(),
      await session.flashes(),
      session.id,
    ]
    expect(await costOf(app, app.browser(), reads)).toEqual({ calls: [], setCookies: 0 })
    const drops: Handler = async (session) => {
      session.delete('a')
      session.clear()
      await session.regenerate()
      await session.destroy()
      return 'ok'
    }
    expect(await costOf(app, app.browser(), drops)).toEqual({ calls: [], setCookies: 0 })
  })

  test('the first write makes one call, and sets the cookie', async () => {
    expect(await costOf(app, app.browser(), setOne)).toEqual({ calls: ['create'], setCookies: 1 })
  })

  test('a request that does not use its session makes no call', async () => {
    const browser = app.browser()
    await costOf(app, browser, setOne)
    const looks: Handler = (session) => [session.id, session.isNew, session.createdAt ?? null]
    expect(await costOf(app, browser, looks)).toEqual({ calls: [], setCookies: 0 })
  })

  test('any number of reads make one call', async () => {
    const browser = app.browser()
    await costOf(app, browser, setOne)
    const reads: Handler = async (session) => {
      await Promise.all([session.get('a'), session.get('b'), session.has('a')])
      return [await session.keys(), await session.all(), await session.flashes()]
    }
    expect(await costOf(app, browser, reads)).toEqual({ calls: ['read'], setCookies: 0 })
  })

  test('a write after a read makes one more call, and a blind one just one', async () => {
    const browser = app.browser()
    await costOf(app, browser, setOne)
    const readAndSet: Handler = async (session) => {
      await session.get('a')
      session.set('a', 2)
      session.set('b', 3)
      session.delete('c')
      session.flash('notice', 'saved')
      return 'ok'
    }
    expect(await costOf(app, browser, readAndSet)).toEqual({
      calls: ['read', 'write'],
      setCookies: 0,
    })
    expect(await costOf(app, browser, setOne)).toEqual({ calls: ['write'], setCookies: 0 })
  })

  test('regenerate and destroy make one call each', async () => {
    const browser = app.browser()
    await costOf(app, browser, setOne)
    const regenerate: Handler = async (session) => {
      await session.regenerate()
      return 'ok'
    }
    expect(await costOf(app, browser, regenerate)).toEqual({ calls: ['regenerate'], setCookies: 1 })
    const destroy: Handler = async (session) => {
      await session.destroy()
      return 'ok'
    }
    expect(await costOf(app, browser, destroy)).toEqual({ calls: ['destroy'], setCookies: 1 })
  })
})

describe('atomic operations', () => {
  const app = newApp()

  test('an increment is one call, and what it gave is read without another', async () => {
    const browser = app.browser()
    const increment: Handler = async (session) => [
      await session.increment('n'),
      (await session.get('n')) ?? null,
    ]
    expect(await costOf(app, browser, increment)).toEqual({ calls: ['create'], setCookies: 1 })
    expect(await costOf(app, browser, increment)).toEqual({ calls: ['write'], setCookies: 0 })
  })

  test('taking is one call; an update reads first; flashes are one more when there are any', async () => {
    const browser = app.browser()
    await costOf(app, browser, (session) => {
      session.set('a', 1)
      session.flash('notice', 'saved')
      return 'ok'
    })
    const take: Handler = async (session) => (await session.take('a')) ?? null
    expect((await costOf(app, browser, take)).calls).toEqual(['write'])
    const update: Handler = async (session) => session.update('b', () => 1)
    expect((await costOf(app, browser, update)).calls).toEqual(['read', 'write'])
    const flashes: Handler = async (session) => session.flashes()
    expect((await costOf(app, browser, flashes)).calls).toEqual(['read', 'write'])
    expect((await costOf(app, browser, flashes)).calls).toEqual(['read'])
  })

  test('two first operations that nobody awaited share one creation', async () => {
    const browser = app.browser()
    const both: Handler = (session) => {
      void session.increment('a')
      void session.increment('b')
      return 'ok'
    }
    expect(await costOf(app, browser, both)).toEqual({ calls: ['create', 'write'], setCookies: 1 })
    app.handler = (session) => session.all()
    expect(await browser.json('/')).toEqual({ a: 1, b: 1 })
  })
})

describe('the time limit of store calls', () => {
  afterEach(() => {
    vi.restoreAllMocks()
    vi.useRealTimers()
  })

  /** How many timers a request sets, and how many of them are left when it is over. */
  async function timersOf(app: App, browser: Browser, handler: Handler): Promise<number[]> {
    const running = new Set<unknown>()
    const { setTimeout: set, clearTimeout: clear } = globalThis
    let count = 0
    const setting = vi.spyOn(globalThis, 'setTimeout').mockImplementation(((
      callback: () => void,
      milliseconds: number,
    ) => {
      const timer: unknown = set(callback, milliseconds)
      count += 1
      running.add(timer)
      return timer
    }) as typeof setTimeout)
    const clearing = vi.spyOn(globalThis, 'clearTimeout').mockImplementation((timer) => {
      running.delete(timer)
      clear(timer ?? null)
    })
    app.handler = handler
    const response = await browser.fetch('/')
    setting.mockRestore()
    clearing.mockRestore()
    expect(response.ok).toBe(true)
    return [count, running.size]
  }

  const many: Handler = async (session) => {
    await session.get('a')
    await session.increment('n')
    await Promise.all([session.increment('n'), session.increment('m')])
    session.set('a', 2)
    await session.commit()
    await session.regenerate()
    session.set('a', 3)
    return 'ok'
  }

  test('takes one timer a request, however many calls it makes, and leaves none behind', async () => {
    const app = newApp()
    const browser = app.browser()
    expect(await timersOf(app, browser, setOne)).toEqual([1, 0])
    expect(await timersOf(app, browser, (session) => session.all())).toEqual([1, 0])
    expect(await timersOf(app, browser, many)).toEqual([1, 0])
    expect(await timersOf(app, browser, (session) => session.destroy())).toEqual([1, 0])
  })

  test('takes none where no call is made, a copy answers, or the runtime is to decide', async () => {
    const app = newApp({ cached: { maxAgeSeconds: 20 } })
    const browser = app.browser()
    await timersOf(app, browser, setOne)
    expect(await timersOf(app, browser, (session) => session.all())).toEqual([0, 0])
    expect(await timersOf(app, app.browser(), (session) => session.all())).toEqual([0, 0])
    expect(await timersOf(app, browser, () => 'ok')).toEqual([0, 0])
    const patient = newApp({ storeTimeout: Infinity })
    expect(await timersOf(patient, patient.browser(), setOne)).toEqual([0, 0])
  })

  test('is each call’s own: one that is made later has its whole time', async () => {
    const objects = memoryStore()
    let pause = 0
    // A call takes as long as the clock is moved by.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] })
    const write: typeof objects.write = async (...parameters) => {
      await vi.advanceTimersByTimeAsync(pause)
      return objects.write(...parameters)
    }
    const app = newApp({ store: { ...objects, write }, storeTimeout: 0.2 })
    const browser = app.browser()
    app.handler = setOne
    await browser.fetch('/')
    app.handler = async (session) => {
      const counts: number[] = []
      for (pause of [120, 120, 120]) counts.push(await session.increment('n'))
      pause = 300
      const late = await session.increment('n').catch((error: unknown) => String(error))
      pause = 0
      return [...counts, late]
    }
    expect(await browser.json('/')).toEqual([1, 2, 3, expect.stringContaining('within 200 ms')])
  })
})
