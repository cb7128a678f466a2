import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'

import { cached } from '../../src/store/cached.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { kvStore } from '../../src/store/kv.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { userIndex } from '../../src/store/user-index.ts'
import { tracer, type Tracing } from '../../src/tracing/tracer.ts'
import { newApp } from '../support/app.ts'

/** The attributes of simulated spans, by their names and values. */
function newSpans(fails?: string) {
  const noted: (readonly [name: string, value: unknown])[] = []
  const check = (name: string): void => {
    if (name === fails) throw new Error(`tracer: ${name}`)
  }
  const span = {
    isTraced: true,
    setAttribute: (name: string, value: unknown) => {
      check('setAttribute')
      return noted.push([name, value])
    },
    end: () => check('end'),
  }
  const spans: Tracing = {
    getActiveSpan: () => {
      check('getActiveSpan')
      return span
    },
    startSpan: () => {
      check('startSpan')
      return span
    },
    enterSpan: (_, callback) => {
      check('enterSpan')
      const result = callback(span)
      check('after the call')
      return result
    },
    withActiveSpan: (_, callback) => {
      check('withActiveSpan')
      return callback()
    },
  }
  return { spans, noted }
}

const STORES = [
  ['objects', () => durableObjectStore(env.SESSIONS)],
  ['copies', () => cached(memoryStore(), { maxAgeSeconds: 20 })],
] as const

const MEMBERS = [
  'getActiveSpan',
  'startSpan',
  'enterSpan',
  'after the call',
  'withActiveSpan',
  'setAttribute',
  'end',
] as const

test.for(
  STORES.flatMap(([name, newStore]) => MEMBERS.map((fails) => [fails, name, newStore] as const)),
)(
  'a tracer that fails does not fail the request, and no call is made twice: %s, on %s',
  async ([fails, , newStore]) => {
    const { spans } = newSpans(fails)
    const app = newApp({ store: newStore(), use: [tracer(spans)] })
    const browser = app.browser()
    app.handler = (session) => session.increment('n')
    expect(await browser.json('/')).toBe(1)
    expect(await browser.json('/')).toBe(2)
    expect(app.calls).toEqual(['create', 'write'])
    expect(app.events.map(({ type }) => type)).not.toContain('store-failed')
  },
)

test('the error of a call is its own, though it passes the tracer', async () => {
  const { spans } = newSpans()
  const store = { ...memoryStore(), create: () => Promise.reject(new Error('no disk')) }
  const app = newApp({ store, use: [tracer(spans)] })
  app.handler = (session) => session.increment('n')
  expect((await app.browser().fetch('/')).status).toBe(503)
  expect(app.events).toMatchObject([{ type: 'store-failed', message: 'no disk' }])
})

/** A part of each text that a span must not have. */
const MARK = 'MaRk'

test.for([
  ['objects', () => durableObjectStore(env.SESSIONS)],
  ['kv', () => kvStore(env.SESSION_KV)],
] as const)(
  'no attribute has a token, a user, a key, a value or an error, on %s',
  async ([name, newStore]) => {
    const { spans, noted } = newSpans()
    const store = newStore()
    let isDown = false
    const app = newApp({
      store: {
        ...store,
        read: (...call) => {
          if (isDown) throw new Error(`${MARK}-error`)
          return store.read(...call)
        },
      },
      use: [tracer(spans)],
      accounts: { index: () => userIndex(env.USERS), limit: { max: 1, whenFull: 'end-oldest' } },
    })
    const browser = app.browser()
    const cookies: string[] = []
    const visit = async (handler: typeof app.handler): Promise<void> => {
      app.handler = handler
      const response = await browser.fetch('/')
      cookies.push(...response.headers.getSetCookie())
      app.now += 2000
    }
    for (let device = 0; device < 2; device += 1) {
      // oxlint-disable-next-line no-await-in-loop
      await visit(async (session) => {
        await session.signIn(`${MARK}-user`, { label: `${MARK}-label` })
        session.set(`${MARK}-key`, `${MARK}-value`)
        session.flash(`${MARK}-flash`, `${MARK}-note`)
      })
      if (device === 0) browser.cookies.clear()
    }
    await visit((session) => session.all())
    await visit((session) => session.flashes())
    if (name === 'objects') await visit((session) => session.take(`${MARK}-key`))
    await visit((session) => session.regenerate())
    isDown = true
    await visit((session) => session.all())
    isDown = false
    await visit((session) => session.signOut())
    const told = new Set(noted.map(([attribute]) => attribute))
    expect(told).toContain('session.outcome')
    expect(told.size).toBeGreaterThan(6)
    // A token is `1.key.body.mac`; the key of KV is not the public id.
    const parts = cookies.flatMap(
      (cookie) => /=([^;]*)/.exec(cookie)?.[1]?.split('.').slice(2) ?? [],
    )
    const listed = name === 'kv' ? (await env.SESSION_KV.list()).keys.map((key) => key.name) : []
    const secrets = [MARK, ...parts, ...listed].filter((text) => text !== '')
    expect(secrets.length).toBeGreaterThan(4)
    for (const [attribute, value] of noted) {
      const leaks = secrets.filter((secret) => `${attribute}=${String(value)}`.includes(secret))
      expect([attribute, leaks]).toEqual([attribute, []])
    }
  },
)
