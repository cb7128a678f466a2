import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import { accounts } from '../../src/accounts.ts'
import { createSessions } from '../../src/index.ts'
import * as inside from '../../src/store/durable-object.ts'
import * as outside from '../../src/store/object/outside.ts'
import * as insideIndex from '../../src/store/user-index.ts'
import * as outsideIndex from '../../src/store/user-index/outside.ts'
import { cookieFor } from '../../src/testing.ts'

const secrets = ['only-for-tests-only-for-tests-only-for-tests'] as const

// What loads them outside of workerd is in test/node/outside.test.ts.
describe('the entries for outside of workerd', () => {
  test('have every name of those inside', () => {
    expect(Object.keys(outside).toSorted()).toEqual(Object.keys(inside).toSorted())
    expect(Object.keys(outsideIndex).toSorted()).toEqual(Object.keys(insideIndex).toSorted())
  })

  test('make sessions that those inside find', async () => {
    const { userIndex } = outsideIndex
    const there = createSessions({
      secrets,
      store: outside.durableObjectStore(env.SESSIONS),
      use: [accounts({ index: userIndex(env.USERS) })],
    })
    const here = createSessions({
      secrets,
      store: inside.durableObjectStore(env.SESSIONS),
      use: [accounts({ index: insideIndex.userIndex(env.USERS) })],
    })
    const cookie = await cookieFor(there, {}, { data: { a: 1 }, userId: 'outside' })
    const request = new Request('https://app.example/', { headers: { Cookie: cookie } })
    const session = await here.open(request, {})
    expect(await session.get('a')).toBe(1)
    expect(await here.user('outside', {}).list()).toMatchObject([{ id: session.id }])
  })

  test.for([
    ['durableObjectStore() without a binding', () => outside.durableObjectStore(), 'SESSIONS'],
    ['userIndex() without a binding', () => outsideIndex.userIndex(), 'USERS'],
    ['an object of SessionObject', () => Reflect.construct(outside.SessionObject, []), 'SESSIONS'],
    ['an object of UserObject', () => Reflect.construct(outsideIndex.UserObject, []), 'USERS'],
  ] as const)('say of %s that it is in workerd only', ([, make, binding]) => {
    const error = expect.objectContaining({
      code: 'ERR_BINDING',
      message: expect.stringContaining(
        `is available in workerd only. Elsewhere pass the binding env.${binding}`,
      ),
    })
    expect(make).toThrow(error)
  })
})
