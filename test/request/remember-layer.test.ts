import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import type { SessionStore } from '../../src/index.ts'
import { remembering } from '../../src/remember.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { kvStore } from '../../src/store/kv.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { newApp } from '../support/app.ts'

const DAY = 86_400_000

test('timeouts that do not fit the touchInterval of the layer are refused where they are given', () => {
  const newLayer = (touchInterval: number) =>
    newApp({
      idleTimeout: 1000,
      touchInterval,
      accounts: { remember: remembering({ idleTimeout: 200 }) },
    })
  expect(() => newLayer(100)).not.toThrow()
  expect(() => newLayer(101)).toThrow(/remember: idleTimeout is 200/)
})

const STORES: readonly (readonly [name: string, newStore: () => SessionStore])[] = [
  ['objects', () => durableObjectStore(env.SESSIONS)],
  ['memory', () => memoryStore()],
  ['kv', () => kvStore(env.SESSION_KV)],
]

describe.for(STORES)('on %s', ([, newStore]) => {
  test('a session that a sign-in ends to remember stays so, if the same user signs in again at once', async () => {
    const app = newApp({ store: newStore(), accounts: { remember: remembering() } })
    const browser = app.browser()
    app.handler = (session) => session.signIn('ada', { remember: true })
    expect((await browser.fetch('/')).headers.get('Set-Cookie')).toContain('Max-Age=2592000')
    app.now += 2000
    app.handler = async (session) => {
      await session.signIn('ada', { remember: false })
      await session.signIn('ada', { aal: 2 })
    }
    expect((await browser.fetch('/')).headers.get('Set-Cookie')).not.toContain('Max-Age')
    app.now += 10 * DAY
    app.handler = async (session) => {
      await session.load()
      return session.userId ?? null
    }
    expect(await browser.json('/')).toBe(null)
  })
})
