import { describe, expect, test } from 'vitest'

import type { SessionStore } from '../../src/index.ts'
import { once } from '../../src/once.ts'
import { newApp } from '../support/app.ts'
import { LEASING_STORES, type OnceSession } from '../support/once-app.ts'

// Every pair of operations, of which the first fails and the handler goes on: the response is sent, so the browser must
// have a session as if nothing had failed. (A `once` after one that has got the lease unknowingly waits for its end.)

type Operation = (session: OnceSession) => unknown

const OPERATIONS: readonly (readonly [name: string, operation: Operation])[] = [
  ['get', (session) => session.get('a')],
  ['all', (session) => session.all()],
  ['load', (session) => session.load({ fresh: true })],
  ['flashes', (session) => session.flashes()],
  [
    'set',
    (session) => {
      session.set('b', 2)
    },
  ],
  [
    'commit',
    async (session) => {
      session.set('c', 3)
      await session.commit()
    },
  ],
  ['increment', (session) => session.increment('n')],
  ['update', (session) => session.update('u', (value) => Number(value ?? 0) + 1)],
  ['take', (session) => session.take('t')],
  ['once', (session) => session.once('refresh', () => 1)],
  ['regenerate', (session) => session.regenerate()],
  ['signIn', (session) => session.signIn('ada')],
]

interface Failing {
  readonly store: SessionStore
  /** When the next call fails: before or after it takes effect. */
  next?: 'before' | 'after'
}

/** A store whose next call fails as its test says. */
function failing(given: SessionStore): Failing {
  async function failingly<Reply>(call: () => Reply): Promise<Awaited<Reply>> {
    const { next } = state
    delete state.next
    if (next === 'before') throw new Error('The connection was refused.')
    const reply = await call()
    if (next === 'after') throw new Error('The connection was reset.')
    return reply
  }
  const store: SessionStore = {
    ...given,
    create: (...args) => failingly(() => given.create(...args)),
    read: (...args) => failingly(() => given.read(...args)),
    write: (...args) => failingly(() => given.write(...args)),
    regenerate: (...args) => failingly(() => given.regenerate(...args)),
    part: (...args) => failingly(() => given.part?.(...args) ?? fail()),
  }
  const state: Failing = { store }
  return state
}

function fail(): never {
  throw new Error('The store has no parts.')
}

describe.for(LEASING_STORES)('on %s', ([, { store: given }]) => {
  describe.for(OPERATIONS)('after %s has failed and was passed over', ([first, fails]) => {
    test.for(
      (['before', 'after'] as const).flatMap((when) =>
        OPERATIONS.filter(
          ([name]) => !(when === 'after' && first === 'once' && name === 'once'),
        ).map(([name, operation]) => [when, name, operation] as const),
      ),
    )('%s it took effect, %s loses nothing', async ([when, second, follows]) => {
      const state = failing(given)
      const app = newApp({ store: state.store, use: [once()] })
      const browser = app.browser()
      app.handler = async (session) => {
        await session.signIn('ada')
        session.set('a', 1)
        session.set('t', 'ticket')
        session.flash('notice', 'Welcome')
      }
      await browser.fetch('/')
      let failure: unknown
      app.handler = async (session) => {
        state.next = when
        try {
          await fails(session as OnceSession)
        } catch (error) {
          failure = Object(error).code
        }
        delete state.next
        await follows(session as OnceSession)
        return 'sent'
      }
      const response = await browser.fetch('/')
      expect([response.status, await response.json()]).toEqual([200, 'sent'])
      expect([undefined, 'ERR_STORE']).toContain(failure)
      app.handler = async (session) => {
        const values = await session.all()
        return { userId: session.userId, a: values['a'], n: values['n'], u: values['u'] }
      }
      // A repetition counts once. The first call of an update is a read.
      const isCounted = second === 'increment' || (first === 'increment' && when === 'after')
      expect(await browser.json('/')).toEqual({
        userId: 'ada',
        a: 1,
        ...(isCounted && { n: 1 }),
        ...(second === 'update' && { u: 1 }),
      })
    })
  })
})
