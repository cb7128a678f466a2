import { expect, test } from 'vitest'

import { newRandomText } from '../../src/codec/random.ts'
import type { CallContext, SessionStore } from '../../src/record/store.ts'
import { kvStore, type SessionKvNamespace } from '../../src/store/kv.ts'
import { skipSeconds } from '../support/no-waiting.ts'
import { StaleKv } from '../support/stale-kv.ts'
import {
  ABSOLUTE,
  entriesOf,
  MINUTE,
  momentAt,
  newCredential,
  newSession,
  regenerated,
  setting,
  START,
} from './contract.ts'

const CACHE = MINUTE
const ENDED = { ok: false, gone: 'ended' }

/** One namespace with a store in each of two locations, and the clock of both. */
function newWorld(options: { seesOwnWrites?: boolean } = {}): {
  home: SessionStore
  elsewhere: SessionStore
  newLocation: () => SessionKvNamespace
  at: (milliseconds: number) => CallContext
} {
  let now = START
  const world = new StaleKv(() => now, options)
  return {
    home: kvStore(world.location()),
    elsewhere: kvStore(world.location()),
    newLocation: () => world.location(),
    at: (milliseconds) => {
      now = START + milliseconds
      return momentAt(milliseconds)
    },
  }
}

test('a logout is seen elsewhere 60 s after the last look there, and not before', async () => {
  const { home, elsewhere, at } = newWorld()
  const credential = await newSession(home, { '=a': '1' })
  expect(await entriesOf(elsewhere, credential, at(10_000))).toEqual({ '=a': '1' })
  expect(await home.destroy(credential, at(20_000))).toEqual({ ok: true })
  const ended = { ...ENDED, at: START + 20_000 }
  expect(await home.read(credential, at(20_000))).toEqual(ended)
  expect(await entriesOf(elsewhere, credential, at(10_000 + CACHE - 1))).toEqual({ '=a': '1' })
  expect(await elsewhere.read(credential, at(10_000 + CACHE))).toEqual(ended)
})

test('a logout is seen at once where nobody looked before', async () => {
  const { home, elsewhere, at } = newWorld()
  const credential = await newSession(home, { '=a': '1' })
  await home.destroy(credential, at(1000))
  expect(await elsewhere.read(credential, at(1000))).toEqual({ ...ENDED, at: START + 1000 })
})

test('a slow write elsewhere can bring a session back that was logged out, as KV cannot refuse it', async () => {
  const { home, elsewhere, at } = newWorld()
  const credential = await newSession(home, { '=a': '1' })
  await entriesOf(elsewhere, credential, at(1000))
  await home.destroy(credential, at(2000))
  const late = await elsewhere.write(credential, at(4000), setting({ '=b': '2' }))
  expect(late).toMatchObject({ ok: true })
  const ended = { ...ENDED, at: START + 2000 }
  expect(await home.read(credential, at(2000 + CACHE - 1))).toEqual(ended)
  expect(await entriesOf(home, credential, at(2000 + CACHE))).toEqual({ '=a': '1', '=b': '2' })
})

test('a write is seen elsewhere 60 s after the last look there, and at once at home', async () => {
  const { home, elsewhere, at } = newWorld()
  const credential = await newSession(home, { '=a': '1' })
  await entriesOf(elsewhere, credential, at(5000))
  await home.write(credential, at(6000), setting({ '=a': '2' }))
  expect(await entriesOf(home, credential, at(6000))).toEqual({ '=a': '2' })
  expect(await entriesOf(elsewhere, credential, at(5000 + CACHE - 1))).toEqual({ '=a': '1' })
  expect(await entriesOf(elsewhere, credential, at(5000 + CACHE))).toEqual({ '=a': '2' })
})

test('of two writes in two locations the last one stays, with what it had read', async () => {
  const { home, elsewhere, at } = newWorld()
  const credential = await newSession(home, { '=a': '1' })
  await entriesOf(elsewhere, credential, at(5000))
  await home.write(credential, at(6000), setting({ '=b': '2' }))
  await elsewhere.write(credential, at(8000), setting({ '=c': '3' }))
  expect(await entriesOf(home, credential, at(6000 + CACHE))).toEqual({ '=a': '1', '=c': '3' })
})

test('a shorter cacheTtl makes a logout seen sooner', async () => {
  const { home, newLocation, at } = newWorld()
  const elsewhere = kvStore(newLocation(), { cacheTtl: 30 })
  const credential = await newSession(home, { '=a': '1' })
  await entriesOf(elsewhere, credential, at(0))
  await home.destroy(credential, at(1000))
  expect(await entriesOf(elsewhere, credential, at(29_999))).toEqual({ '=a': '1' })
  expect(await elsewhere.read(credential, at(30_000))).toEqual({ ...ENDED, at: START + 1000 })
})

test('a look-up before the creation hides the session there for 60 s', async () => {
  const { home, elsewhere, at } = newWorld()
  const credential = newCredential(home)
  expect(await elsewhere.read(credential, at(0))).toEqual(ENDED)
  await home.create(credential, at(1), setting({ '=a': '1' }))
  expect(await elsewhere.read(credential, at(CACHE - 1))).toEqual(ENDED)
  expect(await entriesOf(elsewhere, credential, at(CACHE))).toEqual({ '=a': '1' })
})

test('a logout ends the session even where it is remembered as absent', async () => {
  const { home, elsewhere, at } = newWorld()
  const credential = newCredential(home)
  expect(await elsewhere.read(credential, at(0))).toEqual(ENDED)
  await home.create(credential, at(1), setting({ '=a': '1' }))
  expect(await elsewhere.destroy(credential, at(2000))).toEqual({ ok: true })
  expect(await entriesOf(home, credential, at(CACHE))).toEqual({ '=a': '1' })
  expect(await home.read(credential, at(1 + CACHE))).toEqual(ENDED)
})

test.for([true, false])(
  'a new session is seen everywhere at once, for the creation looks nothing up (seesOwnWrites: %s)',
  async (seesOwnWrites) => {
    const { home, elsewhere } = newWorld({ seesOwnWrites })
    const credential = await newSession(home, { '=a': '1' })
    expect(await entriesOf(home, credential)).toEqual({ '=a': '1' })
    expect(await entriesOf(elsewhere, credential)).toEqual({ '=a': '1' })
  },
)

test.for([true, false])(
  'a regenerated session is seen everywhere at once under its new handle (seesOwnWrites: %s)',
  async (seesOwnWrites) => {
    const { home, elsewhere, at } = newWorld({ seesOwnWrites })
    const old = await newSession(home, { '=a': '1' })
    await entriesOf(elsewhere, old, at(1000))
    const renewed = await regenerated(home, old, at(2000))
    expect(await entriesOf(home, renewed, at(2000))).toEqual({ '=a': '1' })
    expect(await entriesOf(elsewhere, renewed, at(2000))).toEqual({ '=a': '1' })
  },
)

test('the old token of a regenerate is refused elsewhere 60 s after the last look there', async () => {
  const { home, elsewhere, at } = newWorld()
  const old = await newSession(home, { '=a': '1' })
  await entriesOf(elsewhere, old, at(10_000))
  await regenerated(home, old, at(20_000))
  const rotated = { ok: false, gone: 'rotated', at: START + 20_000 }
  expect(await home.read(old, at(20_000))).toEqual(rotated)
  expect(await entriesOf(elsewhere, old, at(10_000 + CACHE - 1))).toEqual({ '=a': '1' })
  expect(await elsewhere.read(old, at(10_000 + CACHE))).toEqual(rotated)
  // The tombstone lasts for as long as any location may remember the session.
  expect(await elsewhere.read(old, at(20_000 + CACHE - 1))).toEqual(rotated)
  expect(await elsewhere.read(old, at(20_000 + CACHE))).toEqual(ENDED)
})

test('a second write to a key within a second throws, and is taken a second later', async () => {
  skipSeconds()
  const { home, at } = newWorld()
  const credential = await newSession(home, { '=a': '1' })
  const patch = setting({ '=a': '2' })
  await expect(home.write(credential, at(999), patch)).rejects.toThrow('429 Too Many Requests')
  expect(await entriesOf(home, credential, at(999))).toEqual({ '=a': '1' })
  expect(await home.write(credential, at(1000), patch)).toMatchObject({ ok: true })
  expect(await entriesOf(home, credential, at(1000))).toEqual({ '=a': '2' })
  await expect(home.destroy(credential, at(1500))).rejects.toThrow('429 Too Many Requests')
  expect(await home.destroy(credential, at(2000))).toEqual({ ok: true })
})

test('a regenerate that fails half-way, at the second key, is finished when it is repeated', async () => {
  skipSeconds()
  const { home, at } = newWorld()
  const old = await newSession(home, { '=a': '1' })
  const secret = newRandomText()
  await expect(home.regenerate(old, at(500), { secret: secret })).rejects.toThrow(
    '429 Too Many Requests',
  )
  expect(await entriesOf(home, old, at(500))).toEqual({ '=a': '1' })
  const reply = await home.regenerate(old, at(1500), { secret: secret })
  const handle = reply.ok ? reply.handle : ''
  expect(await entriesOf(home, { handle, secret }, at(1500))).toEqual({ '=a': '1' })
  expect(await home.read(old, at(1500))).toMatchObject({ gone: 'rotated', at: START + 1500 })
})

test('an equal write within a second is none, and does not throw', async () => {
  const { home, at } = newWorld()
  const credential = await newSession(home, { '=a': '1' })
  expect(await home.write(credential, at(1), setting({ '=a': '1' }))).toMatchObject({ ok: true })
})

test('a session past its absolute timeout is refused even where it is remembered', async () => {
  const { home, elsewhere, at } = newWorld()
  const credential = await newSession(home, { '=a': '1' })
  const absolute = 10_000
  expect(await entriesOf(elsewhere, credential, { ...at(absolute - 1), absolute })).toEqual({
    '=a': '1',
  })
  const late = { ...at(absolute), absolute }
  const expired = { ok: false, gone: 'expired' }
  expect(await elsewhere.read(credential, late)).toEqual(expired)
  expect(await elsewhere.write(credential, late, setting({ '=a': '2' }))).toEqual(expired)
  expect(await elsewhere.regenerate(credential, late, { secret: newRandomText() })).toEqual(expired)
})

test('what is remembered ends with its time to live, too', async () => {
  const { home, elsewhere, at } = newWorld()
  const credential = await newSession(home, { '=a': '1' })
  expect(await entriesOf(elsewhere, credential, at(ABSOLUTE - 1))).toEqual({ '=a': '1' })
  // Under a longer timeout the record alone ends it: the cached copy is 1 ms old.
  const longer = { ...at(ABSOLUTE), absolute: 2 * ABSOLUTE }
  expect(await elsewhere.read(credential, longer)).toEqual(ENDED)
})
