import { describe, expect, test } from 'vitest'

import { newRandomText } from '../../src/codec/random.ts'
import type { Capabilities, ReadReply, SessionStore } from '../../src/record/store.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { type StoreContractOptions, testStoreContract } from '../../src/testing/store-contract.ts'

/** Runs the contract by itself, and returns the names of its tests with what they threw. */
async function outcomesOf(
  options: Omit<StoreContractOptions, 'test'>,
): Promise<Map<string, string | undefined>> {
  const runs: [name: string, run: () => Promise<void> | void][] = []
  testStoreContract({ ...options, test: (name, run) => runs.push([name, run]) })
  const outcomes = new Map<string, string | undefined>()
  for (const [name, run] of runs) {
    const fault = await Promise.resolve()
      .then(run)
      .then(
        () => undefined,
        (error: unknown) => String(error),
      )
    expect(outcomes.has(name), `${name} is there twice`).toBe(false)
    outcomes.set(name, fault)
  }
  return outcomes
}

async function faultsOf(store: SessionStore): Promise<string[]> {
  const outcomes = await outcomesOf({ store, sizes: false })
  return Array.from(outcomes, ([name, fault]) => [name, fault]).flatMap(([name = '', fault]) =>
    fault === undefined ? [] : [name],
  )
}

type Break = (store: SessionStore) => Partial<SessionStore>

/** Stores that each break one promise, and a test of the contract that says so. */
const BREAKS: [what: string, breakIt: Break, test: string][] = [
  [
    'a create that overwrites',
    (store) => {
      const latest = new Map<string, string>()
      const present = (handle: string): string => latest.get(handle) ?? handle
      return {
        create: (credential, context, patch) => {
          latest.set(credential.handle, store.newHandle())
          return store.create({ ...credential, handle: present(credential.handle) }, context, patch)
        },
        read: (credential, context) =>
          store.read({ ...credential, handle: present(credential.handle) }, context),
        write: (credential, context, patch) =>
          store.write({ ...credential, handle: present(credential.handle) }, context, patch),
        destroy: (credential, context) =>
          store.destroy({ ...credential, handle: present(credential.handle) }, context),
      }
    },
    'create: refuses a second create under the same handle',
  ],
  [
    'a recorded use that writes the data of the read before',
    (store) => {
      const known = new Map<string, ReadReply>()
      return {
        read: async (credential, context) => {
          const former = known.get(credential.handle)
          const reply = await store.read(credential, context)
          if (reply.ok && former?.ok === true && reply.usedAt === context.now)
            await store.write(credential, context, {
              id: newRandomText(),
              clear: [],
              set: Object.entries(former.entries),
            })
          known.set(credential.handle, reply)
          return store.read(credential, context)
        },
      }
    },
    'revisions: counts changes to what a read returns, and no others',
  ],
  [
    'operation ids that are forgotten',
    (store) => ({
      write: (credential, context, patch) =>
        store.write(credential, context, { ...patch, id: newRandomText() }),
    }),
    'repeated operations: applies a patch once, and repeats its reply',
  ],
  [
    'a write that revives what was destroyed',
    (store) => {
      const moved = new Map<string, string>()
      const at = (handle: string): string => moved.get(handle) ?? handle
      return {
        read: (credential, context) =>
          store.read({ ...credential, handle: at(credential.handle) }, context),
        write: async (credential, context, patch) => {
          const reply = await store.write(credential, context, patch)
          if (reply.ok || !('gone' in reply) || reply.gone !== 'ended') return reply
          moved.set(credential.handle, store.newHandle())
          return store.create({ ...credential, handle: at(credential.handle) }, context, patch)
        },
      }
    },
    'destroy: deletes the session permanently',
  ],
  [
    'a secret that is not compared',
    (store) => {
      const secrets = new Map<string, string>()
      return {
        create: (credential, context, patch) => {
          secrets.set(credential.handle, credential.secret)
          return store.create(credential, context, patch)
        },
        read: ({ handle, secret }, context) =>
          store.read({ handle, secret: secrets.get(handle) ?? secret }, context),
      }
    },
    'read: refuses a secret that was never issued',
  ],
  [
    'an idle timeout that is not looked at',
    (store) => ({
      read: (credential, context) => store.read(credential, { ...context, idle: 2 ** 48 }),
    }),
    'timeouts: ends a session at its idle timeout, to the millisecond',
  ],
  [
    'an absolute timeout that is not looked at',
    (store) => ({
      read: (credential, context) => store.read(credential, { ...context, absolute: 2 ** 48 }),
    }),
    'timeouts: ends a session at its absolute timeout, to the millisecond',
  ],
  [
    'a use that is recorded with each read',
    (store) => ({
      read: (credential, context) => store.read(credential, { ...context, touch: 0 }),
    }),
    'recorded uses: records a use once the last one is `touch` ago, and not earlier',
  ],
  [
    'an increment that is a read and a write',
    (store) => ({
      write: async (credential, context, { increment = [], ...patch }) => {
        const reply = await store.read(credential, context)
        const counts = increment.map(([name, by]) => [
          name,
          Number(reply.ok ? (reply.entries[name] ?? 0) : 0) + by,
        ])
        const set = counts.map(([name, count]) => [String(name), String(count)] as const)
        const written = await store.write(credential, context, {
          ...patch,
          set: [...(patch.set ?? []), ...set],
        })
        return 'taken' in written
          ? { ...written, counts: counts.map(([, count]) => Number(count)) }
          : written
      },
    }),
    'increments: counts each of 20 parallel increments',
  ],
  [
    'an expectation that is ignored',
    (store) => ({
      write: (credential, context, { expect: _ignored, ...patch }) =>
        store.write(credential, context, patch),
    }),
    'atomic writes: answers a conflict with the current texts, and changes nothing',
  ],
  [
    'a grace that is not given',
    (store) => ({
      regenerate: (credential, context, { grace: _ignored, ...regeneration }) =>
        store.regenerate(credential, context, regeneration),
    }),
    'renewal of secrets: lets the previous secret read and write during the grace period, and reports it as the previous one',
  ],
  [
    'a sign-in that keeps another user’s data',
    (store) => ({
      regenerate: async (credential, context, { patch, ...regeneration }) => {
        const before = await store.read(credential, context)
        const set = before.ok ? Object.entries(before.entries) : []
        const reply = await store.regenerate(credential, context, { patch, ...regeneration })
        const renewed = { ...credential, secret: regeneration.secret }
        if (patch?.signIn !== undefined && reply.ok)
          await store.write(renewed, context, { id: newRandomText(), set })
        return reply
      },
    }),
    'accounts: deletes another user’s entries, and keeps the same user’s',
  ],
  [
    'a place that an old cookie can have twice',
    (store) => ({
      create: (credential, context, { onceUntil: _ignored, ...patch }) =>
        store.create(credential, context, patch),
    }),
    'one session for a handle: lets another create join the session within a minute, and changes nothing',
  ],
  [
    'a handle that is an id',
    () => ({ idOf: (handle) => handle }),
    'handles: gives each handle a unique id, which is not the handle',
  ],
  [
    'an address that all sessions share',
    (store) => ({ can: { ...store.can, address: true }, addressOf: () => 'kv:session' }),
    'addresses: gives each session an address for a user’s object',
  ],
]

describe('the contract of a store', () => {
  test('is met by the memory store, in groups and without them', async () => {
    const outcomes = await outcomesOf({ store: memoryStore() })
    expect(outcomes.size).toBeGreaterThan(80)
    expect([...outcomes.values()].filter((fault) => fault !== undefined)).toEqual([])
    const groups: string[] = []
    const grouped: string[] = []
    testStoreContract({
      store: memoryStore(),
      test: (name) => grouped.push(`${groups.at(-1)}: ${name}`),
      describe: (name, register) => {
        groups.push(name)
        register()
      },
    })
    expect(grouped).toEqual([...outcomes.keys()])
  })

  test.for(BREAKS)('finds %s', async ([, breakIt, name]) => {
    const store = memoryStore()
    expect(await faultsOf({ ...store, ...breakIt(store) })).toContain(name)
  })

  test('says what was expected, in an error of its own', async () => {
    const store = memoryStore()
    const broken: SessionStore = {
      ...store,
      read: async (credential, context) => {
        const reply = await store.read(credential, context)
        return reply.ok
          ? { ...reply, entries: { ...reply.entries, '=b': 'x'.repeat(1000) } }
          : reply
      },
    }
    const outcomes = await outcomesOf({ store: broken, sizes: false })
    const fault = outcomes.get('write: keeps a session without entries') ?? ''
    expect(fault).toMatch(
      /^Error: The store breaks its contract: \["=b"\] is wrong: expected undefined, got "x{299}… \(1002 characters\)\.$/,
    )
  })

  test('finds a secret in what is stored, and data that stays', async () => {
    const store = memoryStore()
    const stored = new Map<string, string>()
    const outcomes = await outcomesOf({
      store: {
        ...store,
        create: (credential, context, patch) => {
          stored.set(credential.handle, JSON.stringify([credential, patch]))
          return store.create(credential, context, patch)
        },
      },
      dump: (handle) => Promise.resolve(stored.get(handle) ?? ''),
      sizes: false,
    })
    const faults = [...outcomes].flatMap(([name, fault]) => (fault === undefined ? [] : [name]))
    expect(faults).toEqual([
      'create: stores no secret of a token',
      'destroy: keeps nothing of it but the time of the end',
    ])
  })

  test.for<readonly [capability: keyof Capabilities, sections: readonly string[]]>([
    [
      'atomic',
      ['atomic writes', 'increments', 'repeated operations', 'revisions', 'renewal of secrets'],
    ],
    ['recordUse', ['recorded uses']],
    ['revise', ['revisions']],
    ['adopt', ['one session for a handle']],
    ['address', ['addresses']],
  ])('asks for nothing of %s without the capability', ([capability, sections]) => {
    const sectionsWith = (isThere: boolean): Set<string> => {
      const names = new Set<string>()
      const store = memoryStore()
      const can = { ...store.can, address: true, [capability]: isThere }
      testStoreContract({
        store: { ...store, can },
        test: (name) => names.add(name.split(':')[0] ?? ''),
      })
      return names
    }
    const [having, lacking] = [sectionsWith(true), sectionsWith(false)]
    expect([...having].filter((name) => !lacking.has(name)).toSorted()).toEqual(sections.toSorted())
  })

  test('begins its sessions at the time that it is given', async () => {
    const times = new Set<number>()
    const store = memoryStore()
    const outcomes = await outcomesOf({
      store: {
        ...store,
        create: (credential, context, patch) => {
          times.add(context.now)
          return store.create(credential, context, patch)
        },
      },
      now: 1_000_000_000_000,
      sizes: false,
    })
    expect(Math.min(...times)).toBe(1_000_000_000_000)
    expect(Math.max(...times)).toBeLessThanOrEqual(1_000_000_000_000 + 31 * 86_400_000)
    expect([...outcomes.values()].filter((fault) => fault !== undefined)).toEqual([])
  })
})
