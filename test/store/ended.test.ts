import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import { PROTOCOL } from '../../src/record/session-cell.ts'
import type { Credential, SessionStore } from '../../src/record/store.ts'
import { cached } from '../../src/store/cached.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { kvStore, type SessionKvNamespace } from '../../src/store/kv.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { redisStore } from '../../src/store/redis.ts'
import { ringStore } from '../../src/store/ring.ts'
import { reachThrough } from '../../src/store/user-index/reach.ts'
import { skipSeconds } from '../support/no-waiting.ts'
import { command, REDIS_PORT, redisConnector } from '../support/redis.ts'
import {
  ABSOLUTE,
  IDLE,
  MINUTE,
  momentAt,
  newCredential,
  newPatch,
  newSession,
  setting,
  START,
} from './contract.ts'

const ENDED = { ok: false, gone: 'ended' }
const ADA = { userId: 'ada', at: START }

async function adasSession(store: SessionStore): Promise<Credential> {
  const credential = newCredential(store)
  await store.create(credential, momentAt(0), { ...setting({ '=a': '1' }), signIn: ADA })
  return credential
}

describe('an object that was ended', () => {
  const store = durableObjectStore(env.SESSIONS)
  const stubOf = ({ handle }: Credential): DurableObjectStub =>
    env.SESSIONS.get(env.SESSIONS.idFromString(store.idOf(handle)))

  /** How many rows it keeps, the alarm as one of them. */
  async function rowsOf(credential: Credential): Promise<number> {
    return runInDurableObject(stubOf(credential), async (_, { storage }) => {
      const alarms = (await storage.getAlarm()) === null ? 0 : 1
      return [...storage.kv.list()].length + alarms
    })
  }

  async function endedByOwner(credential: Credential, now: number): Promise<unknown> {
    const call = JSON.stringify({ method: 'end', userId: 'ada', now })
    const stub = env.SESSIONS.get(env.SESSIONS.idFromString(store.idOf(credential.handle)))
    return JSON.parse(await stub.call(call, PROTOCOL))
  }

  test('by its user’s object says when, too', async () => {
    const credential = await adasSession(store)
    expect(await endedByOwner(credential, START + 7)).toEqual({ ok: true })
    expect(await store.read(credential, momentAt(8))).toEqual({ ...ENDED, at: START + 7 })
    expect(await endedByOwner(credential, START + 9)).toEqual({ ...ENDED, at: START + 7 })
    expect(await store.read(credential, momentAt(MINUTE + 7))).toEqual(ENDED)
  })

  test('keeps no row and no alarm, neither then nor by any later call', async () => {
    const credential = await newSession(store, { '=a': '1' })
    await store.destroy(credential, momentAt(0))
    for (const at of [1, 2 * MINUTE]) {
      const moment = momentAt(at)
      await store.read(credential, moment)
      await store.write(credential, moment, setting({ '=a': '2' }))
      await store.destroy(credential, moment)
      expect(await rowsOf(credential)).toBe(0)
    }
    expect(await runDurableObjectAlarm(stubOf(credential))).toBe(false)
  })

  test('sets no alarm when a former one rings within the minute', async () => {
    const credential = await newSession(store, { '=a': '1' })
    await store.destroy(credential, { ...momentAt(0), now: Date.now() })
    await runInDurableObject(stubOf(credential), (object) => Object(object).alarm())
    expect(await rowsOf(credential)).toBe(0)
  })

  test('knows it no longer when it was evicted', async () => {
    const credential = await newSession(store, { '=a': '1' })
    await store.destroy(credential, momentAt(0))
    await evictDurableObject(stubOf(credential))
    expect(await store.read(credential, momentAt(1))).toEqual(ENDED)
  })

  test('remembers when in its tombstone, where it must have one', async () => {
    const credential = { ...newCredential(store), handle: store.handleFor?.('A'.repeat(43)) ?? '' }
    const patch = { ...setting({ '=a': '1' }), onceUntil: START + 2 * ABSOLUTE }
    await store.create(credential, momentAt(0), patch)
    await store.destroy(credential, momentAt(5))
    await evictDurableObject(stubOf(credential))
    expect(await store.read(credential, momentAt(6))).toEqual({ ...ENDED, at: START + 5 })
    expect(await store.create(credential, momentAt(7), patch)).toEqual({ ...ENDED, at: START + 5 })
  })

  test('of an earlier version says nothing of it, which is no error', async () => {
    const former = durableObjectStore(env.FORMER_SESSIONS)
    const credential = await newSession(former, { '=a': '1' })
    expect(await former.destroy(credential, momentAt(0))).toEqual({ ok: true })
    expect(await former.read(credential, momentAt(1))).toEqual(ENDED)
  })
})

describe('memory', () => {
  test('forgets the ends of sessions with the next sweep after a minute', async () => {
    const store = memoryStore()
    const credential = await newSession(store, { '=a': '1' })
    await store.destroy(credential, momentAt(0))
    const later = momentAt(MINUTE)
    for (let made = 0; made < 1000; made += 1) {
      await store.create(newCredential(store), later, newPatch({}))
    }
    // Even for a clock that is behind, there is nothing left of it.
    expect(await store.read(credential, momentAt(1))).toEqual(ENDED)
  })
})

describe.runIf(REDIS_PORT > 0)('Redis', () => {
  test('keeps the time in a tombstone that earlier versions read as the end, for a minute', async () => {
    const store = redisStore(redisConnector)
    const credential = await newSession(store, { '=a': '1' })
    const began = Date.now()
    await store.destroy(credential, momentAt(5))
    const key = `session:${credential.handle}`
    const fields = (await command('HKEYS', key)) as string[]
    expect(fields.toSorted()).toEqual(['meta', 'version'])
    const meta = JSON.parse(String(await command('HGET', key, 'meta'))) as object
    // Their rule for a tombstone is the empty hash; the rest is what makes it readable to them.
    const times = {
      createdAt: START + 5 + MINUTE,
      usedAt: START + 5 + MINUTE,
      idle: 0,
      absolute: 0,
    }
    expect(meta).toEqual({ hash: '', ...times, endedAt: START + 5, operations: [] })
    const life = Number(await command('PTTL', key))
    expect(life).toBeLessThanOrEqual(MINUTE + 1000)
    // Whatever has passed since.
    expect(life + Date.now() - began).toBeGreaterThan(MINUTE - 1000)
  })
})

/** A namespace in memory whose calls can fail. Simulated: the local runtime's KV never does. */
class FailingKv implements SessionKvNamespace {
  readonly values = new Map<string, string>()
  readonly calls: string[] = []
  failing: readonly string[] = []

  async get(key: string): Promise<string | null> {
    this.calls.push('get')
    return this.values.get(key) ?? null
  }

  async put(key: string, value: string): Promise<void> {
    this.#call('put')
    this.values.set(key, value)
  }

  async delete(key: string): Promise<void> {
    this.#call('delete')
    this.values.delete(key)
  }

  /** By this method a binding is known as a KV namespace. */
  async getWithMetadata(): Promise<never> {
    throw new Error('Nothing asks for metadata.')
  }

  #call(name: string): void {
    this.calls.push(name)
    if (this.failing.includes(name)) throw new Error('KV failed: 429 Too Many Requests')
  }
}

describe('KV', () => {
  const keyOf = ({ handle }: Credential): string => `session:${handle}`

  test('keeps the time for a minute, in a value that earlier versions read as the end', async () => {
    const store = kvStore(env.SESSION_KV)
    const credential = await newSession(store, { '=a': '1' })
    await store.destroy(credential, { ...momentAt(0), now: Date.now() })
    const { keys } = await env.SESSION_KV.list({ prefix: keyOf(credential) })
    const expiration = (keys[0]?.expiration ?? 0) * 1000
    expect(expiration).toBeGreaterThan(Date.now() + MINUTE - 10_000)
    expect(expiration).toBeLessThan(Date.now() + MINUTE + 10_000)
    const value = await env.SESSION_KV.get<Record<string, unknown>>(keyOf(credential), 'json')
    // They take it for a session with another secret: no hash is empty.
    expect(value).toMatchObject({ hash: '', entries: {} })
    expect([value?.['createdAt'], value?.['expiresAt']].every(Number.isFinite)).toBe(true)
  })

  test('deletes where it takes no put, and puts where it takes no delete', async () => {
    for (const failing of ['put', 'delete']) {
      const kv = new FailingKv()
      const store = kvStore(kv)
      const credential = await newSession(store, { '=a': '1' })
      const expired = await newSession(store, { '=a': '1' })
      kv.failing = [failing]
      expect(await store.destroy(credential, momentAt(5))).toEqual({ ok: true })
      expect(await store.read(credential, momentAt(6))).toEqual(
        failing === 'put' ? ENDED : { ...ENDED, at: START + 5 },
      )
      expect(await store.destroy(expired, momentAt(ABSOLUTE))).toEqual({ ok: true })
      expect(await store.read(expired, momentAt(0))).toMatchObject(ENDED)
    }
    const kv = new FailingKv()
    const store = kvStore(kv)
    const credential = await newSession(store, { '=a': '1' })
    kv.failing = ['put', 'delete']
    skipSeconds()
    await expect(store.destroy(credential, momentAt(5))).rejects.toThrow('429')
  })

  test('writes nothing where a session is destroyed again', async () => {
    const kv = new FailingKv()
    const store = kvStore(kv)
    const credential = await newSession(store, { '=a': '1' })
    await store.destroy(credential, momentAt(5))
    kv.failing = ['put', 'delete']
    expect(await store.destroy(credential, momentAt(6))).toEqual({ ok: true })
  })

  test('joins no session of an old cookie that was ended', async () => {
    const store = kvStore(new FailingKv())
    const credential = { ...newCredential(store), handle: store.handleFor?.('B'.repeat(43)) ?? '' }
    const patch = { ...setting({ '=a': '1' }), onceUntil: START + 2 * ABSOLUTE }
    await store.create(credential, momentAt(0), patch)
    await store.destroy(credential, momentAt(5))
    expect(await store.create(credential, momentAt(7), patch)).toEqual({ ...ENDED, at: START + 5 })
  })

  test.for([20_000, 90_000])(
    'is told the time by a revocation, too, which another one %i ms later does not move',
    async (later) => {
      const store = kvStore(env.SESSION_KV)
      const credential = await adasSession(store)
      const address = store.addressOf?.(credential.handle) ?? ''
      const reach = reachThrough({ SESSIONS: env.SESSIONS, KV: env.SESSION_KV })
      await reach.end(address, 'ada', START + 9)
      expect(await store.read(credential, momentAt(10))).toEqual({ ...ENDED, at: START + 9 })
      // Nothing is alive there.
      await reach.end(address, 'ada', START + 9 + later)
      expect(await env.SESSION_KV.get(keyOf(credential))).toBe(null)
    },
  )

  test('has the time in the session’s own namespace only', async () => {
    const [own, other, third] = [new FailingKv(), new FailingKv(), new FailingKv()]
    const store = kvStore(own)
    const credential = await adasSession(store)
    const address = store.addressOf?.(credential.handle) ?? ''
    await reachThrough({ other, own }).end(address, 'ada', START + 9)
    expect(await store.read(credential, momentAt(10))).toEqual({ ...ENDED, at: START + 9 })
    expect(other.values.size).toBe(0)
    expect(other.calls).toEqual(['get'])
    // An object may make 1,000 calls: so many namespaces are not looked through.
    await reachThrough({ other, third, own }).end(address, 'ada', START + 9)
    expect(own.values.size).toBe(0)
    expect(third.calls).toEqual(['delete'])
  })
})

describe('a store around stores', () => {
  test('passes the time on from the node that had the session', async () => {
    const [present, former] = [memoryStore(), memoryStore()]
    const node = (name: string, store: SessionStore) => ({ name, weight: 1, store })
    const migrating = { from: [node('old', former)], until: new Date(START + IDLE) }
    const ring = ringStore([node('new', present)], { migrating })
    const credential = await newSession(former, { '=a': '1' })
    await ring.destroy(credential, momentAt(5))
    expect(await ring.read(credential, momentAt(6))).toEqual({ ...ENDED, at: START + 5 })
    const moved = await newSession(ring, { '=a': '1' })
    await ring.destroy(moved, momentAt(5))
    expect(await ring.read(moved, momentAt(6))).toEqual({ ...ENDED, at: START + 5 })
  })

  test('of copies passes the time on', async () => {
    const store = cached(memoryStore(), { maxAgeSeconds: 30 })
    const credential = await newSession(store, { '=a': '1' })
    await store.destroy(credential, momentAt(5))
    expect(await store.read(credential, momentAt(6))).toEqual({ ...ENDED, at: START + 5 })
    const late = await store.write(credential, momentAt(6), setting({ '=a': '2' }))
    expect(late).toEqual({ ...ENDED, at: START + 5 })
  })
})
