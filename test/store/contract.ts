import { describe, expect, test } from 'vitest'

import { sha256 } from '../../src/codec/mac.ts'
import { newRandomText } from '../../src/codec/random.ts'
import type {
  Await,
  CallContext,
  Credential,
  SessionStore,
  WriteReply,
} from '../../src/record/store.ts'
import type { Account } from '../../src/session/account.ts'
import type { Changes, Patch } from '../../src/session/patch.ts'

/** A store, and where it can be had, all that it keeps under a handle, as text. */
export interface StoreUnderTest {
  readonly store: SessionStore
  readonly dump?: (handle: string) => Promise<string>
}

export const MINUTE = 60_000
export const IDLE = 30 * MINUTE
export const ABSOLUTE = 12 * 60 * MINUTE
export const TOUCH = MINUTE
/** Not in the past, where an object's alarm would ring at once. */
export const START = Date.now()
/** No patch that does nothing has any of these. */
const NONE = { taken: [], counts: [] }

/** The moment so many milliseconds after the start, under these timeouts. */
export function momentAt(milliseconds: number, timeouts: Partial<CallContext> = {}): CallContext {
  return { now: START + milliseconds, idle: IDLE, absolute: ABSOLUTE, touch: TOUCH, ...timeouts }
}

export function newCredential(store: SessionStore): Credential {
  return { handle: store.newHandle(), secret: newRandomText() }
}

/** Makes a session at the start, with these entries. */
export async function newSession(
  store: SessionStore,
  entries: Record<string, string> = {},
): Promise<Credential> {
  const credential = newCredential(store)
  const reply = await store.create(credential, momentAt(0), setting(entries))
  expect(reply).toMatchObject({ ok: true, ...NONE })
  return credential
}

/** A patch of these changes, under an operation id of its own. */
export function newPatch(changes: Changes): Patch {
  return { id: newRandomText(), ...changes }
}

export function setting(entries: Record<string, string>): Patch {
  return newPatch({ set: Object.entries(entries) })
}

/** The entries at a moment, which must be there. A moment soon after the last use records no use. */
export async function entriesOf(
  store: SessionStore,
  credential: Credential,
  moment = momentAt(0),
): Promise<Record<string, string>> {
  const reply = await store.read(credential, moment)
  if (!reply.ok) throw new Error(`It was refused: ${JSON.stringify(reply)}`)
  return reply.entries
}

/** Gives the session a new secret, which must work; the credential from now on. */
export async function regenerated(
  store: SessionStore,
  credential: Credential,
  moment = momentAt(0),
): Promise<Credential> {
  const secret = newRandomText()
  const reply = await store.regenerate(credential, moment, { secret: secret })
  if (!reply.ok) throw new Error(`It was not regenerated: ${JSON.stringify(reply)}.`)
  return { handle: reply.handle, secret }
}

function writing(store: SessionStore, credential: Credential, changes: Changes): Await<WriteReply> {
  return store.write(credential, momentAt(0), newPatch(changes))
}

/** The promises of `SessionStore`, for one kind of store; those of an atomic one only where it is one. */
export function describeStoreContract(name: string, makeStore: () => StoreUnderTest): void {
  describe(`a ${name} store`, () => {
    const given = makeStore()
    describe.for(sectionsOf(given.store))('%s', ([, tests]) => {
      tests(given)
    })
  })
}

type Section = readonly [title: string, tests: (given: StoreUnderTest) => void]

function sectionsOf({ can }: SessionStore): Section[] {
  const always: Section[] = [
    ['by its handles', handleTests],
    ['when it creates', createTests],
    ['when it reads', readTests],
    ['when it writes', writeTests],
    ['by its timeouts', timeoutTests],
    ['when it regenerates', regenerateTests],
    ['when it destroys', destroyTests],
    ['by who is signed in', accountTests],
  ]
  const atomic: Section[] = [
    ['when it writes atomically', atomicTests],
    ['when a patch is repeated', repeatTests],
    ['when a secret is renewed', renewalTests],
  ]
  const once: Section[] = [['when a handle has one session only', onceTests]]
  const touch: Section[] = [['by the uses it records', touchTests]]
  return [
    ...always,
    ...(can.atomic ? atomic : []),
    ...(can.recordUse ? touch : []),
    ...(can.adopt ? once : []),
  ]
}

function handleTests({ store }: StoreUnderTest): void {
  test('mints a new handle of base64url characters each time', () => {
    const handles = Array.from({ length: 100 }, () => store.newHandle())
    expect(new Set(handles).size).toBe(100)
    for (const handle of handles) expect(handle).toMatch(/^[\w-]{22,64}$/)
  })

  test('makes nothing by minting a handle', async () => {
    const credential = newCredential(store)
    expect(await store.read(credential, momentAt(0))).toEqual({ ok: false, gone: 'ended' })
  })

  test('gives each handle an id of its own, which is not the handle', () => {
    const handles = Array.from({ length: 100 }, () => store.newHandle())
    expect(new Set(handles.map((handle) => store.idOf(handle))).size).toBe(100)
    for (const handle of handles) {
      expect(store.idOf(handle)).toBe(store.idOf(handle))
      expect(store.idOf(handle)).not.toContain(handle)
    }
  })

  test('keeps the id over every regenerate', async () => {
    const { handle, secret } = await newSession(store)
    let credential: Credential = { handle, secret }
    for (let round = 0; round < 3; round += 1) {
      credential = await regenerated(store, credential)
      expect(credential.handle).toMatch(/^[\w-]{22,64}$/)
      expect(store.idOf(credential.handle)).toBe(store.idOf(handle))
    }
  })

  test.for([
    ['an object', 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'],
    ['another KV', 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'],
    ['another memory', 'AAAAAAAAAAAAAAAAAAAAAAAA'],
    ['nothing we know, a short one', 'A'],
    ['nothing we know, the longest', '_'.repeat(64)],
    ['nothing we know, an empty one', ''],
  ])('answers that there is no session by the handle of %s', async ([, handle = '']) => {
    const credential = { handle, secret: newRandomText() }
    const moment = momentAt(0)
    const ended = { ok: false, gone: 'ended' }
    expect(await store.read(credential, moment)).toEqual(ended)
    expect(await store.write(credential, moment, setting({ '=a': '1' }))).toEqual(ended)
    expect(await store.regenerate(credential, moment, { secret: newRandomText() })).toEqual(ended)
    // Nothing is there to destroy, or nowhere to look: never an exception.
    await store.destroy(credential, moment)
    expect(await store.read(credential, moment)).toEqual(ended)
  })
}

function createTests({ store, dump }: StoreUnderTest): void {
  test('makes the session and applies the patch', async () => {
    const credential = newCredential(store)
    const reply = await store.create(credential, momentAt(0), setting({ '=a': '1', '!0': '"hi"' }))
    const used = store.can.recordUse ? { usedAt: START, revision: 1 } : {}
    expect(reply).toEqual({ ok: true, ...used, ...NONE, ...(store.can.revise && { moved: true }) })
    expect(await store.read(credential, momentAt(0))).toEqual({
      ok: true,
      ...used,
      ...(store.can.recordUse ? {} : { expiresAt: START + ABSOLUTE }),
      entries: { '=a': '1', '!0': '"hi"' },
    })
  })

  test('makes a session of a patch that does nothing', async () => {
    const credential = newCredential(store)
    expect(await store.create(credential, momentAt(0), newPatch({}))).toMatchObject({ ok: true })
    expect(await entriesOf(store, credential)).toEqual({})
    expect(await writing(store, credential, { set: [['=a', '1']] })).toMatchObject({ ok: true })
    expect(await entriesOf(store, credential)).toEqual({ '=a': '1' })
  })

  test('makes nothing when it refuses the patch', async () => {
    const credential = newCredential(store)
    const moment = momentAt(0)
    const tooLarge = setting({ '=a': '1', '=b': 'x'.repeat(8_000_000) })
    expect(await store.create(credential, moment, tooLarge)).toMatchObject({
      ok: false,
      why: 'too-large',
    })
    expect(await store.read(credential, moment)).toEqual({ ok: false, gone: 'ended' })
    expect(await store.write(credential, moment, setting({ '=a': '1' }))).toEqual({
      ok: false,
      gone: 'ended',
    })
    expect(await store.create(credential, moment, setting({ '=a': '1' }))).toMatchObject({
      ok: true,
    })
    expect(await entriesOf(store, credential)).toEqual({ '=a': '1' })
  })

  test('makes it once when the same creation comes again', async () => {
    const credential = newCredential(store)
    const patch = setting({ '=a': '1' })
    const first = await store.create(credential, momentAt(0), patch)
    const again = await store.create(credential, momentAt(10), patch)
    expect({ moved: undefined, ...again }).toEqual({ ...first, moved: undefined })
    expect(await entriesOf(store, credential)).toEqual({ '=a': '1' })
  })

  test.runIf(store.can.atomic)('counts once when the same creation comes again', async () => {
    const credential = newCredential(store)
    const patch = newPatch({ increment: [['=n', 5]], set: [['=a', '1']] })
    const first = await store.create(credential, momentAt(0), patch)
    expect(first).toMatchObject({ ok: true, counts: [5] })
    await writing(store, credential, { increment: [['=n', 2]], set: [['=a', '2']] })
    expect(await store.create(credential, momentAt(0), patch)).toEqual({
      ...first,
      revision: 2,
      moved: undefined,
    })
    expect(await entriesOf(store, credential)).toEqual({ '=n': '7', '=a': '2' })
  })

  test.runIf(store.can.atomic)(
    'takes a later creation of the same visitor as a write',
    async () => {
      const credential = await newSession(store, { '=a': '1' })
      await store.create(credential, momentAt(0), setting({ '=b': '2' }))
      expect(await entriesOf(store, credential)).toEqual({ '=a': '1', '=b': '2' })
    },
  )

  test.runIf(store.can.atomic)('refuses a second create under the same handle', async () => {
    const credential = await newSession(store, { '=a': '1' })
    const other = { handle: credential.handle, secret: newRandomText() }
    expect(await store.create(other, momentAt(1), setting({ '=a': '2' }))).toEqual({
      ok: false,
      gone: 'rotated',
      at: START,
    })
    expect((await store.read(other, momentAt(1))).ok).toBe(false)
    expect(await entriesOf(store, credential)).toEqual({ '=a': '1' })
  })

  test.runIf(store.can.atomic)('lets one of two creations at the same time win', async () => {
    const { handle, secret } = newCredential(store)
    const credentials = [
      { handle, secret },
      { handle, secret: newRandomText() },
    ]
    const replies = await Promise.all(
      credentials.map(async (credential, index) =>
        store.create(credential, momentAt(0), setting({ '=by': `${index}` })),
      ),
    )
    expect(replies.filter(({ ok }) => ok)).toHaveLength(1)
    const winner = replies.findIndex(({ ok }) => ok)
    expect(await entriesOf(store, credentials[winner] ?? { handle, secret })).toEqual({
      '=by': `${winner}`,
    })
  })

  test('never writes without a creation', async () => {
    const credential = newCredential(store)
    for (let round = 0; round < 2; round += 1) {
      expect(await writing(store, credential, { set: [['=a', '1']] })).toEqual({
        ok: false,
        gone: 'ended',
      })
    }
    expect(await store.read(credential, momentAt(0))).toEqual({ ok: false, gone: 'ended' })
  })

  test.runIf(dump !== undefined)('keeps no secret that a token is made of', async () => {
    const { handle, secret } = await newSession(store, { '=name': '"Ada"' })
    expect(await dump?.(handle)).toContain('Ada')
    expect(await dump?.(handle)).not.toContain(secret)
    const newSecret = newRandomText()
    const moment = momentAt(2 * TOUCH)
    await store.read({ handle, secret }, moment)
    await store.write({ handle, secret }, moment, setting({ '=b': '2' }))
    const reply = await store.regenerate({ handle, secret }, moment, { secret: newSecret })
    const handles = reply.ok ? [handle, reply.handle] : []
    const dumps = await Promise.all(handles.map(async (each) => dump?.(each)))
    expect(dumps.join('\n')).toContain('Ada')
    expect(dumps.join('\n')).not.toContain(secret)
    expect(dumps.join('\n')).not.toContain(newSecret)
  })
}

function readTests({ store }: StoreUnderTest): void {
  test('gives all entries, whatever their names and texts', async () => {
    const entries = Object.fromEntries([
      ['=__proto__', '{"polluted":true}'],
      ['=constructor', '"c"'],
      ['=prototype', '"p"'],
      ['=toJSON', '"j"'],
      ['=hasOwnProperty', '"h"'],
      ['!__proto__', '["a message"]'],
      ['!toString', '[]'],
      ['=', '"the empty name"'],
      ['=1', '1'],
      ['=0', '0'],
      ['=-1.5e3', '"number"'],
      ['=$', '"dollar"'],
      ['==', '"equals"'],
      ['=!', '"mark"'],
      ['= a\tb\nc\0d"e\\f\'g`h%i_j;--', '"strange"'],
      ['=\u{1F36A} ключ 鍵 \u202E \u2028 é e\u0301', '"\u{1F36A} 値 \0 \u2028"'],
      ['=null', 'null'],
      ['=empty', ''],
      [`=${'long'.repeat(250)}`, '"long"'],
    ])
    const credential = await newSession(store, entries)
    const read = await entriesOf(store, credential)
    expect(Object.entries(read).toSorted()).toEqual(Object.entries(entries).toSorted())
    expect('polluted' in {}).toBe(false)
  })

  test('gives 1,000 entries', async () => {
    const entries = Object.fromEntries(
      Array.from({ length: 1000 }, (_, index) => [`=key ${index}`, `"value ${index}"`]),
    )
    const credential = await newSession(store, entries)
    expect(await entriesOf(store, credential)).toEqual(entries)
  })

  test('gives a text of 1,048,576 characters', async () => {
    const text = JSON.stringify('x'.repeat(1_048_574))
    const credential = await newSession(store, { '=large': text, '=small': '1' })
    const read = await entriesOf(store, credential)
    expect(read['=large']?.length).toBe(1_048_576)
    expect(read['=large'] === text).toBe(true)
    expect(read['=small']).toBe('1')
  })

  test('sees each write before it', async () => {
    const credential = await newSession(store, { '=a': '1', '=b': '1' })
    expect(await entriesOf(store, credential)).toEqual({ '=a': '1', '=b': '1' })
    await writing(store, credential, { set: [['=a', '2']], delete: ['=b'] })
    expect(await entriesOf(store, credential)).toEqual({ '=a': '2' })
    await writing(store, credential, { set: [['=b', '3']] })
    expect(await entriesOf(store, credential)).toEqual({ '=a': '2', '=b': '3' })
  })

  test('refuses a secret that was never given', async () => {
    const { handle, secret } = await newSession(store, { '=a': '1' })
    const gone = store.can.atomic
      ? { ok: false, gone: 'rotated', at: START }
      : { ok: false, gone: 'ended' }
    for (const wrong of [newRandomText(), '', `${secret} `, secret.toLowerCase()]) {
      const credential = { handle, secret: wrong }
      expect(await store.read(credential, momentAt(1))).toEqual(gone)
      expect(await store.write(credential, momentAt(1), setting({ '=a': '2' }))).toEqual(gone)
      expect(await store.regenerate(credential, momentAt(1), { secret: newRandomText() })).toEqual(
        gone,
      )
    }
    expect(await entriesOf(store, { handle, secret })).toEqual({ '=a': '1' })
  })
}

function writeTests({ store }: StoreUnderTest): void {
  test('clears, deletes and sets in this order', async () => {
    const credential = await newSession(store, { '=a': '1', '=b': '1', '=c': '1', '!0': '"m"' })
    await writing(store, credential, {
      clear: [],
      delete: ['!0', '=b'],
      set: [
        ['=b', '2'],
        ['=d', '2'],
      ],
    })
    expect(await entriesOf(store, credential)).toEqual({ '=b': '2', '=d': '2' })
  })

  test('clears neither messages nor the entries named', async () => {
    const credential = await newSession(store, { '=a': '1', '=b': '1', '=c': '1', '!0': '"m"' })
    await writing(store, credential, { clear: ['=b', '=absent'] })
    expect(await entriesOf(store, credential)).toEqual({ '=b': '1', '!0': '"m"' })
    await writing(store, credential, { clear: [] })
    expect(await entriesOf(store, credential)).toEqual({ '!0': '"m"' })
  })

  test('leaves a session without entries a session', async () => {
    const credential = await newSession(store, { '=a': '1' })
    await writing(store, credential, { clear: [] })
    expect(await entriesOf(store, credential)).toEqual({})
  })

  test('lets the last text of one name win', async () => {
    const credential = await newSession(store)
    await writing(store, credential, {
      set: [
        ['=a', '1'],
        ['=a', '2'],
      ],
    })
    expect(await entriesOf(store, credential)).toEqual({ '=a': '2' })
  })

  test('deletes what is not there without complaint', async () => {
    const credential = await newSession(store, { '=a': '1' })
    expect(await writing(store, credential, { delete: ['=b', '=b'] })).toMatchObject({ ok: true })
    expect(await entriesOf(store, credential)).toEqual({ '=a': '1' })
  })

  test('holds 8,000,000 characters of names and texts, and changes nothing past them', async () => {
    const credential = await newSession(store, { '=a': '1' })
    const full = 'x'.repeat(8_000_000 - '=a'.length - '1'.length - '=full'.length)
    const before = { set: [['=full', `${full}x`]], delete: [] } as const
    expect(await writing(store, credential, before)).toMatchObject({ ok: false, why: 'too-large' })
    expect(await entriesOf(store, credential)).toEqual({ '=a': '1' })
    expect(await writing(store, credential, { set: [['=full', full]] })).toMatchObject({ ok: true })
    const more = { delete: ['=a'], set: [['=more', 'x'.repeat(10)]] } as const
    expect(await writing(store, credential, more)).toMatchObject({ ok: false, why: 'too-large' })
    const read = await entriesOf(store, credential)
    expect(Object.keys(read).toSorted()).toEqual(['=a', '=full'])
    expect(read['=full'] === full).toBe(true)
  })
}

function atomicTests({ store }: StoreUnderTest): void {
  test('applies expect, clear, delete, take, increment and set in this order', async () => {
    const credential = await newSession(store, {
      '=cleared': '1',
      '=kept': '1',
      '=deleted': '10',
      '=taken': '20',
      '!message': '"m"',
    })
    const reply = await writing(store, credential, {
      set: [['=taken', '"set"']],
      increment: [
        ['=deleted', 1],
        ['=taken', 2],
        ['=taken', 3],
        ['=cleared', 4],
      ],
      take: ['=taken', '=cleared', '=deleted'],
      delete: ['=deleted'],
      clear: ['=kept', '=deleted', '=taken'],
      expect: [
        ['=cleared', '1'],
        ['=taken', '20'],
      ],
    })
    expect(reply).toEqual({
      ok: true,
      usedAt: START,
      revision: 2,
      moved: true,
      taken: ['20', null, null],
      counts: [1, 2, 5, 4],
    })
    expect(await entriesOf(store, credential)).toEqual({
      '=kept': '1',
      '=deleted': '1',
      '=taken': '"set"',
      '=cleared': '4',
      '!message': '"m"',
    })
  })

  test('answers a conflict with the current texts, and changes nothing', async () => {
    const entries = { '=a': '1', '=b': '2' }
    const credential = await newSession(store, entries)
    const others = {
      clear: [],
      delete: ['=a'],
      take: ['=b'],
      increment: [['=n', 1]],
      set: [['=c', '3']],
    } as const
    const expected = [
      [['=a', '2']],
      [
        ['=a', '1'],
        ['=b', null],
      ],
      [
        ['=b', '2'],
        ['=c', '3'],
      ],
    ] as const
    const currents = [['1'], ['1', '2'], ['2', null]]
    for (const [index, expectation] of expected.entries()) {
      expect(await writing(store, credential, { ...others, expect: expectation })).toMatchObject({
        ok: false,
        why: 'conflict',
        current: currents[index],
      })
      expect(await entriesOf(store, credential)).toEqual(entries)
    }
  })

  test('applies a patch whose expectations hold, an absent entry as null', async () => {
    const credential = await newSession(store, { '=a': '1' })
    const changes = {
      expect: [
        ['=a', '1'],
        ['=b', null],
      ],
      set: [['=b', '2']],
    } as const
    expect(await writing(store, credential, changes)).toMatchObject({ ok: true })
    expect(await writing(store, credential, changes)).toMatchObject({
      ok: false,
      why: 'conflict',
      current: ['1', '2'],
    })
  })

  test('lets one of two writes with the same expectation win', async () => {
    const credential = await newSession(store, { '=a': '0' })
    const replies = await Promise.all(
      ['1', '2'].map(async (text) =>
        writing(store, credential, { expect: [['=a', '0']], set: [['=a', text]] }),
      ),
    )
    const winner = replies.findIndex(({ ok }) => ok)
    expect(replies[1 - winner]).toMatchObject({
      ok: false,
      why: 'conflict',
      current: [`${winner + 1}`],
    })
    expect(await entriesOf(store, credential)).toEqual({ '=a': `${winner + 1}` })
  })

  test('adds to a number, an absent one counting as 0', async () => {
    const credential = await newSession(store, { '=n': '-2.5', '=e': '1e3' })
    const reply = await writing(store, credential, {
      increment: [
        ['=n', 0.5],
        ['=e', -1],
        ['=new', 0],
        ['=big', 9_007_199_254_740_991],
      ],
    })
    expect(reply).toMatchObject({ ok: true, counts: [-2, 999, 0, 9_007_199_254_740_991] })
    expect(await entriesOf(store, credential)).toEqual({
      '=n': '-2',
      '=e': '999',
      '=new': '0',
      '=big': '9007199254740991',
    })
  })

  test.for([
    ['9007199254740991', 1],
    ['-9007199254740991', -1],
    ['9007199254740990', 1.5],
    ['1e300', 1],
    ['9007199254740993', 1],
    ['0', 2 ** 53],
  ] as const)('counts to no sum that is not exact: %s + %d', async ([text, by]) => {
    const credential = await newSession(store, { '=n': text })
    const reply = await writing(store, credential, { increment: [['=n', by]], set: [['=b', '2']] })
    expect(reply).toMatchObject({ ok: false, why: 'not-a-number' })
    expect(await entriesOf(store, credential)).toEqual({ '=n': text })
  })

  test('counts fractions, up to the largest exact integer, and back from beyond it', async () => {
    const entries = { '=f': '0.5', '=n': '9007199254740990', '=large': '9007199254740992' }
    const credential = await newSession(store, entries)
    const increment = [
      ['=f', 0.25],
      ['=n', 1],
      ['=large', -1],
    ] as const
    const counts = [0.75, 9_007_199_254_740_991, 9_007_199_254_740_991]
    expect(await writing(store, credential, { increment })).toMatchObject({ ok: true, counts })
  })

  test.for(['"1"', 'null', 'true', '[1]', '{}', '', '~1', 'NaN', 'Infinity', '1e308', ' 1'])(
    'counts on no other text than a number, nor past all numbers: %s',
    async (text) => {
      const entries = { '=n': text, '=a': '1', '=ok': '1' }
      const credential = await newSession(store, entries)
      const reply = await writing(store, credential, {
        delete: ['=a'],
        take: ['=a'],
        increment: [
          ['=ok', 1],
          ['=n', 1.7e308],
        ],
        set: [['=b', '2']],
      })
      expect(reply).toMatchObject({ ok: false, why: 'not-a-number' })
      expect(await entriesOf(store, credential)).toEqual(entries)
    },
  )

  test('takes an entry exactly once, however many ask', async () => {
    const credential = await newSession(store, { '=state': '"s"' })
    const replies = await Promise.all(
      Array.from({ length: 10 }, async () => writing(store, credential, { take: ['=state'] })),
    )
    const taken = replies.map((reply) => (reply.ok ? reply.taken[0] : 'refused'))
    expect(taken.filter((text) => text === '"s"')).toHaveLength(1)
    expect(taken.filter((text) => text === null)).toHaveLength(9)
    expect(await entriesOf(store, credential)).toEqual({})
  })

  test('counts each of 20 increments at the same time', async () => {
    const credential = await newSession(store)
    const replies = await Promise.all(
      Array.from({ length: 20 }, async () =>
        writing(store, credential, { increment: [['=n', 1]] }),
      ),
    )
    const counts = replies.map((reply) => (reply.ok ? reply.counts[0] : undefined))
    expect(counts.toSorted((a = 0, b = 0) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 1),
    )
    expect(await entriesOf(store, credential)).toEqual({ '=n': '20' })
  })

  test('keeps both of two writes of different entries at the same time', async () => {
    const credential = await newSession(store, { '=c': '0' })
    await Promise.all([
      writing(store, credential, { set: [['=a', '1']] }),
      writing(store, credential, { set: [['=b', '2']] }),
      writing(store, credential, { delete: ['=c'] }),
    ])
    expect(await entriesOf(store, credential)).toEqual({ '=a': '1', '=b': '2' })
  })
}

function repeatTests({ store }: StoreUnderTest): void {
  test('applies a patch once, and repeats its reply', async () => {
    const credential = await newSession(store, { '=t': '"once"' })
    const patch = newPatch({ take: ['=t'], increment: [['=n', 3]], set: [['=a', '1']] })
    const first = await store.write(credential, momentAt(0), patch)
    expect(first).toMatchObject({ ok: true, taken: ['"once"'], counts: [3] })
    await writing(store, credential, {
      increment: [['=n', 10]],
      set: [
        ['=a', '2'],
        ['=t', '"again"'],
      ],
    })
    expect(await store.write(credential, momentAt(0), patch)).toEqual({
      ...first,
      revision: 3,
      moved: undefined,
    })
    expect(await entriesOf(store, credential)).toEqual({ '=n': '13', '=a': '2', '=t': '"again"' })
  })

  test('counts the revisions of what a read shows, and those only', async () => {
    const credential = await newSession(store, { '=a': '1' })
    const revisionAt = async (at: number, given: Credential = credential): Promise<unknown> => {
      const reply = await store.read(given, momentAt(at))
      return reply.ok ? reply.revision : reply
    }
    expect(await revisionAt(0)).toBe(1)
    expect(await writing(store, credential, { set: [['=a', '2']] })).toMatchObject({ revision: 2 })
    expect(await writing(store, credential, { set: [['=a', '2']] })).toMatchObject({ revision: 2 })
    expect(await revisionAt(TOUCH)).toBe(2)
    expect(await writing(store, credential, { take: ['=a'] })).toMatchObject({ revision: 3 })
    const secret = newRandomText()
    const renewed = await store.regenerate(credential, momentAt(0), { secret })
    expect(renewed).toMatchObject({ revision: 4 })
    expect(await revisionAt(TOUCH, { ...credential, secret })).toBe(4)
  })

  test('applies a patch once that comes twice at the same time', async () => {
    const credential = await newSession(store)
    const patch = newPatch({ increment: [['=n', 1]] })
    const replies = await Promise.all(
      Array.from({ length: 5 }, async () => store.write(credential, momentAt(0), patch)),
    )
    for (const reply of replies) expect(reply).toMatchObject({ ok: true, counts: [1] })
    expect(await entriesOf(store, credential)).toEqual({ '=n': '1' })
  })

  test.for([
    ['15 others, however late', 15, 10 * MINUTE],
    ['64 others within a minute', 64, 900],
  ] as const)('still knows a patch after %s', async ([, others, apart]) => {
    const credential = await newSession(store, { '=t': '"once"' })
    const counting = newPatch({ increment: [['=n', 1]] })
    const taking = newPatch({ take: ['=t'] })
    const timeouts = { idle: ABSOLUTE }
    await store.write(credential, momentAt(0), taking)
    await store.write(credential, momentAt(0), counting)
    for (let round = 1; round < others; round += 1) {
      const moment = momentAt(round * apart, timeouts)
      await store.write(credential, moment, newPatch({ increment: [['=n', 1]] }))
    }
    const late = momentAt(others * apart, timeouts)
    expect(await store.write(credential, late, taking)).toMatchObject({ taken: ['"once"'] })
    await store.write(credential, late, newPatch({ increment: [['=n', 1]] }))
    expect(await store.write(credential, late, counting)).toMatchObject({ counts: [1] })
    expect(await entriesOf(store, credential, late)).toEqual({ '=n': `${others + 1}` })
  })

  test('says whether this very patch moved the revision', async () => {
    const credential = await newSession(store, { '=a': '1', '=n': '1' })
    const patch = newPatch({ increment: [['=n', 1]] })
    const first = await store.write(credential, momentAt(0), patch)
    expect(first).toMatchObject({ revision: 2, moved: true })
    const nothing: Changes[] = [
      { set: [['=a', '1']] },
      { delete: ['=missing'] },
      { take: ['=missing'] },
      { increment: [['=n', 0]] },
      { expect: [['=a', '1']], set: [['=a', '1']] },
    ]
    for (const changes of nothing) {
      const reply = await store.write(credential, momentAt(TOUCH), newPatch(changes))
      expect(reply).toMatchObject({ ok: true, revision: 2 })
      expect(reply).not.toHaveProperty('moved')
    }
    const again = await store.write(credential, momentAt(0), patch)
    expect(again).toMatchObject({ ok: true, revision: 2, counts: [2] })
    expect(again).not.toHaveProperty('moved')
    const refused = await writing(store, credential, { expect: [['=a', '2']] })
    expect(refused).not.toHaveProperty('moved')
  })

  test('still knows a patch after a regenerate', async () => {
    const { handle, secret } = await newSession(store)
    const patch = newPatch({ increment: [['=n', 1]] })
    await store.write({ handle, secret }, momentAt(0), patch)
    const newSecret = newRandomText()
    await store.regenerate({ handle, secret }, momentAt(0), { secret: newSecret })
    const renewed = { handle, secret: newSecret }
    expect(await store.write(renewed, momentAt(0), patch)).toMatchObject({ counts: [1] })
    expect(await entriesOf(store, renewed)).toEqual({ '=n': '1' })
  })

  test('tries a patch again that it refused', async () => {
    const credential = await newSession(store, { '=a': '1' })
    const patch = newPatch({ expect: [['=a', '2']], set: [['=b', '1']] })
    expect(await store.write(credential, momentAt(0), patch)).toMatchObject({ why: 'conflict' })
    await writing(store, credential, { set: [['=a', '2']] })
    expect(await store.write(credential, momentAt(0), patch)).toMatchObject({ ok: true })
    expect(await entriesOf(store, credential)).toEqual({ '=a': '2', '=b': '1' })
  })

  test('repeats no reply to a secret that is refused', async () => {
    const { handle, secret } = await newSession(store, { '=t': '"once"' })
    const patch = newPatch({ take: ['=t'] })
    await store.write({ handle, secret }, momentAt(0), patch)
    const thief = { handle, secret: newRandomText() }
    expect(await store.write(thief, momentAt(0), patch)).toEqual({
      ok: false,
      gone: 'rotated',
      at: START,
    })
  })

  test('knows a patch in its own session only', async () => {
    const patch = newPatch({ increment: [['=n', 1]] })
    const sessions = [await newSession(store), await newSession(store)]
    for (const credential of sessions) {
      expect(await store.write(credential, momentAt(0), patch)).toMatchObject({ counts: [1] })
      expect(await entriesOf(store, credential)).toEqual({ '=n': '1' })
    }
  })
}

/** Checks that a session is gone for every use, and that nothing of it changes by trying. */
async function expectExpired(
  store: SessionStore,
  credential: Credential,
  moment: CallContext,
): Promise<void> {
  const expired = { ok: false, gone: 'expired' }
  expect(await store.read(credential, moment)).toEqual(expired)
  expect(await store.write(credential, moment, setting({ '=a': '2' }))).toEqual(expired)
  expect(await store.regenerate(credential, moment, { secret: newRandomText() })).toEqual(expired)
  expect(await store.read(credential, moment)).toEqual(expired)
}

function timeoutTests({ store }: StoreUnderTest): void {
  const longIdle = { idle: 2 * ABSOLUTE }

  test('ends a session at its absolute timeout, to the millisecond', async () => {
    const credential = await newSession(store, { '=a': '1' })
    const last = momentAt(ABSOLUTE - 1, longIdle)
    expect(await entriesOf(store, credential, last)).toEqual({ '=a': '1' })
    await expectExpired(store, credential, momentAt(ABSOLUTE, longIdle))
    await expectExpired(store, credential, momentAt(ABSOLUTE + 1, longIdle))
  })

  test('writes and regenerates until the absolute timeout, and moves it by neither', async () => {
    const { handle, secret } = await newSession(store, { '=a': '1' })
    const last = momentAt(ABSOLUTE - 1, longIdle)
    const written = await store.write({ handle, secret }, last, setting({ '=b': '2' }))
    expect(written).toMatchObject({ ok: true })
    const renewed = await regenerated(store, { handle, secret }, last)
    expect(await entriesOf(store, renewed, last)).toEqual({ '=a': '1', '=b': '2' })
    await expectExpired(store, renewed, momentAt(ABSOLUTE, longIdle))
  })

  test('ends a session by the shorter timeout of a later request', async () => {
    const credential = await newSession(store, { '=a': '1' })
    const short = { idle: 2 * ABSOLUTE, absolute: 10 * MINUTE }
    expect(await entriesOf(store, credential, momentAt(10 * MINUTE - 1, short))).toEqual({
      '=a': '1',
    })
    await expectExpired(store, credential, momentAt(10 * MINUTE, short))
  })

  describe.runIf(store.can.recordUse)('of its own times', () => {
    test('ends a session at its idle timeout, to the millisecond', async () => {
      const unused = await newSession(store, { '=a': '1' })
      await expectExpired(store, unused, momentAt(IDLE))
      const used = await newSession(store, { '=a': '1' })
      expect(await entriesOf(store, used, momentAt(IDLE - 1))).toEqual({ '=a': '1' })
    })

    test('counts the idle timeout from the last recorded use', async () => {
      const credential = await newSession(store, { '=a': '1' })
      await store.read(credential, momentAt(IDLE - 1))
      expect((await store.read(credential, momentAt(2 * IDLE - 2))).ok).toBe(true)
      await expectExpired(store, credential, momentAt(3 * IDLE - 2))
    })

    test('ends a session in use at its absolute timeout', async () => {
      const credential = await newSession(store, { '=a': '1' })
      for (let at = IDLE - 1; at < ABSOLUTE; at += IDLE - 1) {
        expect((await store.read(credential, momentAt(at))).ok).toBe(true)
      }
      expect((await store.read(credential, momentAt(ABSOLUTE - 1))).ok).toBe(true)
      await expectExpired(store, credential, momentAt(ABSOLUTE))
    })

    test('creates nothing over an expired session that is still stored', async () => {
      const { handle, secret } = await newSession(store, { '=a': '1' })
      for (const again of [secret, newRandomText()]) {
        expect(
          await store.create({ handle, secret: again }, momentAt(IDLE), setting({ '=a': '2' })),
        ).toEqual({ ok: false, gone: 'expired' })
      }
    })

    test('tells a wrong secret nothing more of an expired session', async () => {
      const { handle } = await newSession(store)
      expect(await store.read({ handle, secret: newRandomText() }, momentAt(IDLE))).toEqual({
        ok: false,
        gone: 'expired',
      })
    })
  })
}

function touchTests({ store }: StoreUnderTest): void {
  const usedAt = async (credential: Credential, moment: CallContext): Promise<unknown> => {
    const reply = await store.read(credential, moment)
    return reply.ok ? reply.usedAt : reply
  }

  test('records a use when the last one is `touch` ago, and not before', async () => {
    const credential = await newSession(store)
    expect(await usedAt(credential, momentAt(TOUCH - 1))).toBe(START)
    expect(await usedAt(credential, momentAt(TOUCH))).toBe(START + TOUCH)
    expect(await usedAt(credential, momentAt(2 * TOUCH - 1))).toBe(START + TOUCH)
    expect(await usedAt(credential, momentAt(2 * TOUCH))).toBe(START + 2 * TOUCH)
  })

  test('ends a session by the use on record, not by one that was not recorded', async () => {
    const credential = await newSession(store)
    expect(await usedAt(credential, momentAt(TOUCH - 1))).toBe(START)
    await expectExpired(store, credential, momentAt(IDLE))
  })

  test('records the use of a write', async () => {
    const credential = await newSession(store)
    const soon = await store.write(credential, momentAt(TOUCH - 1), setting({ '=a': '1' }))
    expect(soon).toMatchObject({ ok: true, usedAt: START })
    const later = await store.write(credential, momentAt(TOUCH), setting({ '=a': '2' }))
    expect(later).toMatchObject({ ok: true, usedAt: START + TOUCH })
    expect(await usedAt(credential, momentAt(TOUCH))).toBe(START + TOUCH)
  })

  test('records the use of a regenerate', async () => {
    const { handle, secret } = await newSession(store)
    const newSecret = newRandomText()
    await store.regenerate({ handle, secret }, momentAt(TOUCH), { secret: newSecret })
    const renewed = { handle, secret: newSecret }
    expect(await usedAt(renewed, momentAt(2 * TOUCH - 1))).toBe(START + TOUCH)
  })

  test('records no use by a wrong secret', async () => {
    const { handle, secret } = await newSession(store)
    await store.read({ handle, secret: newRandomText() }, momentAt(10 * TOUCH))
    expect(await usedAt({ handle, secret }, momentAt(0))).toBe(START)
  })

  test('changes no entry by recording a use', async () => {
    const entries = { '=a': '1', '!0': '"m"' }
    const credential = await newSession(store, entries)
    for (let round = 1; round < 5; round += 1) {
      expect(await entriesOf(store, credential, momentAt(round * TOUCH))).toEqual(entries)
    }
  })

  test('keeps a write that comes at the same time as a recorded use', async () => {
    const credential = await newSession(store, { '=a': '1' })
    const moment = momentAt(TOUCH)
    await Promise.all([
      store.read(credential, moment),
      store.write(credential, moment, setting({ '=a': '2' })),
      store.read(credential, moment),
    ])
    expect(await entriesOf(store, credential, moment)).toEqual({ '=a': '2' })
  })

  test('never takes time back', async () => {
    const credential = await newSession(store)
    expect(await usedAt(credential, momentAt(10 * TOUCH))).toBe(START + 10 * TOUCH)
    expect(await usedAt(credential, momentAt(2 * TOUCH))).toBe(START + 10 * TOUCH)
    // Other timeouts are recorded, but no older use with them.
    const others = { idle: 2 * IDLE, touch: 0 }
    expect(await usedAt(credential, momentAt(3 * TOUCH, others))).toBe(START + 10 * TOUCH)
    expect(await usedAt(credential, momentAt(10 * TOUCH, others))).toBe(START + 10 * TOUCH)
  })
}

function regenerateTests({ store }: StoreUnderTest): void {
  test('keeps the entries, under the new secret', async () => {
    const entries = { '=a': '1', '!0': '"m"', '=__proto__': '2' }
    const renewed = await regenerated(store, await newSession(store, entries))
    expect(await entriesOf(store, renewed)).toEqual(entries)
    await writing(store, renewed, { set: [['=a', '2']] })
    expect(await entriesOf(store, renewed)).toEqual({ ...entries, '=a': '2' })
  })

  test('refuses the old secret at once, and says since when', async () => {
    const old = await newSession(store, { '=a': '1' })
    const renewed = await regenerated(store, old, momentAt(5))
    const rotated = { ok: false, gone: 'rotated', at: START + 5 }
    expect(await store.read(old, momentAt(6))).toEqual(rotated)
    expect(await store.write(old, momentAt(6), setting({ '=a': '2' }))).toEqual(rotated)
    expect(await store.regenerate(old, momentAt(6), { secret: newRandomText() })).toEqual(rotated)
    expect(await entriesOf(store, renewed)).toEqual({ '=a': '1' })
  })

  test('refuses every secret but the last', async () => {
    const credentials = [await newSession(store, { '=a': '1' })]
    for (let round = 0; round < 3; round += 1) {
      const last = credentials.at(-1)
      if (last !== undefined) credentials.push(await regenerated(store, last))
    }
    const replies = await Promise.all(
      credentials.map(async (credential) => store.read(credential, momentAt(0))),
    )
    expect(replies.map(({ ok }) => ok)).toEqual([false, false, false, true])
  })

  test('answers as before when the same regenerate is repeated', async () => {
    const credential = await newSession(store, { '=a': '1' })
    const newSecret = newRandomText()
    const first = await store.regenerate(credential, momentAt(5), { secret: newSecret })
    expect(first).toMatchObject({ ok: true })
    expect(await store.regenerate(credential, momentAt(6), { secret: newSecret })).toEqual(first)
    expect(await store.regenerate(credential, momentAt(7), { secret: newSecret })).toEqual(first)
    expect(await store.read(credential, momentAt(8))).toMatchObject({ at: START + 5 })
    const handle = first.ok ? first.handle : ''
    expect(await entriesOf(store, { handle, secret: newSecret })).toEqual({ '=a': '1' })
  })

  test.runIf(store.can.atomic)('leaves the handle as it is', async () => {
    const { handle, secret } = await newSession(store)
    expect((await regenerated(store, { handle, secret })).handle).toBe(handle)
  })

  test.runIf(store.can.atomic)('lets one of two regenerates at the same time win', async () => {
    const { handle, secret } = await newSession(store, { '=a': '1' })
    const secrets = [newRandomText(), newRandomText()]
    const replies = await Promise.all(
      secrets.map(async (each) =>
        store.regenerate({ handle, secret }, momentAt(5), { secret: each }),
      ),
    )
    const winner = replies.findIndex(({ ok }) => ok)
    expect(replies[winner]).toMatchObject({ ok: true, handle })
    expect(replies[1 - winner]).toEqual({ ok: false, gone: 'rotated', at: START + 5 })
    const reads = await Promise.all(
      secrets.map(async (each) => store.read({ handle, secret: each }, momentAt(5))),
    )
    expect(reads[winner]).toMatchObject({ ok: true, entries: { '=a': '1' } })
    expect(reads[1 - winner]).toMatchObject({ ok: false })
  })

  test('makes no session of a handle that has none', async () => {
    const credential = newCredential(store)
    const newSecret = newRandomText()
    const ended = { ok: false, gone: 'ended' }
    expect(await store.regenerate(credential, momentAt(0), { secret: newSecret })).toEqual(ended)
    expect(await store.read({ ...credential, secret: newSecret }, momentAt(0))).toEqual(ended)
  })
}

function destroyTests({ store, dump }: StoreUnderTest): void {
  test('forgets the session for good', async () => {
    const credential = await newSession(store, { '=a': '1' })
    expect(await store.destroy(credential, momentAt(0))).toEqual({ ok: true })
    const ended = { ok: false, gone: 'ended' }
    expect(await store.read(credential, momentAt(MINUTE))).toEqual(ended)
    const late = store.write(credential, momentAt(MINUTE), setting({ '=a': '2' }))
    expect(await late).toEqual(ended)
    const secret = newRandomText()
    expect(await store.regenerate(credential, momentAt(MINUTE), { secret })).toEqual(ended)
    expect(await store.read(credential, momentAt(2 * MINUTE))).toEqual(ended)
  })

  test('says for a minute when it was ended, to every call', async () => {
    const credential = await newSession(store, { '=a': '1' })
    await store.destroy(credential, momentAt(5))
    const ended = { ok: false, gone: 'ended', at: START + 5 }
    // The clock of another caller may be behind.
    for (const at of [0, 5, 1000, MINUTE + 4]) {
      expect(await store.read(credential, momentAt(at))).toEqual(ended)
      expect(await store.write(credential, momentAt(at), setting({ '=a': '2' }))).toEqual(ended)
      const secret = newRandomText()
      expect(await store.regenerate(credential, momentAt(at), { secret })).toEqual(ended)
    }
    expect(await store.read(credential, momentAt(MINUTE + 5))).toEqual({ ok: false, gone: 'ended' })
  })

  test('keeps the time of the end when it is destroyed again', async () => {
    const credential = await newSession(store)
    await store.destroy(credential, momentAt(5))
    expect(await store.destroy(credential, momentAt(1000))).toEqual({ ok: true })
    const ended = { ok: false, gone: 'ended', at: START + 5 }
    expect(await store.read(credential, momentAt(2000))).toEqual(ended)
    expect(await store.destroy(credential, momentAt(2 * MINUTE))).toEqual({ ok: true })
    expect(await store.read(credential, momentAt(3 * MINUTE))).toEqual({ ok: false, gone: 'ended' })
  })

  test('creates nothing over a session that was ended a moment ago', async () => {
    if (!store.can.atomic) return
    const credential = await newSession(store, { '=a': '1' })
    await store.destroy(credential, momentAt(5))
    const late = await store.create(credential, momentAt(6), setting({ '=a': '2' }))
    expect(late).toEqual({ ok: false, gone: 'ended', at: START + 5 })
  })

  test.runIf(dump !== undefined)('leaves nothing of it stored but the time', async () => {
    const credential = await newSession(store, { '=name': '"Ada"' })
    await store.destroy(credential, momentAt(0))
    const left = (await dump?.(credential.handle)) ?? ''
    expect(left).not.toContain('Ada')
    expect(left.length).toBeLessThan(store.name === 'durable-object' ? 1 : 250)
    // An object keeps it in its memory, so that it has no row.
    expect(left.includes(String(START))).toBe(store.name !== 'durable-object')
  })

  test('destroys twice without complaint', async () => {
    const credential = await newSession(store)
    expect(await store.destroy(credential, momentAt(0))).toEqual({ ok: true })
    expect(await store.destroy(credential, momentAt(0))).toEqual({ ok: true })
  })

  test('destroys an expired session, which ended before', async () => {
    const credential = await newSession(store)
    const late = momentAt(ABSOLUTE)
    expect(await store.destroy(credential, late)).toEqual({ ok: true })
    expect(await store.read(credential, late)).toEqual({ ok: false, gone: 'ended' })
    expect(await store.read(credential, momentAt(0))).toEqual({ ok: false, gone: 'ended' })
  })

  test('leaves the session alone when it was regenerated meanwhile', async () => {
    const old = await newSession(store, { '=a': '1' })
    const secret = newRandomText()
    const reply = await store.regenerate(old, momentAt(5), { secret: secret })
    const handle = reply.ok ? reply.handle : ''
    expect(await store.destroy(old, momentAt(6))).toEqual({
      ok: false,
      gone: 'rotated',
      at: START + 5,
    })
    expect(await entriesOf(store, { handle, secret })).toEqual({ '=a': '1' })
    expect(await store.destroy({ handle, secret }, momentAt(7))).toEqual({ ok: true })
    const after = await store.read({ handle, secret }, momentAt(8))
    expect(after).toEqual({ ok: false, gone: 'ended', at: START + 7 })
  })

  test('destroys one session only', async () => {
    const credential = await newSession(store, { '=a': '1' })
    const other = await newSession(store, { '=a': '2' })
    await store.destroy(credential, momentAt(0))
    expect(await entriesOf(store, other)).toEqual({ '=a': '2' })
  })

  test.runIf(store.can.atomic)('lets no write at the same time bring it back', async () => {
    const credential = await newSession(store, { '=a': '1' })
    await Promise.all([
      writing(store, credential, { set: [['=b', '1']] }),
      store.destroy(credential, momentAt(0)),
      writing(store, credential, { set: [['=c', '1']] }),
      store.read(credential, momentAt(TOUCH)),
    ])
    const after = await store.read(credential, momentAt(0))
    expect(after).toEqual({ ok: false, gone: 'ended', at: START })
  })
}

function accountTests({ store }: StoreUnderTest): void {
  const ada = (at: number): Account => ({ userId: 'ada', at: START + at })
  const signIn = (account: Account, entries: Record<string, string> = {}): Patch => ({
    ...setting(entries),
    signIn: account,
  })

  test('signs somebody in with the first write, and says who with each answer', async () => {
    const credential = newCredential(store)
    const account = { ...ada(0), aal: 2, device: { agent: 'x', country: 'PT' } } as const
    const patch = signIn(account, { '=a': '1' })
    expect(await store.create(credential, momentAt(0), patch)).toMatchObject({ ok: true, account })
    const moment = momentAt(1)
    expect(await store.read(credential, moment)).toMatchObject({ ok: true, account })
    const write = await store.write(credential, moment, setting({ '=b': '2' }))
    expect(write).toMatchObject({ ok: true, account })
    const tooLarge = setting({ '=c': 'x'.repeat(8_000_000) })
    expect(await store.write(credential, moment, tooLarge)).toMatchObject({ ok: false, account })
    const secret = newRandomText()
    const renewed = await store.regenerate(credential, moment, { secret })
    expect(renewed).toMatchObject({ ok: true, account })
    if (!renewed.ok) return
    const present = { handle: renewed.handle, secret }
    expect(await store.destroy(present, moment)).toMatchObject({ ok: true, account })
  })

  test('says nobody where nobody is', async () => {
    const credential = await newSession(store, { '=a': '1' })
    expect(await store.read(credential, momentAt(0))).not.toHaveProperty('account')
    expect(await store.destroy(credential, momentAt(0))).not.toHaveProperty('account')
  })

  test('signs somebody in with a new secret, keeping what an anonymous visitor has', async () => {
    const credential = await newSession(store, { '=a': '1', '!m': '"hello"' })
    const secret = newRandomText()
    const account = ada(5)
    const patch = signIn(account)
    const reply = await store.regenerate(credential, momentAt(5), { secret, patch })
    expect(reply).toMatchObject({ ok: true, account })
    if (!reply.ok) return
    const present = { handle: reply.handle, secret }
    expect(await entriesOf(store, present, momentAt(5))).toEqual({ '=a': '1', '!m': '"hello"' })
    expect(await store.read(credential, momentAt(5))).toMatchObject({ ok: false, gone: 'rotated' })
    // Repeated after a failure.
    const again = await store.regenerate(credential, momentAt(6), { secret, patch })
    expect(again).toMatchObject({ ok: true, account, handle: reply.handle })
  })

  test('deletes what another user has left, and keeps the same user’s', async () => {
    for (const [userId, kept] of [
      ['ada', { '=a': '1' }],
      ['eve', {}],
    ] as const) {
      const credential = newCredential(store)
      await store.create(credential, momentAt(0), signIn(ada(0), { '=a': '1' }))
      const secret = newRandomText()
      const patch = signIn({ userId, at: START + 5 })
      const reply = await store.regenerate(credential, momentAt(5), { secret, patch })
      if (!reply.ok) throw new Error(JSON.stringify(reply))
      const present = { handle: reply.handle, secret }
      expect(await entriesOf(store, present, momentAt(5))).toEqual(kept)
    }
  })

  test('begins both timeouts anew with a sign-in', async () => {
    const credential = await newSession(store, { '=a': '1' })
    const timeouts = { idle: ABSOLUTE, absolute: ABSOLUTE }
    const at = ABSOLUTE - MINUTE
    const secret = newRandomText()
    const patch = signIn(ada(at))
    const moment = momentAt(at, timeouts)
    const reply = await store.regenerate(credential, moment, { secret, patch })
    if (!reply.ok) throw new Error(JSON.stringify(reply))
    const present = { handle: reply.handle, secret }
    const last = momentAt(at + ABSOLUTE - 1, timeouts)
    expect(await store.read(present, last)).toMatchObject({ ok: true })
    const over = momentAt(at + ABSOLUTE, timeouts)
    expect(await store.read(present, over)).toMatchObject({ ok: false, gone: 'expired' })
  })
}

function renewalTests({ store }: StoreUnderTest): void {
  const renew = 10 * MINUTE
  const grace = 30_000

  test('says when a secret is due for renewal, and no earlier', async () => {
    const credential = await newSession(store)
    const asked = async (at: number, more: Partial<CallContext> = { renew }): Promise<unknown> => {
      const reply = await store.read(credential, momentAt(at, more))
      return reply.ok ? reply.renewal : reply
    }
    expect(await asked(renew - 1)).toBe(undefined)
    expect(await asked(renew)).toBe('due')
    expect(await asked(renew, {})).toBe(undefined)
  })

  test('lets the former secret read and write for the grace, and says that it is the former', async () => {
    const credential = await newSession(store, { '=a': '1' })
    const secret = newRandomText()
    const renewed = await store.regenerate(credential, momentAt(0), { secret, grace })
    expect(renewed).toMatchObject({ ok: true })
    const last = momentAt(grace - 1)
    expect(await store.read(credential, last)).toMatchObject({ ok: true, renewal: 'done' })
    const write = await store.write(credential, last, setting({ '=a': '2' }))
    expect(write).toMatchObject({ ok: true, renewal: 'done' })
    const present = { handle: credential.handle, secret }
    expect(await store.read(present, last)).toMatchObject({ ok: true, entries: { '=a': '2' } })
    expect(await store.read(present, last)).not.toHaveProperty('renewal')
    expect(await store.read(credential, momentAt(grace))).toMatchObject({ gone: 'rotated' })
  })

  test('gives the same answer to all that renew to the same secret', async () => {
    const credential = await newSession(store)
    const secret = newRandomText()
    const replies = await Promise.all(
      Array.from({ length: 5 }, async () =>
        store.regenerate(credential, momentAt(0), { secret, grace }),
      ),
    )
    expect(replies.every(({ ok }) => ok)).toBe(true)
  })

  test('lets a former secret make no other one the present', async () => {
    const credential = await newSession(store)
    const [secret, other] = [newRandomText(), newRandomText()]
    await store.regenerate(credential, momentAt(0), { secret, grace })
    const late = await store.regenerate(credential, momentAt(1), { secret: other, grace })
    expect(late).toMatchObject({ ok: false, gone: 'rotated' })
    const present = { handle: credential.handle, secret }
    expect(await store.read(present, momentAt(1))).toMatchObject({ ok: true })
  })

  test('ends the grace with a regenerate that gives none', async () => {
    const credential = await newSession(store)
    const [secret, other] = [newRandomText(), newRandomText()]
    await store.regenerate(credential, momentAt(0), { secret, grace })
    const present = { handle: credential.handle, secret }
    await store.regenerate(present, momentAt(1), { secret: other })
    for (const old of [credential, present])
      expect(await store.read(old, momentAt(2))).toMatchObject({ ok: false, gone: 'rotated' })
  })
}

const DAY = 24 * 60 * MINUTE

function onceTests({ store }: StoreUnderTest): void {
  /** A session that is made under a handle of its own kind, in the way of all requests that come with one old cookie. */
  async function newOnce(): Promise<{
    readonly credential: Credential
    readonly createAt: (milliseconds: number, entries?: Record<string, string>) => Await<WriteReply>
  }> {
    const credential = {
      handle: store.handleFor?.(await sha256(newRandomText())) ?? '',
      secret: newRandomText(),
    }
    const createAt = (
      milliseconds: number,
      entries: Record<string, string> = { '=a': '1' },
    ): Await<WriteReply> =>
      store.create(credential, momentAt(milliseconds), {
        ...setting(entries),
        onceUntil: START + 31 * DAY,
      })
    expect(await createAt(0)).toMatchObject({ ok: true })
    return { credential, createAt }
  }

  test('gives the same handle for the same key, and another one for another', async () => {
    const [key, other] = [await sha256('a'), await sha256('b')]
    const handle = store.handleFor?.(key) ?? ''
    expect(handle).toMatch(/^[\w-]{22,64}$/)
    expect(store.handleFor?.(key)).toBe(handle)
    expect(store.handleFor?.(other)).not.toBe(handle)
    expect(store.idOf(store.handleFor?.(other) ?? '')).not.toBe(store.idOf(handle))
  })

  test('has another create join the session within a minute, and change nothing', async () => {
    const { credential, createAt } = await newOnce()
    await store.write(credential, momentAt(1), setting({ '=a': '2' }))
    const joined = await createAt(MINUTE - 1, { '=a': '3', '=b': '4' })
    expect(joined).toMatchObject({ ok: true, createdAt: START, ...NONE })
    expect(await entriesOf(store, credential)).toEqual({ '=a': '2' })
  })

  test('has another create join it later only where it may never have been used', async () => {
    const { credential, createAt } = await newOnce()
    const later = await createAt(10 * MINUTE)
    expect(later.ok).toBe(store.can.recordUse)
    await store.read(credential, momentAt(12 * MINUTE))
    expect(await createAt(13 * MINUTE)).toEqual({ ok: false, gone: 'ended' })
    expect(await entriesOf(store, credential)).toEqual({ '=a': '1' })
  })

  test('says who is signed in to who joins', async () => {
    const account = { userId: 'ada', at: START }
    const credential = {
      handle: store.handleFor?.(await sha256(newRandomText())) ?? '',
      secret: newRandomText(),
    }
    const patch = { ...setting({}), signIn: account, onceUntil: START + DAY }
    await store.create(credential, momentAt(0), patch)
    expect(await store.create(credential, momentAt(1), patch)).toMatchObject({ ok: true, account })
  })

  test('makes no other session after it was destroyed, until that may be forgotten', async () => {
    const { credential, createAt } = await newOnce()
    expect(await store.destroy(credential, momentAt(0))).toMatchObject({ ok: true })
    for (const later of [0, 1000, 2 * MINUTE, DAY, 30 * DAY]) {
      const ended = { ok: false, gone: 'ended', ...(later < MINUTE && { at: START }) }
      expect(await createAt(later)).toEqual(ended)
      expect(await store.read(credential, momentAt(later))).toEqual(ended)
      const late = store.write(credential, momentAt(later), setting({ '=a': '9' }))
      expect(await late).toEqual(ended)
      expect(await store.destroy(credential, momentAt(later))).toMatchObject({ ok: true })
    }
  })

  test('has a write with onceUntil tell what a create would find, and change nothing', async () => {
    const ask = (credential: Credential, milliseconds: number): Await<WriteReply> =>
      store.write(credential, momentAt(milliseconds), { id: '', onceUntil: START + 31 * DAY })
    const unused = {
      handle: store.handleFor?.(await sha256(newRandomText())) ?? '',
      secret: newRandomText(),
    }
    expect(await ask(unused, 0)).toEqual({ ok: false, gone: 'ended' })
    expect(await store.create(unused, momentAt(0), setting({}))).toMatchObject({ ok: true })
    const { credential, createAt } = await newOnce()
    expect(await ask(credential, 1000)).toMatchObject({ ok: true, createdAt: START })
    expect(await createAt(1000)).toMatchObject({ ok: true, createdAt: START })
    await store.read(credential, momentAt(12 * MINUTE))
    const spent = { ok: false, gone: 'ended', isSpent: true }
    expect(await ask(credential, 13 * MINUTE)).toEqual(spent)
    expect(await entriesOf(store, credential)).toEqual({ '=a': '1' })
    await store.destroy(credential, momentAt(14 * MINUTE))
    expect(await ask(credential, 15 * MINUTE)).toEqual(spent)
    const { credential: other } = await newOnce()
    await regenerated(store, other)
    expect(await ask(other, 1000)).toEqual({ ok: false, gone: 'rotated', at: START })
  })

  test('makes no other session after it has expired', async () => {
    const { credential, createAt } = await newOnce()
    expect((await createAt(ABSOLUTE)).ok).toBe(false)
    expect((await createAt(2 * DAY)).ok).toBe(false)
    expect((await store.read(credential, momentAt(2 * DAY))).ok).toBe(false)
  })

  test('makes no other session after it was given another secret, and nobody joins it', async () => {
    const { credential, createAt } = await newOnce()
    const next = await regenerated(store, credential)
    expect(await createAt(1000)).toEqual({ ok: false, gone: 'rotated', at: START })
    expect(await entriesOf(store, next)).toEqual({ '=a': '1' })
    await store.destroy(next, momentAt(2000))
    expect((await createAt(3000)).ok).toBe(false)
  })

  test('lets nobody join who comes with another secret', async () => {
    const { credential } = await newOnce()
    const other = { ...credential, secret: newRandomText() }
    const patch = { ...setting({ '=a': '3' }), onceUntil: START + DAY }
    expect((await store.create(other, momentAt(0), patch)).ok).toBe(false)
    expect(await entriesOf(store, credential)).toEqual({ '=a': '1' })
  })
}
