import { describe, expectTypeOf, test } from 'vitest'

import { createSessions } from '../../src/index.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { cookieFor } from '../../src/testing.ts'

interface Data {
  cart: string[]
  visits: number
}

interface Env {
  SESSION_SECRET: string
}

declare const env: Env
const sessions = createSessions<Data, Env, { notice: string }>({
  secrets: ({ SESSION_SECRET }) => [SESSION_SECRET],
  store: memoryStore(),
})

describe('cookieFor', () => {
  test('takes what the session can hold, in part', () => {
    const cookie = cookieFor(sessions, env, {
      data: { cart: ['apple'] as const },
      flash: { notice: 'hello' },
      userId: 'ada',
      aal: 2,
      label: 'phone',
    })
    expectTypeOf(cookie).resolves.toEqualTypeOf<string>()
    void cookieFor(sessions, env, { flash: { notice: 'hello' } })
    void cookieFor(sessions, env, { userId: 'ada' })
  })

  test('takes no other key and no other value', () => {
    // @ts-expect-error there is no such key
    void cookieFor(sessions, env, { data: { card: [] } })
    // @ts-expect-error a cart is a list
    void cookieFor(sessions, env, { data: { cart: 'apple' } })
    // @ts-expect-error a notice is a text
    void cookieFor(sessions, env, { flash: { notice: 1 } })
    // @ts-expect-error there are three levels
    void cookieFor(sessions, env, { userId: 'ada', aal: 4 })
    // @ts-expect-error nobody is signed in
    void cookieFor(sessions, env, { data: { visits: 1 }, aal: 2 })
    // @ts-expect-error the application's bindings are other ones
    void cookieFor(sessions, {}, { userId: 'ada' })
  })

  test('takes whatever is stored where the data has no type', () => {
    const loose = createSessions({ secrets: ['x'.repeat(32)], store: memoryStore() })
    void cookieFor(loose, {}, { data: { anything: [1] }, flash: { at: 'all' } })
  })
})
