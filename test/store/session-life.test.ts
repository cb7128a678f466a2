import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import { newRandomText } from '../../src/codec/random.ts'
import { cellStore, SessionCell } from '../../src/record/session-cell.ts'
import type { Credential, SessionStore } from '../../src/record/store.ts'
import { cached } from '../../src/store/cached.ts'
import { durableObjectStore, type SessionObject } from '../../src/store/durable-object.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { countingStore } from '../support/counting-store.ts'
import {
  ABSOLUTE,
  entriesOf,
  IDLE,
  MINUTE,
  momentAt,
  newPatch,
  newSession,
  regenerated,
  setting,
  START,
  TOUCH,
} from './contract.ts'

const objects = durableObjectStore(env.SESSIONS)

function stubOf({ handle }: Credential): DurableObjectStub<SessionObject> {
  return env.SESSIONS.get(env.SESSIONS.idFromString(objects.idOf(handle)))
}

async function rowNamesOf(credential: Credential): Promise<string[]> {
  return runInDurableObject(stubOf(credential), (_object, { storage }) =>
    Array.from(storage.kv.list<string>(), ([name]) => name),
  )
}

/** Signs a user in over a session, at a moment; the credential from then on. */
async function signedIn(
  store: SessionStore,
  { handle, secret: former }: Credential,
  userId: string,
  moment = momentAt(0),
): Promise<Credential> {
  const secret = newRandomText()
  const patch = { ...newPatch({}), signIn: { userId, at: moment.now } }
  const reply = await store.regenerate({ handle, secret: former }, moment, { secret, patch })
  expect(reply).toMatchObject({ ok: true })
  return { handle, secret }
}

test('another user’s sign-in deletes the values that have rows of their own', async () => {
  const long = 'x'.repeat(3000)
  const former = await newSession(objects, { '=a': '1' })
  const ada = await signedIn(objects, former, 'ada')
  await objects.write(ada, momentAt(0), setting({ '=long': long, '=other': long, '!0': long }))
  expect(await rowNamesOf(ada)).toHaveLength(4)
  const bob = await signedIn(objects, ada, 'bob')
  expect(await rowNamesOf(bob)).toEqual(['$'])
  await evictDurableObject(stubOf(bob))
  expect(await entriesOf(objects, bob)).toEqual({})
})

describe.for([
  ['memory', memoryStore()],
  ['durable-object', objects],
] as const)('on a %s store', ([, store]) => {
  test('a sign-in by a clock that is late leaves the last use as it was', async () => {
    const credential = await newSession(store)
    expect(await store.read(credential, momentAt(5 * MINUTE))).toMatchObject({
      usedAt: START + 5 * MINUTE,
    })
    const ada = await signedIn(store, credential, 'ada', momentAt(0))
    const last = momentAt(5 * MINUTE + IDLE - 1, { touch: IDLE })
    expect(await store.read(ada, last)).toMatchObject({ ok: true, usedAt: START + 5 * MINUTE })
    expect(await store.read(ada, momentAt(5 * MINUTE + IDLE))).toEqual({
      ok: false,
      gone: 'expired',
    })
  })

  test('a token replaced by a clock that is late leaves the last use as it was', async () => {
    const credential = await newSession(store)
    await store.read(credential, momentAt(5 * MINUTE))
    const next = await regenerated(store, credential, momentAt(0))
    expect(await store.read(next, momentAt(5 * MINUTE))).toMatchObject({
      usedAt: START + 5 * MINUTE,
    })
  })
})

describe('the alarm of a session', () => {
  /** A store of one cell, whose storage is a variable. */
  function newCellStore(): { store: SessionStore; cell: SessionCell } {
    const cell = new SessionCell(undefined, () => undefined)
    const parts = { name: 'cell', newHandle: newRandomText, idOf: (handle: string) => handle }
    const store = cellStore(
      { ...parts, handleFor: undefined, addressOf: undefined },
      async (_handle, request) => cell.call(request),
    )
    return { store, cell }
  }

  test.for([
    ['idle', { idle: 2 * IDLE }, 2 * IDLE],
    ['absolute', { idle: 2 * ABSOLUTE, absolute: 3 * ABSOLUTE }, 2 * ABSOLUTE],
  ] as const)(
    'goes by a longer %s timeout from its first use on, however soon that is',
    async ([, timeouts, end]) => {
      const { store, cell } = newCellStore()
      const credential = await newSession(store, { '=a': '1' })
      const early = momentAt(TOUCH / 2, timeouts)
      await store.read(credential, early)
      const usedAt = START + TOUCH / 2
      expect(await cell.sweep(START + IDLE)).toBe(usedAt + end)
      expect(await entriesOf(store, credential, momentAt(IDLE, timeouts))).toEqual({ '=a': '1' })
    },
  )

  test('goes by a shorter timeout from its first use on', async () => {
    const { store, cell } = newCellStore()
    const credential = await newSession(store)
    await store.read(credential, momentAt(TOUCH / 2, { idle: IDLE / 2 }))
    expect(await cell.sweep(START)).toBe(START + TOUCH / 2 + IDLE / 2)
  })
})

describe('a token that was replaced', () => {
  const moment = momentAt(0)
  test.for([
    ['read', (store, token) => store.read(token, moment)],
    ['write', (store, token) => store.write(token, moment, setting({ '=a': '2' }))],
    ['regenerate', (store, token) => store.regenerate(token, moment, { secret: newRandomText() })],
    ['destroy', (store, token) => store.destroy(token, moment)],
  ] satisfies [string, (store: SessionStore, token: Credential) => unknown][])(
    'leaves the copy for the present one: %s',
    async ([, call]) => {
      const { store: counted, calls } = countingStore(memoryStore())
      const store = cached(counted, { maxAgeSeconds: 30 })
      const former = await newSession(store, { '=a': '1' })
      const next = await regenerated(store, former)
      const { bookmark } = (await store.read(next, moment)) as { bookmark?: number }
      const current = { ...next, bookmark }
      expect(await call(store, former)).toMatchObject({ ok: false, gone: 'rotated' })
      calls.length = 0
      expect(await entriesOf(store, current as Credential)).toEqual({ '=a': '1' })
      expect(calls).toEqual([])
    },
  )
})
