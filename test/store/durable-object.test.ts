import {
  evictDurableObject,
  listDurableObjectIds,
  runDurableObjectAlarm,
  runInDurableObject,
} from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, test, vi } from 'vitest'

import { newRandomText } from '../../src/codec/random.ts'
import type { Credential } from '../../src/record/store.ts'
import { durableObjectStore, SessionObject } from '../../src/store/durable-object.ts'
import {
  ABSOLUTE,
  describeStoreContract,
  entriesOf,
  IDLE,
  MINUTE,
  momentAt,
  newCredential,
  newPatch,
  newSession,
  setting,
  START,
  TOUCH,
} from './contract.ts'

const store = durableObjectStore(env.SESSIONS)

type Stub = DurableObjectStub<SessionObject>

function stubOf({ handle }: Pick<Credential, 'handle'>): Stub {
  return env.SESSIONS.get(env.SESSIONS.idFromString(store.idOf(handle)))
}

/** What the object keeps: its rows by name, and the time of its alarm. */
async function storedOf(
  credential: Pick<Credential, 'handle'>,
): Promise<{ rows: Record<string, string>; alarm: number | null }> {
  return runInDurableObject(stubOf(credential), async (_object, { storage }) => ({
    rows: Object.fromEntries(storage.kv.list<string>()),
    alarm: await storage.getAlarm(),
  }))
}

const NOTHING = { rows: {}, alarm: null }

/** How many rows SQLite has written for the object since it was loaded. The alarm is one of them. */
async function rowsWritten(credential: Credential): Promise<number> {
  return runInDurableObject(stubOf(credential), (_object, { storage }) =>
    Number(storage.sql.exec('SELECT total_changes() AS rows').one()['rows']),
  )
}

/** What the given call costs in rows written. */
async function costOf(credential: Credential, call: () => Promise<unknown>): Promise<number> {
  const before = await rowsWritten(credential)
  await call()
  return (await rowsWritten(credential)) - before
}

describeStoreContract('durable-object', {
  store,
  dump: async (handle) => {
    const { rows, alarm } = await storedOf({ handle })
    return Object.entries({ ...rows, ...(alarm === null ? {} : { alarm }) }).join('\n')
  },
})

describe('an object that was evicted in between', () => {
  const evicted = async (credential: Credential): Promise<Credential> => {
    await evictDurableObject(stubOf(credential))
    return credential
  }

  test('still has its entries, and the last use on record', async () => {
    const entries = { '=a': '1', '=__proto__': '2', '!0': '"m"', '=\0\u{1F36A}': '3' }
    const credential = await evicted(await newSession(store, entries))
    const moment = momentAt(TOUCH)
    expect(await store.read(credential, moment)).toEqual({
      ok: true,
      usedAt: START + TOUCH,
      revision: 1,
      entries,
    })
    await evicted(credential)
    expect(await store.read(credential, momentAt(TOUCH + 1))).toEqual({
      ok: true,
      usedAt: START + TOUCH,
      revision: 1,
      entries,
    })
  })

  test('still knows a patch, and repeats its reply', async () => {
    const credential = await newSession(store, { '=t': '"once"' })
    const patch = newPatch({ take: ['=t'], increment: [['=n', 1]] })
    const first = await store.write(credential, momentAt(0), patch)
    await evicted(credential)
    expect({ ...(await store.write(credential, momentAt(0), patch)), moved: true }).toEqual(first)
    expect(await entriesOf(store, credential)).toEqual({ '=n': '1' })
  })

  test('still knows its creation, and refuses another one', async () => {
    const credential = await evicted(await newSession(store, { '=a': '1' }))
    const other = { handle: credential.handle, secret: newRandomText() }
    const reply = await store.create(other, momentAt(0), setting({ '=a': '2' }))
    expect(reply).toEqual({ ok: false, gone: 'rotated', at: START })
    expect(await entriesOf(store, credential)).toEqual({ '=a': '1' })
  })

  test('still refuses what it refused: an old secret, an expired use, a destroyed session', async () => {
    const old = await newSession(store, { '=a': '1' })
    const secret = newRandomText()
    await store.regenerate(old, momentAt(5), { secret: secret })
    await evicted(old)
    expect(await store.read(old, momentAt(6))).toEqual({
      ok: false,
      gone: 'rotated',
      at: START + 5,
    })
    const renewed = { handle: old.handle, secret }
    expect(await entriesOf(store, renewed)).toEqual({ '=a': '1' })
    expect(await store.read(renewed, momentAt(IDLE + 5))).toEqual({ ok: false, gone: 'expired' })
    await store.destroy(renewed, momentAt(6))
    await evicted(renewed)
    expect(await store.read(renewed, momentAt(6))).toEqual({ ok: false, gone: 'ended' })
    expect(await store.write(renewed, momentAt(6), setting({ '=a': '2' }))).toEqual({
      ok: false,
      gone: 'ended',
    })
  })

  test('counts on, from what it stored', async () => {
    const credential = await newSession(store, { '=n': '1' })
    for (const count of [2, 3]) {
      await evicted(credential)
      const patch = newPatch({ increment: [['=n', 1]] })
      expect(await store.write(credential, momentAt(0), patch)).toMatchObject({ counts: [count] })
    }
  })
})

describe("an object's alarm", () => {
  afterEach(() => {
    vi.useRealTimers()
  })

  /** Rings the alarm as if it were this many milliseconds after the start. */
  async function ringAt(credential: Credential, milliseconds: number): Promise<void> {
    vi.useFakeTimers({ toFake: ['Date'], now: START + milliseconds })
    expect(await runDurableObjectAlarm(stubOf(credential))).toBe(true)
    vi.useRealTimers()
  }

  test('is set by the creation to the deadline, and by nothing else', async () => {
    const credential = await newSession(store, { '=a': '1' })
    expect((await storedOf(credential)).alarm).toBe(START + IDLE)
    await store.read(credential, momentAt(2 * TOUCH))
    await store.write(credential, momentAt(4 * TOUCH), setting({ '=a': '2' }))
    await store.create(credential, momentAt(4 * TOUCH), setting({ '=a': '3' }))
    await store.regenerate(credential, momentAt(6 * TOUCH), { secret: newRandomText() })
    expect((await storedOf(credential)).alarm).toBe(START + IDLE)
  })

  test('is set to the absolute deadline where that comes first', async () => {
    const credential = newCredential(store)
    await store.create(credential, momentAt(0, { absolute: 5 * MINUTE }), setting({ '=a': '1' }))
    expect((await storedOf(credential)).alarm).toBe(START + 5 * MINUTE)
  })

  test('rings too early for a session in use: it keeps the data and is set to the real deadline', async () => {
    const credential = await newSession(store, { '=a': '1' })
    await store.read(credential, momentAt(20 * MINUTE))
    const { rows } = await storedOf(credential)
    await ringAt(credential, IDLE)
    const alarm = START + 20 * MINUTE + IDLE
    expect(await storedOf(credential)).toEqual({ rows, alarm })
    await ringAt(credential, 20 * MINUTE + IDLE - 1)
    expect(await storedOf(credential)).toEqual({ rows, alarm })
    expect(await entriesOf(store, credential, momentAt(20 * MINUTE))).toEqual({ '=a': '1' })
    await ringAt(credential, 20 * MINUTE + IDLE)
    expect(await storedOf(credential)).toEqual(NOTHING)
  })

  test('leaves no rows and no alarm when it rings after the deadline', async () => {
    const credential = await newSession(store, { '=a': '1', '!0': '"m"' })
    await ringAt(credential, IDLE)
    expect(await storedOf(credential)).toEqual(NOTHING)
    expect(await store.read(credential, momentAt(0))).toEqual({ ok: false, gone: 'ended' })
    expect(await store.write(credential, momentAt(0), setting({ '=a': '2' }))).toEqual({
      ok: false,
      gone: 'ended',
    })
    expect(await storedOf(credential)).toEqual(NOTHING)
  })

  test('frees as much storage as an object has that was never written to', async () => {
    const sizeOf = (credential: Credential): Promise<number> =>
      runInDurableObject(
        stubOf(credential),
        (_object, { storage }) => [storage.kv.get('$'), storage.sql.databaseSize][1] as number,
      )
    const untouched = newCredential(store)
    const credential = await newSession(store, { '=a': `"${'x'.repeat(100_000)}"` })
    expect(await sizeOf(credential)).toBeGreaterThan(100_000)
    await ringAt(credential, IDLE)
    expect(await sizeOf(credential)).toBe(await sizeOf(untouched))
  })

  test('wakes an evicted object, and sets it anew or empties it just so', async () => {
    const credential = await newSession(store, { '=a': '1' })
    await store.read(credential, momentAt(20 * MINUTE))
    await evictDurableObject(stubOf(credential))
    await ringAt(credential, IDLE)
    expect((await storedOf(credential)).alarm).toBe(START + 20 * MINUTE + IDLE)
    await evictDurableObject(stubOf(credential))
    await ringAt(credential, 20 * MINUTE + IDLE)
    expect(await storedOf(credential)).toEqual(NOTHING)
  })

  test('leaves nothing for the next session of the object, as an adopted cookie makes one', async () => {
    const textOf = (characters: number): string => JSON.stringify('x'.repeat(characters))
    const former = await newSession(store, { '=a': textOf(1500), '=long': textOf(3000) })
    await ringAt(former, IDLE)
    const next = { handle: former.handle, secret: newRandomText() }
    const later = momentAt(IDLE + MINUTE)
    const entries = { '=b': textOf(1500), '=long': '3' }
    expect(await store.create(next, later, setting(entries))).toMatchObject({ ok: true })
    const { rows } = await storedOf(next)
    expect(JSON.parse(rows['$'] ?? '')).toMatchObject({ entries })
    expect(Object.keys(rows)).toEqual(['$'])
    await evictDurableObject(stubOf(next))
    expect(await entriesOf(store, next, later)).toEqual(entries)
  })

  test('goes by the timeouts of the last use', async () => {
    const credential = await newSession(store, { '=a': '1' })
    await store.read(credential, momentAt(1, { idle: 2 * IDLE }))
    await ringAt(credential, IDLE)
    expect((await storedOf(credential)).alarm).toBe(START + 1 + 2 * IDLE)
  })

  test('is not what ends a session: an expired one is refused while its rows are still there', async () => {
    const credential = await newSession(store, { '=a': '1' })
    const before = await storedOf(credential)
    const late = momentAt(IDLE)
    const expired = { ok: false, gone: 'expired' }
    expect(await store.read(credential, late)).toEqual(expired)
    expect(await store.write(credential, late, setting({ '=a': '2' }))).toEqual(expired)
    expect(await store.regenerate(credential, late, { secret: newRandomText() })).toEqual(expired)
    expect(await storedOf(credential)).toEqual(before)
  })

  test('fires by itself', async () => {
    const credential = newCredential(store)
    const moment = { now: Date.now(), idle: 150, absolute: ABSOLUTE, touch: TOUCH }
    await store.create(credential, moment, setting({ '=a': '1' }))
    // It is set, or has fired already.
    expect([moment.now + 150, null]).toContain((await storedOf(credential)).alarm)
    await vi.waitFor(async () => expect(await storedOf(credential)).toEqual(NOTHING), 25_000)
    expect(await store.read(credential, moment)).toEqual({ ok: false, gone: 'ended' })
  })
})

describe("an object's rows", () => {
  const LONG = JSON.stringify('x'.repeat(2047))

  test('are one for the session and all that is small, and one for each entry that is not', async () => {
    const credential = await newSession(store, { '=a': '1', '=long': LONG, '!0': '"m"' })
    const { rows } = await storedOf(credential)
    expect(rows).toEqual({ $: expect.any(String), '=long': LONG })
    expect(JSON.parse(rows['$'] ?? '')).toEqual({
      hash: expect.stringMatching(/^[\w-]{43}$/),
      createdAt: START,
      usedAt: START,
      idle: IDLE,
      absolute: ABSOLUTE,
      revision: 1,
      operations: [[expect.any(String)]],
      pace: [Math.floor(START / MINUTE), 0, 1],
      entries: { '=a': '1', '!0': '"m"' },
    })
  })

  test('are one and the alarm for a creation with small entries', async () => {
    const credential = newCredential(store)
    const create = async (): Promise<unknown> =>
      store.create(credential, momentAt(0), setting({ '=a': '1', '=b': '2' }))
    expect(await costOf(credential, create)).toBe(2)
  })

  test('that a write writes are that of the session and those of the long entries that differ', async () => {
    const entries = { '=a': '1', '=b': '1', '=long': LONG, '=longer': LONG }
    const credential = await newSession(store, entries)
    const { rows } = await storedOf(credential)
    const write = (texts: Record<string, string>) => async (): Promise<unknown> =>
      store.write(credential, momentAt(0), setting(texts))
    expect(await costOf(credential, write({ '=a': '1', '=b': '2' }))).toBe(1)
    const after = (await storedOf(credential)).rows
    expect(after).toEqual({ ...rows, $: after['$'] })
    expect(after['$']).not.toBe(rows['$'])
    expect(await costOf(credential, write({ '=b': '3', '=long': LONG.toUpperCase() }))).toBe(2)
    const remove = async (): Promise<unknown> =>
      store.write(credential, momentAt(0), newPatch({ delete: ['=longer', '=absent'] }))
    expect(await costOf(credential, remove)).toBe(2)
    expect(await entriesOf(store, credential)).toEqual({
      '=a': '1',
      '=b': '3',
      '=long': LONG.toUpperCase(),
    })
  })

  test('hold 2,048 characters of entries together, and a longer entry apart until it goes', async () => {
    // With its name: half of the characters.
    const most = JSON.stringify('x'.repeat(1020))
    const credential = await newSession(store, { '=a': most, '=b': most, '=c': '1' })
    const apart = async (): Promise<string[]> =>
      Object.keys((await storedOf(credential)).rows).filter((name) => name !== '$')
    expect(await apart()).toEqual(['=c'])
    await store.write(credential, momentAt(0), newPatch({ delete: ['=a'], set: [['=c', '2']] }))
    expect(await apart()).toEqual(['=c'])
    await store.write(credential, momentAt(0), newPatch({ delete: ['=c'] }))
    await store.write(credential, momentAt(0), setting({ '=c': '3' }))
    expect(await apart()).toEqual([])
  })

  test('hold what they should while entries grow, shrink, go and come back', async () => {
    const credential = await newSession(store, { '=a': '1' })
    const expected: Record<string, string> = { '=a': '1' }
    for (const [step, length] of [900, 900, 900, 10, 3000, 0, 1, 2048, 0, 2048, 5].entries()) {
      const name = `=${'abc'.charAt(step % 3)}`
      const text = JSON.stringify('y'.repeat(length))
      if (length === 0) delete expected[name]
      else expected[name] = text
      const patch = length === 0 ? newPatch({ delete: [name] }) : setting({ [name]: text })
      await store.write(credential, momentAt(0), patch)
      expect(await entriesOf(store, credential)).toEqual(expected)
      await evictDurableObject(stubOf(credential))
      expect(await entriesOf(store, credential)).toEqual(expected)
    }
  })

  test('of an earlier version, with each entry apart, are read, and written as they were', async () => {
    const credential = await newSession(store, { '=a': '1' })
    await runInDurableObject(stubOf(credential), (_object, { storage }) => {
      const { entries, ...session } = JSON.parse(storage.kv.get('$') ?? '') as { entries: object }
      expect(entries).toEqual({ '=a': '1' })
      storage.kv.put('$', JSON.stringify(session))
      storage.kv.put('=a', '1')
    })
    await evictDurableObject(stubOf(credential))
    expect(await entriesOf(store, credential)).toEqual({ '=a': '1' })
    await store.write(credential, momentAt(0), setting({ '=a': '2' }))
    expect((await storedOf(credential)).rows['=a']).toBe('2')
    await evictDurableObject(stubOf(credential))
    expect(await entriesOf(store, credential)).toEqual({ '=a': '2' })
  })

  test('stay untouched by a write of equal texts', async () => {
    const credential = await newSession(store, { '=a': '1', '=b': '1' })
    const before = await storedOf(credential)
    const write = async (): Promise<unknown> =>
      store.write(
        credential,
        momentAt(TOUCH - 1),
        newPatch({ delete: ['=absent'], set: [['=a', '1']], increment: [['=b', 0]] }),
      )
    expect(await costOf(credential, write)).toBe(0)
    expect(await storedOf(credential)).toEqual(before)
  })

  test('stay untouched by a read, but for a use on record, which is one row', async () => {
    const credential = await newSession(store, { '=a': '1' })
    const { rows, alarm } = await storedOf(credential)
    const readAt = (at: number) => async (): Promise<unknown> =>
      store.read(credential, momentAt(at))
    expect(await costOf(credential, readAt(TOUCH - 1))).toBe(0)
    expect(await costOf(credential, readAt(TOUCH))).toBe(1)
    expect(await costOf(credential, readAt(TOUCH))).toBe(0)
    const meta = { ...JSON.parse(rows['$'] ?? ''), usedAt: START + TOUCH }
    expect(await storedOf(credential)).toEqual({
      rows: { ...rows, $: JSON.stringify(meta) },
      alarm,
    })
  })

  test('are one for a regenerate, and none for one that is repeated or refused', async () => {
    const credential = await newSession(store, { '=a': '1' })
    const secret = newRandomText()
    const regenerate = async (): Promise<unknown> =>
      store.regenerate(credential, momentAt(0), { secret: secret })
    expect(await costOf(credential, regenerate)).toBe(1)
    expect(await costOf(credential, regenerate)).toBe(0)
    const refused = async (): Promise<unknown> =>
      store.regenerate(credential, momentAt(0), { secret: newRandomText() })
    expect(await costOf(credential, refused)).toBe(0)
  })

  test('are none after a destroy, nor is there an alarm', async () => {
    const credential = await newSession(store, { '=a': '1', '!0': '"m"' })
    await store.destroy(credential, momentAt(0))
    expect(await storedOf(credential)).toEqual(NOTHING)
  })

  test('are none where a session was never made, whatever is asked', async () => {
    const credential = newCredential(store)
    const moment = momentAt(0)
    await store.read(credential, moment)
    await store.write(credential, moment, setting({ '=a': '1' }))
    await store.regenerate(credential, moment, { secret: newRandomText() })
    await store.destroy(credential, moment)
    await store.create(credential, moment, newPatch({ expect: [['=a', '1']] }))
    expect(await storedOf(credential)).toEqual(NOTHING)
  })

  test('are no object of their own before the first call', async () => {
    const { handle } = newCredential(store)
    const ids = await listDurableObjectIds(env.SESSIONS)
    expect(ids.map(String)).not.toContain(store.idOf(handle))
  })
})

describe('an object whose storage fails', () => {
  /** Fits a session, but not a row: SQLite here takes 10 MB or so, and these are two bytes each. */
  const tooBigForARow = '\u4E00'.repeat(7_900_000)

  test('leaves storage and memory as they were when a row of a write is refused', async () => {
    const credential = await newSession(store, { '=a': '1', '=gone': '1' })
    const before = await storedOf(credential)
    const patch = newPatch({
      delete: ['=gone'],
      set: [
        ['=a', '2'],
        ['=b', tooBigForARow],
      ],
    })
    await expect(store.write(credential, momentAt(0), patch)).rejects.toThrow('too big')
    expect(await storedOf(credential)).toEqual(before)
    expect(await entriesOf(store, credential)).toEqual({ '=a': '1', '=gone': '1' })
    await evictDurableObject(stubOf(credential))
    expect(await entriesOf(store, credential)).toEqual({ '=a': '1', '=gone': '1' })
    // The id is not taken for applied.
    const smaller = { ...patch, set: [['=a', '2']] } as const
    expect(await store.write(credential, momentAt(0), smaller)).toMatchObject({ ok: true })
    expect(await entriesOf(store, credential)).toEqual({ '=a': '2' })
  })

  test('makes nothing when a row of a creation is refused', async () => {
    const credential = newCredential(store)
    const patch = setting({ '=a': '1', '=b': tooBigForARow })
    await expect(store.create(credential, momentAt(0), patch)).rejects.toThrow('too big')
    expect(await storedOf(credential)).toEqual(NOTHING)
    expect(await store.read(credential, momentAt(0))).toEqual({ ok: false, gone: 'ended' })
    const again = await store.create(credential, momentAt(0), setting({ '=a': '1' }))
    expect(again).toMatchObject({ ok: true })
    expect((await storedOf(credential)).alarm).toBe(START + IDLE)
  })
})

describe('an object whose session row is damaged', () => {
  const CORRUPT = { ok: false, gone: 'corrupt' }

  async function damaged(text: unknown): Promise<Credential> {
    const credential = await newSession(store, { '=a': '1' })
    await runInDurableObject(stubOf(credential), (_object, { storage }) => {
      storage.kv.put('$', text)
      storage.kv.put('=a', '1')
    })
    await evictDurableObject(stubOf(credential))
    return credential
  }

  const DAMAGES: [name: string, row: unknown][] = [
    ['text that is no JSON', '{"hash":"cut o'],
    ['an empty text', ''],
    ['null', 'null'],
    ['a number', '5'],
    ['a list', '[]'],
    ['an object of other things', '{}'],
    ['no text', { hash: 'x' }],
    [
      'operations that are none',
      '{"hash":"x","createdAt":1,"usedAt":1,"idle":1,"absolute":1,"operations":[null]}',
    ],
  ]

  test.for(DAMAGES)('says so to every use, and never throws: %s', async ([, row]) => {
    const { handle, secret } = await damaged(row)
    for (const each of [secret, newRandomText()]) {
      const credential = { handle, secret: each }
      expect(await store.read(credential, momentAt(0))).toEqual(CORRUPT)
      expect(await store.write(credential, momentAt(0), setting({ '=a': '2' }))).toEqual(CORRUPT)
      expect(await store.regenerate(credential, momentAt(0), { secret: newRandomText() })).toEqual(
        CORRUPT,
      )
    }
    expect((await storedOf({ handle })).rows).toEqual({ $: row, '=a': '1' })
  })

  test.for([
    '{"hash":null}',
    '{"createdAt":null}',
    '{"usedAt":"now"}',
    '{"idle":null}',
    '{"absolute":"long"}',
    '{"operations":null}',
    '{"entries":5}',
    '{"entries":null}',
    '{"entries":["1"]}',
    '{"entries":{"=b":5}}',
  ])('says so to every use, and never throws, though the rest is right: %s', async (damage) => {
    const healthy = await newSession(store, { '=a': '1' })
    const meta = JSON.parse((await storedOf(healthy)).rows['$'] ?? '') as object
    const { handle } = await damaged(JSON.stringify(Object.assign(meta, JSON.parse(damage))))
    for (const moment of [momentAt(0), momentAt(10 * ABSOLUTE)]) {
      const credential = { handle, secret: healthy.secret }
      expect(await store.read(credential, moment)).toEqual(CORRUPT)
      expect(await store.write(credential, moment, setting({ '=a': '2' }))).toEqual(CORRUPT)
      expect(await store.regenerate(credential, moment, { secret: newRandomText() })).toEqual(
        CORRUPT,
      )
    }
  })

  test.for(DAMAGES)('makes no session of what is left: %s', async ([, row]) => {
    const credential = await damaged(row)
    const reply = await store.create(credential, momentAt(0), setting({ '=b': '1' }))
    expect(reply).toEqual(CORRUPT)
    expect((await storedOf(credential)).rows).toEqual({ $: row, '=a': '1' })
  })

  test.for(DAMAGES)('is emptied by its alarm: %s', async ([, row]) => {
    const credential = await damaged(row)
    expect(await runDurableObjectAlarm(stubOf(credential))).toBe(true)
    expect(await storedOf(credential)).toEqual(NOTHING)
  })

  test('can be destroyed', async () => {
    const credential = await damaged('{"hash":"cut o')
    await store.destroy(credential, momentAt(0))
    expect(await storedOf(credential)).toEqual(NOTHING)
  })
})

describe('the class SessionObject', () => {
  test.for(['load', 'save', 'cell', '#save', 'ctx'])(
    'has nothing more to call over RPC: %s',
    async (member) => {
      const stub = stubOf(await newSession(store)) as object
      // Awaited here: a matcher would take the answer, which can itself be called, for a function.
      const call = async (): Promise<unknown> => {
        const method = Reflect.get(stub, member) as () => Promise<unknown>
        return await method()
      }
      await expect(call()).rejects.toThrow('RPC receiver does not implement')
    },
  )

  test('has a constructor, a call and an alarm on its prototype', () => {
    const members = Object.getOwnPropertyNames(SessionObject.prototype)
    expect(members.toSorted()).toEqual(['alarm', 'call', 'constructor'])
  })
})

describe('the namespace', () => {
  test('is the exported class itself where no binding is given', async () => {
    const exported = durableObjectStore()
    const credential = await newSession(exported, { '=a': '1' })
    expect(await entriesOf(exported, credential)).toEqual({ '=a': '1' })
    expect(await entriesOf(store, credential)).toEqual({ '=a': '1' })
  })

  test('is asked for nothing when a store is made', () => {
    const refuse = (): never => {
      throw new Error('asked')
    }
    const namespace = { newUniqueId: refuse, idFromString: refuse, get: refuse }
    const idFromName = refuse
    expect(durableObjectStore({ ...namespace, idFromName }).can.adopt).toBe(true)
    expect(durableObjectStore(namespace)).toMatchObject({
      name: 'durable-object',
      can: { atomic: true, recordUse: true, revise: true, adopt: false, address: true },
    })
  })

  test("gives the object's id as the session's id", async () => {
    const credential = await newSession(store)
    expect(store.idOf(credential.handle)).toMatch(/^[0-9a-f]{64}$/)
    const ids = await listDurableObjectIds(env.SESSIONS)
    expect(ids.map(String)).toContain(store.idOf(credential.handle))
  })

  test('answers that there is no session by an id that another namespace minted', async () => {
    const bytes = crypto.getRandomValues(new Uint8Array(32))
    const handle = bytes.toBase64({ alphabet: 'base64url', omitPadding: true })
    const credential = { handle, secret: newRandomText() }
    const ended = { ok: false, gone: 'ended' }
    expect(await store.create(credential, momentAt(0), setting({ '=a': '1' }))).toEqual(ended)
    expect(await store.read(credential, momentAt(0))).toEqual(ended)
    expect(await store.destroy(credential, momentAt(0))).toEqual(ended)
  })
})
