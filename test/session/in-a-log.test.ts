import { describe, expect, test } from 'vitest'

import { cached } from '../../src/store/cached.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { type AppSession, newApp } from '../support/app.ts'
import { EVERY_STORE } from '../support/every-store.ts'

// The types of Workers have no node:util.
const UTIL: string = 'node:util'
const { inspect } = (await import(UTIL)) as {
  inspect: (value: unknown, options?: object) => string
}

/** The session as `JSON.stringify` shows it; `keys` in order, `undefined` for none. */
function shown(session: AppSession): { id: string; isNew: boolean; keys: string[] | undefined } {
  const { id, isNew, keys, ...others } = JSON.parse(JSON.stringify(session)) as ReturnType<
    typeof shown
  >
  expect(others).toEqual({})
  expect(id).toBe(session.id)
  expect(isNew).toBe(session.isNew)
  return { id, isNew, keys: keys?.toSorted() }
}

const keysOf = (session: AppSession): string[] | undefined => shown(session).keys

describe.for(EVERY_STORE)('JSON.stringify(session), on %s', ([, newStore]) => {
  test('shows the keys that the request knows', async () => {
    const app = newApp({ store: newStore(), isInSeconds: true })
    const browser = app.browser()
    app.handler = async (session) => {
      const seen = [keysOf(session)]
      await session.load()
      seen.push(keysOf(session))
      session.set('a', 'a value')
      session.set('b', 'a value')
      session.flash('c', 'a value')
      session.delete('b')
      seen.push(keysOf(session))
      return seen
    }
    // JSON has null for undefined.
    expect(await browser.json('/')).toEqual([null, [], ['a']])

    app.handler = async (session) => {
      const seen = [keysOf(session)]
      session.set('d', 'a value')
      seen.push(keysOf(session))
      await session.get('a')
      seen.push(keysOf(session))
      session.clear()
      seen.push(keysOf(session))
      return seen
    }
    expect(await browser.json('/')).toEqual([null, ['d'], ['a', 'd'], []])
  })

  test('shows no key of a session that is over', async () => {
    const app = newApp({ store: newStore(), isInSeconds: true })
    const browser = app.browser()
    app.handler = (session) => session.set('a', 1)
    await browser.fetch('/')
    app.handler = async (session) => {
      await session.load()
      const before = keysOf(session)
      await session.destroy()
      return [before, keysOf(session) ?? []]
    }
    expect(await browser.json('/')).toEqual([['a'], []])
  })
})

test('it makes no call, and counts as looking at the session', async () => {
  const app = newApp()
  const browser = app.browser()
  app.handler = (session) => session.set('a', 1)
  await browser.fetch('/')
  app.calls.length = 0
  app.handler = (session) => JSON.stringify(session)
  const response = await browser.fetch('/')
  expect(app.calls).toEqual([])
  expect(response.headers.get('Vary')).toBe('Cookie')
  expect(response.headers.get('Cache-Control')).toMatch(/^private/)
})

test('a failed read leaves nothing known, and the next one shows the keys', async () => {
  const store = memoryStore()
  let isDown = false
  const app = newApp({
    store: {
      ...store,
      read: (...args) => (isDown ? Promise.reject(new Error('down')) : store.read(...args)),
    },
  })
  const browser = app.browser()
  app.handler = (session) => session.set('a', 1)
  await browser.fetch('/')
  app.handler = async (session) => {
    isDown = true
    await session.load().catch(() => undefined)
    isDown = false
    const before = keysOf(session)
    await session.load()
    return [before, keysOf(session)]
  }
  expect(await browser.json('/')).toEqual([null, ['a']])
})

describe('nothing secret is shown', () => {
  const SECRETS = ['a-value', 'another-value', 'a-flash', 'ada-the-user']
  const SHOWN: Record<string, (session: AppSession, request: Request) => string> = {
    'by JSON.stringify': (session) => JSON.stringify({ session }),
    'by console.log': (session) => inspect(session),
    'by util.inspect at any depth': (session) =>
      inspect({ session }, { depth: Infinity, showHidden: true, getters: true, showProxy: true }),
    'by util.inspect without our method': (session) =>
      inspect(session, { customInspect: false, depth: Infinity, showHidden: true }),
    'by a copy of its properties': (session) =>
      JSON.stringify([Object.entries(session), Object.getOwnPropertyDescriptors(session)]),
  }

  test.for(Object.entries(SHOWN))('%s', async ([, show]) => {
    for (const store of [memoryStore(), cached(memoryStore(), { maxAgeSeconds: 20 })]) {
      const app = newApp({ store })
      const browser = app.browser()
      const said: string[] = []
      app.handler = async (session, request) => {
        await session.signIn('ada-the-user')
        session.set('a', 'a-value')
        session.flash('b', 'a-flash')
        said.push(show(session, request))
      }
      // oxlint-disable-next-line no-await-in-loop
      const cookie = (await browser.fetch('/')).headers.get('Set-Cookie') ?? ''
      app.handler = async (session, request) => {
        await session.load()
        await session.update('c', () => 'another-value')
        said.push(show(session, request))
      }
      // oxlint-disable-next-line no-await-in-loop
      await browser.fetch('/')
      const token = /=([^;]+)/.exec(cookie)?.[1] ?? ''
      const parts = token.split('.').filter((part) => part.length > 1)
      expect(parts.length).toBeGreaterThan(2)
      expect(said.length).toBe(2)
      for (const text of said)
        for (const secret of [...SECRETS, ...parts]) expect(text).not.toContain(secret)
    }
  })

  test('but the id and the keys are', async () => {
    const app = newApp()
    app.handler = async (session) => {
      session.set('cart', 'a-value')
      return [inspect(session), session.id]
    }
    const [text, id] = await app.browser().json<[string, string]>('/')
    expect(text).toContain(id)
    expect(text).toContain("keys: [ 'cart' ]")
  })
})
