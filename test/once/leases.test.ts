import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'

import { decodeHandle, encodeHex } from '../../src/codec/base64url.ts'
import { newRandomText } from '../../src/codec/random.ts'
import { leases } from '../../src/once/leases.ts'
import type {
  Credential,
  LeaseCall,
  LeaseReply,
  LeaseRequest,
  SessionStore,
} from '../../src/record/store.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { memoryStore } from '../../src/store/memory.ts'
import {
  entriesOf,
  IDLE,
  momentAt,
  newPatch,
  newSession,
  setting,
  START,
} from '../store/contract.ts'
import type { LeasingObject } from '../support/leasing-object.ts'

const NAME = '~refresh'
const objects = durableObjectStore(env.LEASING)

function stubOf({ handle }: Credential): DurableObjectStub<LeasingObject> {
  return env.LEASING.get(env.LEASING.idFromString(encodeHex(decodeHandle(handle))))
}

/** What differs from a usual call. */
interface Asked extends Partial<LeaseRequest>, Partial<Pick<LeaseCall, 'method' | 'patch'>> {
  readonly at?: number
}

/** Makes a call of this attempt. */
async function ask(
  store: SessionStore,
  credential: Credential,
  attempt: string,
  { at = 0, method = 'lease', patch, ...more }: Asked = {},
): Promise<LeaseReply> {
  const about = { name: NAME, attempt, lease: 10_000, keep: 10_000, wait: 20_000, ...more }
  const reply = await store.part?.(credential, momentAt(at), { method, about, patch })
  if (reply === undefined) throw new Error('The store has no leases.')
  return reply
}

const release = (result: string): Asked => ({
  method: 'release',
  result,
  patch: newPatch({}),
})

/** The calls that wait in an object are those that have arrived before this one is answered. */
async function arrived(credential: Credential): Promise<void> {
  await objects.read(credential, momentAt(0))
}

describe.for([
  ['durable-object', objects],
  ['memory', memoryStore(leases)],
] as const)('a lease of the %s store', ([, store]) => {
  test('is given to one attempt, however often it asks', async () => {
    const credential = await newSession(store, { '=a': '1' })
    expect(await ask(store, credential, 'a')).toMatchObject({ ok: true, lease: 'yours' })
    expect(await ask(store, credential, 'a')).toMatchObject({ ok: true, lease: 'yours' })
    const other = await ask(store, credential, 'b', { wait: 0 })
    expect(other).toMatchObject({ ok: false, code: 'ERR_STORE' })
  })

  test('is not given to a call that has waited, which may come from nobody any more', async () => {
    const credential = await newSession(store, { '=a': '1' })
    await ask(store, credential, 'a')
    const waiting = ask(store, credential, 'b')
    await ask(store, credential, 'a', { method: 'release' })
    expect(await waiting).toMatchObject({ ok: true, lease: 'free' })
    expect(await ask(store, credential, 'c')).toMatchObject({ lease: 'yours' })
  })

  test('wakes a call that has not begun to wait when it is released', async () => {
    const credential = await newSession(store, { '=a': '1' })
    await ask(store, credential, 'a')
    const { setTimeout: set } = globalThis
    // No timer of a lease rings: only the release can wake the call.
    const timers = vi
      .spyOn(globalThis, 'setTimeout')
      .mockImplementation(((run: () => void, time: number) =>
        time > 1000 ? 0 : set(run, time)) as typeof setTimeout)
    onTestFinished(() => {
      timers.mockRestore()
    })
    const waiting = ask(store, credential, 'b')
    await ask(store, credential, 'a', { method: 'release' })
    expect(await waiting).toMatchObject({ ok: true, lease: 'free' })
  })

  test('can be had again by the same attempt after its time, and by another one', async () => {
    const credential = await newSession(store, { '=a': '1' })
    await ask(store, credential, 'a')
    expect(await ask(store, credential, 'a', { at: 10_000 })).toMatchObject({ lease: 'yours' })
    expect(await ask(store, credential, 'b', { at: 20_000 })).toMatchObject({ lease: 'yours' })
  })

  test('is released once, with its changes, however often the release is repeated', async () => {
    const credential = await newSession(store, { '=a': '1' })
    await ask(store, credential, 'a')
    const call = {
      ...release('"r"'),
      patch: { ...setting({ '=a': '2' }), increment: [['=n', 1]] },
    } as const
    expect(await ask(store, credential, 'a', call)).toMatchObject({ ok: true, moved: true })
    const again = await ask(store, credential, 'a', call)
    expect(again).toMatchObject({ ok: true })
    expect(again).not.toHaveProperty('moved')
    expect(await entriesOf(store, credential)).toEqual({ '=a': '2', '=n': '1' })
    expect(await ask(store, credential, 'b')).toMatchObject({ lease: 'kept', result: '"r"' })
  })

  test('cannot be released by one that has lost it', async () => {
    const credential = await newSession(store, { '=a': '1' })
    await ask(store, credential, 'a')
    await ask(store, credential, 'b', { at: 10_000 })
    const late = await ask(store, credential, 'a', {
      ...release('"late"'),
      patch: setting({ '=a': '2' }),
    })
    expect(late).toMatchObject({ ok: false, code: 'ERR_CONFLICT' })
    expect(await ask(store, credential, 'a', { method: 'release' })).toMatchObject({ ok: true })
    expect(await entriesOf(store, credential)).toEqual({ '=a': '1' })
    expect(await ask(store, credential, 'b', { at: 10_000, ...release('"r"') })).toMatchObject({
      ok: true,
    })
  })

  test('may be released after its time if nobody else has it', async () => {
    const credential = await newSession(store, { '=a': '1' })
    await ask(store, credential, 'a')
    expect(await ask(store, credential, 'a', { at: 11_000, ...release('"r"') })).toMatchObject({
      ok: true,
    })
    expect(await ask(store, credential, 'b', { at: 11_000 })).toMatchObject({ result: '"r"' })
  })

  test('does not count as a change of the data, and the results of others go when they are old', async () => {
    const credential = await newSession(store, { '=a': '1' })
    const before = await store.read(credential, momentAt(0))
    await ask(store, credential, 'a')
    expect(await store.read(credential, momentAt(0))).toEqual(before)
    await ask(store, credential, 'a', release('"r"'))
    await ask(store, credential, 'b', { name: '~other', at: 10_001 })
    const old = await ask(store, credential, 'a', { at: 10_001, wait: 0 })
    expect(old).toMatchObject({ lease: 'yours' })
  })

  test('is that of a token in its grace, too', async () => {
    const credential = await newSession(store, { '=a': '1' })
    await ask(store, credential, 'a')
    const secret = newRandomText()
    await store.regenerate(credential, momentAt(0), { secret, grace: 30_000 })
    expect(await ask(store, credential, 'a', { at: 1000, ...release('"r"') })).toMatchObject({
      ok: true,
    })
    const renewed = { ...credential, secret }
    expect(await ask(store, renewed, 'b', { at: 1000 })).toMatchObject({ result: '"r"' })
  })

  test('goes with the session, and its calls are told so', async () => {
    const credential = await newSession(store, { '=a': '1' })
    await ask(store, credential, 'a')
    const waiting = ask(store, credential, 'b')
    await ask(store, credential, 'c', { wait: 0 })
    await store.destroy(credential, momentAt(0))
    expect(await waiting).toMatchObject({ ok: false, gone: 'ended', at: START })
    expect(await ask(store, credential, 'a', release('"r"'))).toMatchObject({ gone: 'ended' })
  })

  test('leaves no result that is not kept any more, once another key has a lease', async () => {
    const credential = await newSession(store, { '=a': '1' })
    const large = JSON.stringify('x'.repeat(1_800_000))
    // Five of them are more than a session may hold.
    for (const [index, name] of ['~1', '~2', '~3', '~4', '~5'].entries()) {
      const at = index * 20_000
      // oxlint-disable-next-line no-await-in-loop -- each lease comes after the one before
      await ask(store, credential, 'a', { at, name })
      // oxlint-disable-next-line no-await-in-loop
      expect(await ask(store, credential, 'a', { at, name, ...release(large) })).toMatchObject({
        ok: true,
      })
    }
  })

  test('has a thousand calls wait, and refuses the next one', async () => {
    const credential = await newSession(store, { '=a': '1' })
    await ask(store, credential, 'a')
    const waiting = Array.from({ length: 1000 }, async (_, index) =>
      ask(store, credential, `b${index}`),
    )
    const replies = [...waiting, ask(store, credential, 'c')]
    const refused = await Promise.race(replies)
    expect(refused).toMatchObject({ ok: false, code: 'ERR_STORE' })
    expect(JSON.stringify(refused)).toContain('overloaded')
    await ask(store, credential, 'a', release('"r"'))
    const results = (await Promise.all(replies)).filter((reply) => 'result' in reply)
    expect(results).toHaveLength(1000)
  })
})

describe('the object of a session', () => {
  afterEach(() => {
    vi.useRealTimers()
  })

  test('remembers a lease after it was evicted', async () => {
    const credential = await newSession(objects, { '=a': '1' })
    await ask(objects, credential, 'a')
    await evictDurableObject(stubOf(credential))
    expect(await ask(objects, credential, 'b', { wait: 0 })).toMatchObject({ code: 'ERR_STORE' })
    expect(await ask(objects, credential, 'a', release('"r"'))).toMatchObject({ ok: true })
    await evictDurableObject(stubOf(credential))
    expect(await ask(objects, credential, 'b')).toMatchObject({ result: '"r"' })
  })

  test('has the calls that waited ask again after it was reset', async () => {
    const credential = await newSession(objects, { '=a': '1' })
    await ask(objects, credential, 'a')
    const waiting = [ask(objects, credential, 'b'), ask(objects, credential, 'c')]
    await arrived(credential)
    await runInDurableObject(stubOf(credential), (_object, state) => {
      state.abort('reset by the test')
    }).catch(() => undefined)
    await arrived(credential)
    await ask(objects, credential, 'a', release('"r"'))
    for (const reply of await Promise.all(waiting)) expect(reply).toMatchObject({ result: '"r"' })
  })

  test('tells the calls that wait before its alarm empties it', async () => {
    const credential = await newSession(objects, { '=a': '1' })
    await ask(objects, credential, 'a', { lease: IDLE * 2 })
    const waiting = ask(objects, credential, 'b', { wait: IDLE * 2 })
    await arrived(credential)
    vi.useFakeTimers({ toFake: ['Date'], now: START + IDLE })
    expect(await runDurableObjectAlarm(stubOf(credential))).toBe(true)
    vi.useRealTimers()
    expect(await waiting).toMatchObject({ ok: false, gone: 'ended' })
    const rows = runInDurableObject(stubOf(credential), (_object, { storage }) => [
      ...storage.kv.list(),
    ])
    expect(await rows).toEqual([])
  })

  test('tells the calls that wait that the user has ended the session elsewhere', async () => {
    const credential = await newSession(objects, { '=a': '1' })
    const account = { userId: 'ada', at: START }
    const secret = newRandomText()
    const patch = { ...newPatch({}), signIn: account }
    await objects.regenerate(credential, momentAt(0), { secret, patch })
    const signedIn = { ...credential, secret }
    await ask(objects, signedIn, 'a')
    const waiting = ask(objects, signedIn, 'b')
    await arrived(signedIn)
    const end = JSON.stringify({ method: 'end', userId: 'ada', now: START })
    await stubOf(credential).call(end, 2)
    expect(await waiting).toMatchObject({ ok: false, gone: 'ended' })
  })

  test('keeps no lease of a user whose session another user takes over', async () => {
    const credential = await newSession(objects, { '=a': '1' })
    const signIn = async (userId: string, from: Credential): Promise<Credential> => {
      const secret = newRandomText()
      const patch = { ...newPatch({}), signIn: { userId, at: START } }
      await objects.regenerate(from, momentAt(0), { secret, patch })
      return { ...from, secret }
    }
    const ada = await signIn('ada', credential)
    await ask(objects, ada, 'a')
    const bob = await signIn('bob', ada)
    expect(await ask(objects, bob, 'a', release('"of ada"'))).toMatchObject({
      code: 'ERR_CONFLICT',
    })
    expect(await ask(objects, bob, 'b')).toMatchObject({ lease: 'yours' })
  })

  test('refuses a lease in a protocol that is too new', async () => {
    const credential = await newSession(objects, { '=a': '1' })
    await expect(
      runInDurableObject(stubOf(credential), (object) => object.call('["lease"]', 9)),
    ).rejects.toThrow('Protocol 9 is newer')
  })
})
