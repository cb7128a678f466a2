import { expect, test } from 'vitest'

import { SessionError } from '../../src/index.ts'
import { newApp } from '../support/app.ts'

test('every method that is called without its session says so', async () => {
  const app = newApp()
  const names: string[] = []
  app.handler = async (session) => {
    for (let object: object = session; object !== Object.prototype;) {
      for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(object))) {
        if (typeof value !== 'function' || name === 'constructor') continue
        names.push(name)
        const taken = value as (...args: unknown[]) => unknown
        // oxlint-disable-next-line no-await-in-loop
        const fault = await Promise.resolve()
          .then(() => taken('a', () => 1))
          .catch((error: unknown) => error)
        expect([name, fault]).toEqual([name, expect.any(SessionError)])
        expect((fault as SessionError).message).toMatch(/^ERR_OPTION: (A method|This is not a)/)
      }
      object = Object.getPrototypeOf(object) as object
    }
    return 'ok'
  }
  expect((await app.browser().fetch('/')).status).toBe(200)
  expect(names).toEqual(
    expect.arrayContaining(['get', 'set', 'update', 'flash', 'signIn', 'signOut']),
  )
})

test('its values can be taken', async () => {
  const app = newApp()
  app.handler = async (session) => {
    await session.signIn('ada')
    const { id, isNew, userId } = session
    return [id === session.id, isNew, userId]
  }
  expect(await app.browser().json('/')).toEqual([true, true, 'ada'])
})

test('a value that is asked of another object says so', async () => {
  const app = newApp()
  app.handler = (session) => {
    for (const other of [new Proxy(session, {}), Object.create(session) as typeof session]) {
      for (const name of ['id', 'isNew', 'createdAt', 'expiresAt', 'userId'] as const) {
        expect(() => other[name]).toThrow('ERR_OPTION: A method was called without its session')
      }
    }
    return 'ok'
  }
  expect((await app.browser().fetch('/')).status).toBe(200)
})
