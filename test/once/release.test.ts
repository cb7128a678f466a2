import { describe, expect, test } from 'vitest'

import type { SessionError } from '../../src/index.ts'
import type { SessionStore } from '../../src/record/store.ts'
import { LEASING_STORES, newGate, onceVisitor } from '../support/once-app.ts'

describe.for([...LEASING_STORES])('the result of once() on the %s store', ([, options]) => {
  test('is kept beside the same changes that another commit is writing', async () => {
    const { app, browser } = await onceVisitor(options)
    let runs = 0
    app.handler = (session) =>
      session.once('refresh', () => {
        runs += 1
        session.clear()
        session.set('token', 'r1')
        const writing = session.commit()
        return writing === undefined ? 0 : runs
      })
    expect(await browser.json('/')).toBe(1)
    app.handler = (session) => session.once('refresh', () => (runs += 1), { lease: 0.01 })
    expect(await browser.json('/')).toBe(1)
    expect(runs).toBe(1)
    app.handler = (session) => session.all()
    expect(await browser.json('/')).toEqual({ token: 'r1' })
  })

  test('is refused, with its changes or without, if the session would be too large', async () => {
    const { app, browser } = await onceVisitor(options)
    app.handler = (session) => {
      for (let each = 0; each < 7; each += 1) session.set(`${each}`, 'x'.repeat(1_100_000))
    }
    expect((await browser.fetch('/')).status).toBe(200)
    app.handler = (session) => session.once('refresh', () => 'x'.repeat(1_100_000))
    expect((await browser.fetch('/')).status).toBe(413)
    app.handler = (session) => session.once('refresh', () => 'small')
    expect(await browser.json('/')).toBe('small')
  })
  test('leaves its changes to the commit if the store could not be reached', async () => {
    const { part } = options.store
    let failures = 1
    const store: SessionStore = {
      ...options.store,
      part: (credential, context, call) => {
        if (call.method !== 'release' || failures === 0 || part === undefined) {
          return part?.(credential, context, call) ?? Promise.reject(new Error('no part'))
        }
        failures -= 1
        throw new Error('The connection was refused.')
      },
    }
    const { app, browser } = await onceVisitor({ store })
    app.handler = async (session) => {
      const refreshed = session.once('refresh', () => {
        session.set('token', 'r1')
        return 1
      })
      return refreshed.catch(({ code }: SessionError) => code)
    }
    expect(await browser.json('/')).toBe('ERR_STORE')
    app.handler = (session) => session.all()
    expect(await browser.json('/')).toEqual({ token: 'r1' })
  })

  test('is stored with its changes, even if another function of the same request throws', async () => {
    const { app, browser } = await onceVisitor(options)
    const [isSet, isThrown] = [newGate(), newGate()]
    app.handler = async (session) => {
      const failing = session.once('failing', async () => {
        await isSet.opened
        throw new Error('no')
      })
      const other = session.once('other', async () => {
        session.set('other', 1)
        isSet.open()
        await isThrown.opened
        return 1
      })
      const error = await failing.catch(String)
      isThrown.open()
      return [error, await other]
    }
    expect(await browser.json('/')).toEqual(['Error: no', 1])
    app.handler = (session) => session.all()
    expect(await browser.json('/')).toEqual({ token: 'r0', other: 1 })
  })
  test('is refused if the function has asked for its own key, after the time of the lease', async () => {
    const { app, browser } = await onceVisitor(options)
    app.handler = (session) =>
      session
        .once(
          'refresh',
          () => {
            const inner = session.once('refresh', () => 'inner', { lease: 10 })
            app.now += 1000
            return inner
          },
          { lease: 0.05 },
        )
        .catch(String)
    expect(await browser.json('/')).toContain('ERR_CONFLICT')
    app.handler = (session) => session.once('refresh', () => 'outer')
    expect(await browser.json('/')).toBe('inner')
  })
})
