import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, test, vi } from 'vitest'

import { kvStore, type SessionKvNamespace } from '../../src/store/kv.ts'
import { newApp } from '../support/app.ts'

/** The namespace, with the names of its calls. */
function counted(): { readonly kv: SessionKvNamespace; readonly calls: string[] } {
  const calls: string[] = []
  const kv: SessionKvNamespace = {
    get: (key, options) => {
      calls.push('get')
      return env.SESSION_KV.get(key, options)
    },
    put: (key, value, options) => {
      calls.push('put')
      return env.SESSION_KV.put(key, value, options)
    },
    delete: (key) => {
      calls.push('delete')
      return env.SESSION_KV.delete(key)
    },
  }
  return { kv, calls }
}

/** A visitor with `n: 1` in the session. */
async function newVisitor() {
  const { kv, calls } = counted()
  const app = newApp({ store: kvStore(kv) })
  const browser = app.browser()
  app.handler = (session) => session.set('n', 1)
  await browser.fetch('/')
  calls.length = 0
  return { app, browser, calls }
}

/** As in production, where the clock stands still between I/O. Here it runs on, and a busy machine takes its time. */
function stopTheClock(): void {
  vi.useFakeTimers({ toFake: ['Date'] })
}

afterEach(() => {
  vi.useRealTimers()
})

describe('on KV a request', () => {
  test('that reads and writes makes one get and one put', async () => {
    const { app, browser, calls } = await newVisitor()
    stopTheClock()
    app.handler = async (session) => session.set('n', Number(await session.get('n')) + 1)
    await browser.fetch('/')
    expect(calls).toEqual(['get', 'put'])
    app.handler = (session) => session.get('n')
    expect(await browser.json('/')).toBe(2)
  })

  test('that writes blindly makes one get and one put', async () => {
    const { app, browser, calls } = await newVisitor()
    app.handler = (session) => session.set('m', 1)
    await browser.fetch('/')
    expect(calls).toEqual(['get', 'put'])
  })

  test('reads again what another request has just read', async () => {
    const { app, browser, calls } = await newVisitor()
    app.handler = (session) => session.get('n')
    await browser.fetch('/')
    app.handler = (session) => session.set('m', 1)
    await browser.fetch('/')
    expect(calls).toEqual(['get', 'get', 'put'])
  })

  test('makes one get where the clock runs on a little, as in `wrangler dev`', async () => {
    const { app, browser, calls } = await newVisitor()
    stopTheClock()
    app.handler = async (session) => {
      await session.get('n')
      vi.setSystemTime(Date.now() + 24)
      session.set('m', 1)
    }
    await browser.fetch('/')
    expect(calls).toEqual(['get', 'put'])
  })

  test.each([25, -1])('reads again where the clock has moved by %i ms', async (milliseconds) => {
    const { app, browser, calls } = await newVisitor()
    stopTheClock()
    app.handler = async (session) => {
      await session.get('n')
      vi.setSystemTime(Date.now() + milliseconds)
      session.set('m', 1)
    }
    await browser.fetch('/')
    expect(calls).toEqual(['get', 'get', 'put'])
  })

  test('that has waited since it read reads again before it writes', async () => {
    const { app, browser, calls } = await newVisitor()
    stopTheClock()
    app.handler = async (session) => {
      await session.get('n')
      await scheduler.wait(0)
      vi.setSystemTime(Date.now() + 40)
      session.set('m', 1)
    }
    await browser.fetch('/')
    expect(calls).toEqual(['get', 'get', 'put'])
  })

  test('that changes the token of a session it has just made leaves no word under the former one', async () => {
    const { app, calls } = await newVisitor()
    app.handler = async (session) => {
      session.set('n', 1)
      await session.commit()
      await session.regenerate()
    }
    const browser = app.browser()
    await browser.fetch('/')
    expect(calls).toEqual(['put', 'get', 'put'])
  })

  test('reads again where another one has written since, and keeps what that wrote', async () => {
    const { app, browser } = await newVisitor()
    stopTheClock()
    const other = browser.copy()
    app.handler = async (session, request) => {
      if (request.url.endsWith('/other')) return session.set('other', 1)
      await session.get('n')
      await other.fetch('/other')
      return session.set('own', 1)
    }
    await browser.fetch('/')
    app.handler = (session) => session.all()
    expect(await browser.json('/')).toEqual({ n: 1, other: 1, own: 1 })
  })

  test('is refused where another one has ended the session since it read', async () => {
    const { app, browser } = await newVisitor()
    stopTheClock()
    const other = browser.copy()
    app.handler = async (session, request) => {
      if (request.url.endsWith('/other')) return session.destroy()
      await session.get('n')
      await other.fetch('/other')
      return session.set('own', 1)
    }
    expect((await browser.fetch('/')).status).toBe(409)
  })
})
