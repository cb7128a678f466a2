import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import { adopting } from '../../src/adopt.ts'
import { newRandomText } from '../../src/codec/random.ts'
import { SessionError } from '../../src/errors.ts'
import { adoption } from '../../src/migrate/adoption.ts'
import type { Credential, SessionStore } from '../../src/record/store.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { kvStore } from '../../src/store/kv.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { type RingMigration, type RingNode, ringStore } from '../../src/store/ring.ts'
import { userIndex } from '../../src/store/user-index.ts'
import { newApp } from '../support/app.ts'
import { countingStore } from '../support/counting-store.ts'
import {
  describeStoreContract,
  entriesOf,
  momentAt,
  newCredential,
  newPatch,
  newSession,
  regenerated,
  setting,
  START,
} from './contract.ts'

const ENDED = { ok: false, gone: 'ended' }
const UNTIL = new Date(START + 1_000_000)

function node(name: string, weight = 1, store = memoryStore()): RingNode {
  return { name, weight, store }
}

function migration(from: readonly RingNode[], until = UNTIL): { migrating: RingMigration } {
  return { migrating: { from, until } }
}

async function holdersOf(
  nodes: readonly RingNode[],
  credential: Credential,
): Promise<readonly string[]> {
  const replies = await Promise.all(
    nodes.map(async ({ name, store }) =>
      (await store.read(credential, momentAt(0))).ok ? name : '',
    ),
  )
  return replies.filter((name) => name !== '')
}

describeStoreContract('ring of memory', {
  store: ringStore([node('a'), node('b', 2), node('c', 3)]),
  sizes: false,
})

describe('a ring', () => {
  test('keeps each session in one node, and uses all of them', async () => {
    const nodes = [node('a'), node('b'), node('c')]
    const ring = ringStore(nodes)
    const used = new Set<string>()
    for (let made = 0; made < 50; made += 1) {
      const holders = await holdersOf(nodes, await newSession(ring, { '=a': '1' }))
      expect(holders).toHaveLength(1)
      for (const name of holders) used.add(name)
    }
    expect([...used].toSorted()).toEqual(['a', 'b', 'c'])
  })

  test('makes one call of one node for each of its own', async () => {
    const counted = countingStore(memoryStore())
    const ring = ringStore([node('a', 1, counted.store)])
    const credential = await newSession(ring)
    await ring.read(credential, momentAt(0))
    await ring.write(credential, momentAt(0), setting({ '=a': '1' }))
    await ring.destroy(credential, momentAt(0))
    expect(counted.calls).toEqual(['create', 'read', 'write', 'destroy'])
  })

  test('has a KV session where it was, whatever its handle is after a regenerate', async () => {
    const nodes = ['one:', 'two:'].map((prefix) =>
      node(prefix, 1, kvStore(env.SESSION_KV, { prefix })),
    )
    const ring = ringStore(nodes)
    for (let round = 0; round < 10; round += 1) {
      const credential = await newSession(ring, { '=a': '1' })
      const holders = await holdersOf(nodes, credential)
      const secret = newRandomText()
      const reply = await ring.regenerate(credential, momentAt(0), { secret })
      const renewed = { handle: reply.ok ? reply.handle : '', secret }
      expect(await entriesOf(ring, renewed)).toEqual({ '=a': '1' })
      expect(await holdersOf(nodes, renewed)).toEqual(holders)
      expect(await ring.read(credential, momentAt(1))).toMatchObject({ ok: false, gone: 'rotated' })
      expect(ring.idOf(renewed.handle)).toBe(ring.idOf(credential.handle))
      await ring.write(renewed, momentAt(1), setting({ '=b': '2' }))
      expect(await entriesOf(ring, renewed)).toEqual({ '=a': '1', '=b': '2' })
      await ring.destroy(renewed, momentAt(1))
      expect(await holdersOf(nodes, renewed)).toEqual([])
      const late = ring.write(renewed, momentAt(2), setting({ '=a': '2' }))
      expect(await late).toMatchObject({ ok: false, gone: 'ended' })
    }
  })
})

describe('while it migrates', () => {
  /** Sessions of a ring to which a node is added then, and those of them whose place is now the new node. */
  async function grown(): Promise<{
    readonly nodes: readonly RingNode[]
    readonly former: SessionStore
    readonly ring: SessionStore
    readonly moved: readonly Credential[]
    readonly all: readonly Credential[]
  }> {
    const old = [node('a'), node('b')]
    const added = node('c', 2)
    const former = ringStore(old)
    const all = await Promise.all(
      Array.from({ length: 40 }, () => newSession(former, { '=a': '1' })),
    )
    const nodes = [...old, added]
    const after = ringStore(nodes)
    const found = await Promise.all(
      all.map(async (each) => (await after.read(each, momentAt(0))).ok),
    )
    const moved = all.filter((_, index) => found[index] === false)
    expect(moved.length).toBeGreaterThan(5)
    expect(moved.length).toBeLessThan(35)
    return { nodes, former, ring: ringStore(nodes, migration(old)), moved, all }
  }

  test('finds every session of before, and leaves it where it is', async () => {
    const { nodes, ring, all } = await grown()
    for (const credential of all) {
      const before = await holdersOf(nodes, credential)
      expect(await entriesOf(ring, credential)).toEqual({ '=a': '1' })
      await ring.write(credential, momentAt(0), setting({ '=a': '2' }))
      expect(await entriesOf(ring, credential)).toEqual({ '=a': '2' })
      const patch = newPatch({ increment: [['=n', 1]] })
      for (let call = 0; call < 2; call += 1)
        expect(await ring.write(credential, momentAt(0), patch)).toMatchObject({ counts: [1] })
      expect(before).toHaveLength(1)
      expect(await holdersOf(nodes, credential)).toEqual(before)
      const renewed = await regenerated(ring, credential)
      expect(await entriesOf(ring, renewed)).toEqual({ '=a': '2', '=n': '1' })
      expect(await ring.read(credential, momentAt(1))).toMatchObject({ gone: 'rotated' })
      expect(await holdersOf(nodes, renewed)).toEqual(before)
    }
  })

  test('makes new sessions at their new place', async () => {
    const { nodes, ring } = await grown()
    const after = ringStore(nodes)
    for (let made = 0; made < 20; made += 1) {
      expect(await entriesOf(after, await newSession(ring, { '=a': '1' }))).toEqual({ '=a': '1' })
    }
  })

  test('loses no update, though isolates of before are still at it', async () => {
    const { former, ring, moved } = await grown()
    for (const credential of moved) {
      await Promise.all(
        Array.from({ length: 20 }, async (_, index) =>
          (index % 2 === 0 ? former : ring).write(
            credential,
            momentAt(0),
            newPatch({ increment: [['=n', 1]] }),
          ),
        ),
      )
      expect(await entriesOf(ring, credential)).toEqual({ '=a': '1', '=n': '20' })
    }
  })

  test('ends a session for good, wherever it is', async () => {
    const { nodes, former, ring, all } = await grown()
    const account = { userId: 'ada', at: START }
    for (const credential of all) {
      const secret = newRandomText()
      const patch = { ...newPatch({}), signIn: account }
      await ring.regenerate(credential, momentAt(0), { secret, patch })
      const present = { ...credential, secret }
      expect(await ring.destroy(credential, momentAt(0))).toMatchObject({ gone: 'rotated' })
      expect(await ring.read(present, momentAt(0))).toMatchObject({ ok: true, account })
      expect(await ring.destroy(present, momentAt(0))).toEqual({ ok: true, account })
      for (const store of [ring, former])
        expect(await store.read(present, momentAt(0))).toEqual({ ...ENDED, at: START })
      expect(await holdersOf(nodes, present)).toEqual([])
      const late = await ring.write(present, momentAt(0), setting({ '=a': '2' }))
      expect(late).toEqual({ ...ENDED, at: START })
    }
  })

  test('ends to look at the former place when the time is over', async () => {
    const { ring, moved } = await grown()
    const last = momentAt(999_999)
    for (const credential of moved) {
      expect(await ring.read(credential, last)).toMatchObject({ ok: true })
      expect(await ring.read(credential, momentAt(1_000_000))).toEqual(ENDED)
      const patch = setting({ '=a': '2' })
      expect(await ring.write(credential, momentAt(1_000_000), patch)).toEqual(ENDED)
    }
  })

  test('reads what a node that was removed still has', async () => {
    const old = [node('a'), node('b'), node('c')]
    const former = ringStore(old)
    const all = await Promise.all(
      Array.from({ length: 30 }, () => newSession(former, { '=a': '1' })),
    )
    const ring = ringStore(old.slice(0, 2), migration(old))
    for (const credential of all) expect(await entriesOf(ring, credential)).toEqual({ '=a': '1' })
    const without = ringStore(old.slice(0, 2))
    const found = await Promise.all(
      all.map(async (each) => (await without.read(each, momentAt(0))).ok),
    )
    expect(found.filter((isThere) => !isThere).length).toBeGreaterThan(0)
  })

  test('knows the places to come, where it is told of them before they count', async () => {
    const old = [node('a'), node('b')]
    const future = [...old, node('c', 2)]
    const before = ringStore(old, migration(future))
    const after = ringStore(future, migration(old))
    for (let made = 0; made < 20; made += 1) {
      for (const [maker, other] of [
        [before, after],
        [after, before],
      ] as const) {
        const credential = await newSession(maker, { '=a': '1' })
        await other.write(credential, momentAt(0), setting({ '=a': '2' }))
        expect(await entriesOf(maker, credential)).toEqual({ '=a': '2' })
      }
    }
  })

  test('asks the former place only for what is not at its place', async () => {
    const a = countingStore(memoryStore())
    const b = countingStore(memoryStore())
    const old = [node('a', 1, a.store)]
    const ring = ringStore([node('b', 1, b.store)], migration(old))
    const credential = await newSession(ring, { '=a': '1' })
    await ring.read(credential, momentAt(0))
    await ring.write(credential, momentAt(0), setting({ '=a': '2' }))
    expect(a.calls).toEqual([])
    const old1 = await newSession(ringStore(old), { '=a': '1' })
    a.calls.length = 0
    b.calls.length = 0
    await ring.read(old1, momentAt(0))
    expect([a.calls, b.calls]).toEqual([['read'], ['read']])
  })
})

describe('a node that is dead', () => {
  function deadStore(): SessionStore {
    const fail = (): Promise<never> => Promise.reject(new Error('connection refused'))
    return {
      ...memoryStore(),
      create: fail,
      read: fail,
      write: fail,
      regenerate: fail,
      destroy: fail,
    }
  }

  test('fails the calls for its sessions, saying which it is, and no others', async () => {
    const nodes = [node('alive'), node('dead')]
    const ring = ringStore(nodes)
    const credentials = await Promise.all(Array.from({ length: 20 }, () => newSession(ring)))
    const [alive = node('alive')] = nodes
    const broken = ringStore([alive, node('dead', 1, deadStore())])
    const outcomes = await Promise.all(
      credentials.map(async (credential) => {
        const reading = Promise.resolve(broken.read(credential, momentAt(0)))
        const reply = await reading.catch((error: unknown) => String(error))
        const isAlive = typeof reply === 'object' && reply.ok
        const [holder = ''] = await holdersOf(nodes, credential)
        return `${holder} ${isAlive ? 'is read' : JSON.stringify(reply)}`
      }),
    )
    expect([...new Set(outcomes)].toSorted()).toEqual([
      'alive is read',
      'dead "Error: node dead: connection refused"',
    ])
  })

  test.for([
    ['refuse', 503, expect.objectContaining({ code: 'ERR_STORE' })],
    ['anonymous', 200, 'nobody'],
  ] as const)('follows the policy for stores that fail: %s', async ([policy, status, body]) => {
    const memory = memoryStore()
    const whole = newApp({ store: ringStore([node('a', 1, memory)]) })
    const browser = whole.browser()
    whole.handler = (session) => session.set('a', 1)
    await browser.fetch('/')
    const app = newApp({ store: ringStore([node('a', 1, deadStore())]), onStoreFailure: policy })
    app.handler = async (session) =>
      (await session.get('a')) === undefined ? 'nobody' : 'somebody'
    const visitor = app.browser()
    for (const [name, value] of browser.cookies) visitor.cookies.set(name, value)
    const response = await visitor.fetch('/')
    expect(response.status).toBe(status)
    expect(visitor.cookies.size).toBe(1)
    expect(app.events).toContainEqual(expect.objectContaining({ type: 'store-failed' }))
    expect(await response.json()).toEqual(body)
  })

  test('passes on what a store says to the programmer', async () => {
    const refuse = (): Promise<never> => Promise.reject(new SessionError('ERR_OPTION', 'wrong'))
    const ring = ringStore([node('a', 1, { ...memoryStore(), read: refuse })])
    await expect(ring.read(newCredential(ring), momentAt(0))).rejects.toThrow(/^ERR_OPTION: wrong$/)
  })
})

describe('a ring that can reach the sessions of users and of old cookies', () => {
  const [a, b] = [node('a'), node('b')]

  test('says so where all of its nodes can, the former ones too', () => {
    const weak = memoryStore()
    const weaker = { ...weak, can: { ...weak.can, revise: false, adopt: false } }
    expect(ringStore([a, b]).can).toMatchObject({ atomic: true, recordUse: true, revise: true })
    for (const ring of [
      ringStore([a, node('weak', 1, weaker)]),
      ringStore([a, b], migration([node('weak', 1, weaker)])),
    ]) {
      expect(ring.can).toMatchObject({ atomic: true, revise: false, adopt: false, address: false })
    }
  })

  test('makes one session of an old cookie, and none when that has ended', async () => {
    const old = adoption({
      name: 'old',
      verify: (text) => ({ value: text, identity: text }),
      load: () => ({ data: { a: 1 } }),
    })
    const app = newApp({ store: ringStore([node('a'), node('b')]), use: [adopting(old)] })
    for (let round = 0; round < 10; round += 1) {
      const browser = app.browser()
      browser.cookies.set('old', `visitor ${round}`)
      const thief = browser.copy()
      app.handler = (session) => session.all()
      expect(await browser.json('/')).toEqual({ a: 1 })
      app.handler = (session) => session.destroy()
      await browser.fetch('/')
      app.handler = (session) => session.all()
      expect(await thief.json('/')).toEqual({})
    }
  })

  const kvNode = (prefix: string): RingNode =>
    node(prefix, 1, kvStore(env.SESSION_KV, { prefix: `${prefix}${newRandomText()}:` }))

  test('lets a revocation reach a session in each of its nodes', async () => {
    const app = newApp({
      store: ringStore([kvNode('a'), kvNode('b')]),
      accounts: { index: userIndex(env.USERS) },
    })
    const userId = `user ${crypto.randomUUID()}`
    const browsers = Array.from({ length: 8 }, () => app.browser())
    app.handler = (session) => session.signIn(userId)
    for (const browser of browsers) await browser.fetch('/')
    expect(await app.sessions.user(userId, {}).revokeAll()).toBe(browsers.length)
    app.handler = async (session) => {
      await session.load()
      return session.userId ?? null
    }
    for (const browser of browsers) expect(await browser.json('/')).toBe(null)
  })

  test('refuses both while sessions may be at a former place', async () => {
    const store = ringStore([kvNode('a'), kvNode('b')], migration([kvNode('a')]))
    expect(store.can).toMatchObject({ adopt: false, address: false })
    const listed = newApp({ store, accounts: { index: userIndex(env.USERS) } })
    await expect(listed.browser().fetch('/')).rejects.toThrow('ERR_OPTION')
    const old = adoption({
      name: 'old',
      verify: () => undefined,
      load: () => ({}),
    })
    await expect(
      newApp({ store, use: [adopting(old)] })
        .browser()
        .fetch('/'),
    ).rejects.toThrow('ERR_OPTION')
  })
})

describe('nodes that make no ring', () => {
  test.for<readonly [message: string, nodes: () => readonly RingNode[]]>([
    ['there are no nodes', () => []],
    ['two nodes have the name a', () => [node('a'), node('b'), node('a')]],
    ['b has the weight 0, which must be a number above 0', () => [node('a'), node('b', 0)]],
    ['b has the weight -1, which must be a number above 0', () => [node('a'), node('b', -1)]],
    [
      'b has the weight NaN, which must be a number above 0',
      () => [node('a'), node('b', Number.NaN)],
    ],
    [
      'b has the weight Infinity, which must be a number above 0',
      () => [node('a'), node('b', Infinity)],
    ],
    [
      'b is a kv store, which cannot be combined with the others',
      () => [node('a'), node('b', 1, kvStore(env.SESSION_KV))],
    ],
    [
      'a is a Durable Object store, which needs no ring: use durableObjectStore alone',
      () => [node('a', 1, durableObjectStore(env.SESSIONS))],
    ],
  ])('are refused: %s', ([message, nodes]) => {
    const refused = new SessionError('ERR_OPTION', `ringStore: ${message}.`)
    expect(() => ringStore(nodes())).toThrow(refused)
    expect(() => ringStore([node('x')], migration(nodes()))).toThrow(refused)
  })

  test('are refused with a migration that has no end', () => {
    expect(() => ringStore([node('a')], migration([node('b')], new Date('soon')))).toThrow(
      'ERR_OPTION: ringStore: migrating.until is not a valid Date.',
    )
  })
})
