import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import { sha256 } from '../../src/codec/mac.ts'
import { newRandomText } from '../../src/codec/random.ts'
import { SessionError } from '../../src/errors.ts'
import type { Credential } from '../../src/record/store.ts'
import { kvStore, type SessionKvNamespace } from '../../src/store/kv.ts'
import {
  ABSOLUTE,
  describeStoreContract,
  entriesOf,
  momentAt,
  newCredential,
  newPatch,
  newSession,
  setting,
  START,
  TOUCH,
} from './contract.ts'

const kv = env.SESSION_KV
const store = kvStore(kv)
const ENDED = { ok: false, gone: 'ended' }
const CORRUPT = { ok: false, gone: 'corrupt' }

async function storedOf({ handle }: Pick<Credential, 'handle'>): Promise<object> {
  return (await kv.get<object>(`session:${handle}`, 'json')) ?? {}
}

describeStoreContract('kv', {
  store,
  dump: async (handle) => {
    const { value, metadata } = await kv.getWithMetadata(`session:${handle}`)
    return `${value ?? ''}${metadata === null ? '' : JSON.stringify(metadata)}`
  },
})

describe('what is stored', () => {
  test('is the hash, the times and the entries, under the prefix and the handle', async () => {
    const { handle, secret } = await newSession(store, { '=a': '1', '!0': '"m"' })
    expect(await storedOf({ handle })).toEqual({
      hash: await sha256(secret),
      createdAt: START,
      expiresAt: START + ABSOLUTE,
      entries: { '=a': '1', '!0': '"m"' },
    })
    const reply = await store.read({ handle, secret }, momentAt(0))
    expect(reply).toMatchObject({ ok: true, expiresAt: START + ABSOLUTE })
  })

  test('keeps its times over a write, and over a regenerate under a fresh key', async () => {
    const { handle, secret } = await newSession(store, { '=a': '1' })
    const times = { createdAt: START, expiresAt: START + ABSOLUTE }
    await store.write({ handle, secret }, momentAt(5), setting({ '=b': '2' }))
    const entries = { '=a': '1', '=b': '2' }
    expect(await storedOf({ handle })).toEqual({ hash: await sha256(secret), ...times, entries })
    const newSecret = newRandomText()
    const reply = await store.regenerate({ handle, secret }, momentAt(6), { secret: newSecret })
    const renewed = reply.ok ? reply.handle : ''
    expect(renewed).not.toBe(handle)
    expect(await storedOf({ handle: renewed })).toEqual({
      hash: await sha256(newSecret),
      ...times,
      entries,
    })
  })

  /** The key as KV lists it: its expiration in seconds since 1970, and its metadata if there is any. */
  async function listed({ handle }: Pick<Credential, 'handle'>): Promise<unknown> {
    const { keys } = await kv.list({ prefix: `session:${handle}` })
    return keys[0]
  }

  /** What `listed` gives for a key that lives for this long from now on, give or take the time that the test takes. */
  function listing({ handle }: Pick<Credential, 'handle'>, seconds: number): unknown {
    const expiration = Date.now() / 1000 + seconds
    return {
      name: `session:${handle}`,
      expiration: expect.toSatisfy((at: number) => Math.abs(at - expiration) < 20),
    }
  }

  test('lives until the absolute deadline, and has no metadata', async () => {
    const credential = await newSession(store, { '=a': '1' })
    expect(await listed(credential)).toEqual(listing(credential, ABSOLUTE / 1000))
  })

  test('lives no longer by a later write', async () => {
    const credential = await newSession(store, { '=a': '1' })
    await store.write(credential, momentAt(ABSOLUTE - 600_000), setting({ '=a': '2' }))
    expect(await listed(credential)).toEqual(listing(credential, 600))
    await store.write(credential, momentAt(ABSOLUTE - 1), setting({ '=a': '3' }))
    expect(await listed(credential)).toEqual(listing(credential, 60))
  })

  test('lives for 60 s, the least that KV takes, where the session is shorter', async () => {
    const credential = newCredential(store)
    const absolute = 10_000
    await store.create(credential, momentAt(0, { absolute }), setting({ '=a': '1' }))
    expect(await listed(credential)).toEqual(listing(credential, 60))
    expect(await entriesOf(store, credential, momentAt(absolute - 1, { absolute }))).toEqual({
      '=a': '1',
    })
    const longer = { absolute: ABSOLUTE }
    for (const timeouts of [{ absolute }, longer]) {
      expect(await store.read(credential, momentAt(absolute, timeouts))).toEqual({
        ok: false,
        gone: 'expired',
      })
    }
  })

  test('is a tombstone for 60 s where a session was regenerated', async () => {
    const { handle, secret } = await newSession(store, { '=a': '1' })
    const newSecret = newRandomText()
    const reply = await store.regenerate({ handle, secret }, momentAt(5), { secret: newSecret })
    expect(await storedOf({ handle })).toEqual({ rotatedAt: START + 5 })
    expect(await listed({ handle })).toEqual(listing({ handle }, 60))
    const renewed = { handle: reply.ok ? reply.handle : '' }
    expect(await listed(renewed)).toEqual(listing(renewed, ABSOLUTE / 1000))
  })
})

describe('a regenerate with a patch', () => {
  test('applies it in the same write', async () => {
    const old = await newSession(store, { '=a': '1', '=b': '1' })
    const { namespace, calls } = counted()
    const secret = newRandomText()
    const patch = newPatch({ delete: ['=b'], set: [['=c', '2']] })
    const reply = await kvStore(namespace).regenerate(old, momentAt(5), { secret, patch })
    expect(reply).toMatchObject({ ok: true })
    expect(calls).toEqual(['get', 'put', 'put'])
    const handle = reply.ok ? reply.handle : ''
    expect(await entriesOf(store, { handle, secret })).toEqual({ '=a': '1', '=c': '2' })
    expect(await store.read(old, momentAt(5))).toEqual({
      ok: false,
      gone: 'rotated',
      at: START + 5,
    })
  })

  test('changes nothing when the patch is refused, the token neither', async () => {
    const old = await newSession(store, { '=a': '1' })
    const secret = newRandomText()
    const tooLarge = setting({ '=a': '2', '=b': 'x'.repeat(8_000_000) })
    expect(await store.regenerate(old, momentAt(5), { secret, patch: tooLarge })).toEqual({
      ok: false,
      why: 'too-large',
    })
    expect(await entriesOf(store, old)).toEqual({ '=a': '1' })
  })
})

/** The namespace, and the name of each call to it in order. */
function counted(): { namespace: SessionKvNamespace; calls: string[] } {
  const calls: string[] = []
  const namespace: SessionKvNamespace = {
    get: async (key, options) => {
      calls.push('get')
      return kv.get(key, options)
    },
    put: async (key, value, options) => {
      calls.push('put')
      return kv.put(key, value, options)
    },
    delete: async (key) => {
      calls.push('delete')
      return kv.delete(key)
    },
  }
  return { namespace, calls }
}

describe('what it costs', () => {
  async function costOf(
    use: (store: ReturnType<typeof kvStore>, credential: Credential) => unknown,
  ): Promise<string[]> {
    const credential = await newSession(store, { '=a': '1' })
    const { namespace, calls } = counted()
    await use(kvStore(namespace), credential)
    return calls
  }
  const moment = momentAt(2 * TOUCH)

  test('a creation is a put, with no get before it', async () => {
    expect(await costOf((one) => newSession(one, { '=a': '1' }))).toEqual(['put'])
  })

  test('a creation that is refused is no call', async () => {
    const tooLarge = setting({ '=a': 'x'.repeat(8_000_000) })
    expect(await costOf((one) => one.create(newCredential(one), moment, tooLarge))).toEqual([])
  })

  test('a read is a get, and never a put', async () => {
    expect(await costOf((one, credential) => one.read(credential, moment))).toEqual(['get'])
  })

  test('a write is a get and a put', async () => {
    expect(
      await costOf((one, credential) => one.write(credential, moment, setting({ '=a': '2' }))),
    ).toEqual(['get', 'put'])
  })

  test('a write of equal texts, or one that is refused, is a get', async () => {
    const patches = [
      setting({ '=a': '1' }),
      newPatch({ delete: ['=b'] }),
      setting({ '=b': 'x'.repeat(8_000_000) }),
    ]
    for (const patch of patches) {
      expect(await costOf((one, credential) => one.write(credential, moment, patch))).toEqual([
        'get',
      ])
    }
  })

  test('a regenerate is a get and two puts, a destroy a get and a put', async () => {
    expect(
      await costOf((one, credential) =>
        one.regenerate(credential, moment, { secret: newRandomText() }),
      ),
    ).toEqual(['get', 'put', 'put'])
    expect(await costOf((one, credential) => one.destroy(credential, moment))).toEqual([
      'get',
      'put',
    ])
  })

  test('minting a handle is no call', async () => {
    expect(await costOf(async (one) => one.idOf(one.newHandle()))).toEqual([])
  })
})

describe('a value that is no session', () => {
  const FOREIGN = [
    'not json',
    '',
    '[]',
    'null',
    '{}',
    '"x"',
    '5',
    'true',
    '{"hash":5,"entries":{}}',
    '{"hash":"x"}',
    '{"entries":{}}',
    '{"rotatedAt":"yesterday"}',
  ]

  test.for(FOREIGN)('is said to be corrupt, and never throws: %s', async (value) => {
    const credential = newCredential(store)
    await kv.put(`session:${credential.handle}`, value)
    const moment = momentAt(0)
    expect(await store.read(credential, moment)).toEqual(CORRUPT)
    expect(await store.write(credential, moment, setting({ '=a': '1' }))).toEqual(CORRUPT)
    expect(await store.regenerate(credential, moment, { secret: newRandomText() })).toEqual(CORRUPT)
    expect(await kv.get(`session:${credential.handle}`)).toBe(value)
    expect(await store.destroy(credential, moment)).toEqual({ ok: true })
    expect(await store.read(credential, moment)).toEqual(ENDED)
  })

  const DAMAGES = [
    '{"entries":null}',
    '{"entries":["=a"]}',
    '{"createdAt":null}',
    '{"createdAt":"now"}',
    '{"expiresAt":null}',
    '{"expiresAt":"never"}',
  ]

  test.for(DAMAGES)(
    'is refused, and never throws, though its hash is right: %s',
    async (damage) => {
      const credential = await newSession(store, { '=a': '1' })
      const value = JSON.stringify(
        Object.assign(await storedOf(credential), JSON.parse(damage) as object),
      )
      await kv.put(`session:${credential.handle}`, value)
      for (const moment of [momentAt(0), momentAt(10 * ABSOLUTE)]) {
        const refused = expect.objectContaining({ ok: false, gone: expect.any(String) })
        expect(await store.read(credential, moment)).toEqual(refused)
        expect(await store.write(credential, moment, setting({ '=b': '1' }))).toEqual(refused)
        expect(await store.regenerate(credential, moment, { secret: newRandomText() })).toEqual(
          refused,
        )
      }
      expect(await kv.get(`session:${credential.handle}`)).toBe(value)
    },
  )
})

describe('its prefix', () => {
  test('is what the keys begin with', async () => {
    const prefixed = kvStore(kv, { prefix: 'mine/' })
    const { handle } = await newSession(prefixed, { '=a': '1' })
    expect(await kv.get(`mine/${handle}`, 'json')).toMatchObject({ entries: { '=a': '1' } })
    expect(await kv.get(`session:${handle}`)).toBeNull()
  })

  test('keeps sessions from those of another prefix', async () => {
    const one = kvStore(kv, { prefix: 'one:' })
    const other = kvStore(kv, { prefix: 'other:' })
    const credential = await newSession(one, { '=a': '1' })
    expect(await other.read(credential, momentAt(0))).toEqual(ENDED)
    await other.create(credential, momentAt(0), setting({ '=a': '2' }))
    expect(await entriesOf(one, credential)).toEqual({ '=a': '1' })
    await other.destroy(credential, momentAt(0))
    expect(await entriesOf(one, credential)).toEqual({ '=a': '1' })
  })

  test('may be empty, or have 400 characters', async () => {
    for (const prefix of ['', 'p'.repeat(400)]) {
      const prefixed = kvStore(kv, { prefix })
      const { handle, secret } = await newSession(prefixed, { '=a': '1' })
      const newSecret = newRandomText()
      const reply = await prefixed.regenerate({ handle, secret }, momentAt(0), {
        secret: newSecret,
      })
      const renewed = { handle: reply.ok ? reply.handle : '', secret: newSecret }
      expect(await entriesOf(prefixed, renewed)).toEqual({ '=a': '1' })
    }
  })
})

describe('kvStore', () => {
  function errorOf(make: () => unknown): unknown {
    try {
      return make()
    } catch (error) {
      return error instanceof SessionError ? [error.code, error.message] : error
    }
  }

  test.for([undefined, null, 'SESSION_KV'])('refuses %s for a namespace', (namespace) => {
    expect(errorOf(() => kvStore(namespace as unknown as SessionKvNamespace))).toEqual([
      'ERR_BINDING',
      'ERR_BINDING: kvStore has no KV namespace. Add [[kv_namespaces]] to wrangler.toml, and pass that binding of env to kvStore.',
    ])
  })

  test.for([10, 0, -60, Number.NaN, 29.9, 2 ** 31])(
    'refuses a cacheTtl of %s seconds',
    (cacheTtl) => {
      expect(errorOf(() => kvStore(kv, { cacheTtl }))).toEqual([
        'ERR_OPTION',
        `ERR_OPTION: kvStore: cacheTtl is ${cacheTtl}. Write a number of seconds from 30 to 2147483647.`,
      ])
    },
  )

  test('refuses a prefix of 500 characters', () => {
    expect(errorOf(() => kvStore(kv, { prefix: 'p'.repeat(500) }))).toEqual([
      'ERR_OPTION',
      'ERR_OPTION: kvStore: prefix must be a string without lone surrogates, at most 400 bytes in UTF-8.',
    ])
  })

  test('takes a cacheTtl of 30 seconds, and asks KV with it', async () => {
    const credential = await newSession(store, { '=a': '1' })
    const asked: unknown[] = []
    const namespace: SessionKvNamespace = {
      ...counted().namespace,
      get: async (key, options) => {
        asked.push(options)
        return kv.get(key, options)
      },
    }
    expect(await entriesOf(kvStore(namespace, { cacheTtl: 30 }), credential)).toEqual({ '=a': '1' })
    expect(await entriesOf(kvStore(namespace), credential)).toEqual({ '=a': '1' })
    expect(asked).toEqual([{ type: 'text', cacheTtl: 30 }, { type: 'text' }])
  })
})
