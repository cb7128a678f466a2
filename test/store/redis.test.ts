import { Redis as Upstash } from '@upstash/redis'
import { env } from 'cloudflare:workers'
import { describe, expect, inject, test } from 'vitest'

import { encodeHex } from '../../src/codec/base64url.ts'
import { newRandomText } from '../../src/codec/random.ts'
import { SessionError } from '../../src/errors.ts'
import type { Credential } from '../../src/record/store.ts'
import { keepOpen, type RedisClient, redisStore, SWAP } from '../../src/store/redis.ts'
import { userIndex } from '../../src/store/user-index.ts'
import { newApp } from '../support/app.ts'
import { command, REDIS_PORT, redisConnector } from '../support/redis.ts'
import { IS_THOROUGH } from '../support/thorough.ts'
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
  regenerated,
  setting,
  TOUCH,
  START,
} from './contract.ts'

const ENDED = { ok: false, gone: 'ended' }
const CORRUPT = { ok: false, gone: 'corrupt' }

/** All that Redis has under the handle. */
async function dump(handle: string): Promise<string> {
  const fields = await command(
    'EVAL',
    "return redis.call('HGETALL', KEYS[1])",
    '1',
    `session:${handle}`,
  )
  return (fields as string[]).join('\n')
}

function newUpstash(options: { readonly automaticDeserialization?: boolean } = {}): Upstash {
  const url = `http://127.0.0.1:${inject('upstashPort')}`
  return new Upstash({ url, token: 'only-for-tests', automaticDeserialization: false, ...options })
}

/** A client that notes the commands that it sends, and may fail after one. */
function notingClient(): {
  readonly client: RedisClient
  readonly commands: string[]
  losesReply: boolean
} {
  const commands: string[] = []
  const noting = {
    commands,
    losesReply: false,
    client: {
      async sendCommand(words: string[]): Promise<unknown> {
        commands.push(words[0] ?? '')
        const reply = await command(...words)
        if (!noting.losesReply) return reply
        noting.losesReply = false
        throw new Error('the connection broke')
      },
    },
  }
  return noting
}

/** A client whose keys Redis keeps for an hour more: the contract has a clock of its own, which Redis's must not overtake. */
const patientClient: RedisClient = {
  sendCommand: (words: string[]) => {
    // EVAL and EVALSHA: the script, the number of keys, the key, what is expected, milliseconds to live.
    const [name = '', script = '', count = '', key = '', expected = '', ttl = '', ...rest] = words
    const isKept = name.startsWith('EVAL') && Number(ttl) > 0
    if (!isKept) return command(...words)
    return command(name, script, count, key, expected, String(Number(ttl) + 60 * MINUTE), ...rest)
  },
}

async function lifeOf({ handle }: Pick<Credential, 'handle'>): Promise<number> {
  return Number(await command('PTTL', `session:${handle}`))
}

/** As long as a test may take to look. */
const SLACK_MS = 20_000

async function expectLife(credential: Credential, milliseconds: number): Promise<void> {
  const life = await lifeOf(credential)
  expect(life).toBeGreaterThan(milliseconds - SLACK_MS)
  expect(life).toBeLessThanOrEqual(milliseconds + 1000)
}

describe('redisStore', () => {
  test.for([undefined, null, 'redis://localhost', {}])('refuses %j for a client', (client) => {
    expect(() => redisStore(client as never)).toThrow(
      'ERR_OPTION: redisStore needs a client of `redis`, `ioredis` or `@upstash/redis`, or { open, close } to open one for each call.',
    )
  })

  test('knows its script by the SHA-1 of its text', async () => {
    const hash = await crypto.subtle.digest('SHA-1', new TextEncoder().encode(SWAP.text))
    expect(SWAP.sha).toBe(encodeHex(new Uint8Array(hash)))
  })
})

describe.skipIf(REDIS_PORT === 0)('with redis-server (skipped where it is not installed)', () => {
  const store = redisStore(redisConnector)

  describeStoreContract('redis', { store: redisStore(patientClient), dump, sizes: IS_THOROUGH })

  describe('what earlier session libraries got wrong:', () => {
    test('the first request’s second write, and what it reads, is all there', async () => {
      const app = newApp({ store })
      const browser = app.browser()
      app.handler = async (session) => {
        session.set('a', 1)
        await session.commit()
        session.set('b', 2)
        return [await session.get('a'), await session.get('b')]
      }
      expect(await browser.json('/')).toEqual([1, 2])
      app.handler = (session) => session.all()
      expect(await browser.json('/')).toEqual({ a: 1, b: 2 })
    })

    test.for([
      ['node-redis', () => store],
      ['Upstash', () => redisStore(newUpstash())],
    ] as const)('"123" comes back as a text, and 123 as a number (%s)', async ([, of]) => {
      const app = newApp({ store: of() })
      const browser = app.browser()
      const values = { text: '123', number: 123, exponent: '1e3', yes: 'true', list: '[1]' }
      app.handler = (session) => {
        for (const [key, value] of Object.entries(values)) session.set(key, value)
      }
      await browser.fetch('/')
      app.handler = (session) => session.all()
      expect(await browser.json('/')).toEqual(values)
    })

    test('a store over HTTP (Upstash) creates, writes, counts once, renews and ends, its script forgotten or not', async () => {
      const upstash = redisStore(newUpstash())
      const entries = { '=a': '"é鍵\u{1F36A}"', '=number': '123', '=empty': '' }
      await command('SCRIPT', 'FLUSH')
      const old = await newSession(upstash, entries)
      expect(await entriesOf(store, old)).toEqual(entries)
      const patch = newPatch({ take: ['=number'], increment: [['=n', 2]] })
      const first = await upstash.write(old, momentAt(0), patch)
      expect(first).toMatchObject({ ok: true, taken: ['123'], counts: [2] })
      await command('SCRIPT', 'FLUSH')
      const again = await upstash.write(old, momentAt(0), patch)
      expect(again).toMatchObject({ ok: true, taken: ['123'], counts: [2] })
      const conflict = newPatch({ expect: [['=n', '1']], set: [['=n', '5']] })
      const refused = await upstash.write(old, momentAt(0), conflict)
      expect(refused).toMatchObject({ ok: false, why: 'conflict', current: ['2'] })
      const renewed = await regenerated(upstash, old)
      const left = { '=a': entries['=a'], '=empty': '', '=n': '2' }
      expect(await entriesOf(upstash, renewed)).toEqual(left)
      expect(await upstash.read(old, momentAt(1))).toMatchObject({ ok: false, gone: 'rotated' })
      const counts = await Promise.all(
        Array.from({ length: 10 }, async () =>
          upstash.write(renewed, momentAt(1), newPatch({ increment: [['=n', 1]] })),
        ),
      )
      expect(counts.every(({ ok }) => ok)).toBe(true)
      expect(await entriesOf(store, renewed, momentAt(1))).toEqual({ ...left, '=n': '12' })
      expect(await upstash.destroy(renewed, momentAt(1))).toEqual({ ok: true })
      const ended = { ok: false, gone: 'ended', at: START + 1 }
      expect(await upstash.read(renewed, momentAt(2))).toEqual(ended)
      expect(await upstash.write(renewed, momentAt(2), setting({ '=a': '1' }))).toEqual(ended)
      expect(await store.read(renewed, momentAt(2))).toEqual(ended)
    })

    test('a client that makes values of texts is refused, and nothing is answered wrong', async () => {
      const credential = await newSession(store, { '=a': '123' })
      const reading = redisStore(newUpstash({ automaticDeserialization: true }))
      const error = await Promise.resolve(reading.read(credential, momentAt(0))).catch(
        (thrown: unknown) => thrown,
      )
      expect(error).toBeInstanceOf(SessionError)
      expect(String(error)).toMatch(/ERR_OPTION: .*automaticDeserialization: false/)
    })

    test('a missing key is undefined, with a session and without one', async () => {
      const app = newApp({ store })
      const browser = app.browser()
      app.handler = async (session) => [(await session.get('missing')) === undefined]
      expect(await browser.json('/')).toEqual([true])
      app.handler = async (session) => {
        session.set('a', 1)
        await session.commit()
        session.delete('missing')
        return [(await session.get('missing')) === undefined, await session.has('missing')]
      }
      expect(await browser.json('/')).toEqual([true, false])
    })

    test('the time to live is on the key that has the data, and there is no other key', async () => {
      const credential = await newSession(store, { '=a': '1' })
      expect(await command('KEYS', `*${credential.handle}*`)).toEqual([
        `session:${credential.handle}`,
      ])
      expect(await dump(credential.handle)).toContain('=a')
      await expectLife(credential, IDLE)
    })
  })

  describe('its time to live', () => {
    test('follows each recorded use, and ends with the absolute timeout', async () => {
      const credential = await newSession(store, { '=a': '1' })
      // Each call is made at the same time, by Redis's clock: what is left is counted from the call's own moment.
      await command('PEXPIRE', `session:${credential.handle}`, '500000')
      await store.read(credential, momentAt(TOUCH - 1))
      expect(await lifeOf(credential)).toBeLessThanOrEqual(500_000)
      await store.read(credential, momentAt(TOUCH))
      await expectLife(credential, IDLE)
      await command('PEXPIRE', `session:${credential.handle}`, '500000')
      await store.write(credential, momentAt(TOUCH + 10 * MINUTE), setting({ '=a': '2' }))
      await expectLife(credential, IDLE)
      const late = momentAt(ABSOLUTE - MINUTE, { idle: 2 * ABSOLUTE })
      await store.write(credential, late, setting({ '=a': '3' }))
      await expectLife(credential, MINUTE)
      const secret = newRandomText()
      await store.regenerate(credential, late, { secret })
      await expectLife(credential, MINUTE)
    })

    test.runIf(IS_THOROUGH)('has Redis forget the session', async () => {
      const credential = newCredential(store)
      const moment = momentAt(0, { idle: 100 })
      await store.create(credential, moment, setting({ '=a': '1' }))
      await expect.poll(() => dump(credential.handle), { timeout: 5000 }).toBe('')
      expect(await store.read(credential, moment)).toEqual(ENDED)
      expect(await store.write(credential, moment, setting({ '=a': '1' }))).toEqual(ENDED)
    })
  })

  describe('its calls', () => {
    test('are one script for each: a creation, a read, and the write after it', async () => {
      const { client, commands } = notingClient()
      const counted = redisStore(client)
      const credential = await newSession(counted, { '=a': '1' })
      expect(commands).toEqual(['EVALSHA'])
      await entriesOf(counted, credential)
      expect(commands).toEqual(['EVALSHA', 'EVALSHA'])
      for (const text of ['2', '3']) {
        commands.length = 0
        await counted.write(credential, momentAt(0), setting({ '=a': text }))
        expect(commands).toEqual(['EVALSHA'])
      }
      expect(await entriesOf(store, credential)).toEqual({ '=a': '3' })
    })

    test('are two for a write that nothing was read before', async () => {
      const credential = await newSession(store, { '=a': '1' })
      const { client, commands } = notingClient()
      await redisStore(client).write(credential, momentAt(0), setting({ '=a': '2' }))
      expect(commands).toEqual(['EVALSHA', 'EVALSHA'])
    })

    test('record a use with one script more, once in a touch interval', async () => {
      const credential = await newSession(store, { '=a': '1' })
      const { client, commands } = notingClient()
      const counted = redisStore(client)
      await counted.read(credential, momentAt(TOUCH))
      expect(commands).toHaveLength(2)
      await counted.read(credential, momentAt(2 * TOUCH - 1))
      expect(commands).toHaveLength(3)
    })

    test('send the script’s text where Redis has forgotten it, and then no more', async () => {
      const { client, commands } = notingClient()
      const counted = redisStore(client)
      await command('SCRIPT', 'FLUSH')
      const credential = await newSession(counted, { '=a': '1' })
      expect(commands).toEqual(['EVALSHA', 'EVAL'])
      await entriesOf(counted, credential)
      expect(commands).toEqual(['EVALSHA', 'EVAL', 'EVALSHA'])
    })

    test('count once what is repeated after its reply was lost', async () => {
      const noting = notingClient()
      const losing = redisStore(noting.client)
      const credential = await newSession(losing)
      for (const method of ['write', 'create'] as const) {
        const patch = newPatch({ increment: [['=n', 1]] })
        noting.losesReply = true
        await expect(losing[method](credential, momentAt(0), patch)).rejects.toThrow('broke')
        expect(await losing[method](credential, momentAt(0), patch)).toMatchObject({ ok: true })
      }
      expect(await entriesOf(store, credential)).toEqual({ '=n': '2' })
    })
  })

  describe('what it remembers of a session', () => {
    const other = redisStore(redisConnector)

    test('is not written over what another isolate has written since', async () => {
      const credential = await newSession(store, { '=a': '1' })
      await store.read(credential, momentAt(0))
      await other.write(credential, momentAt(0), setting({ '=b': '2' }))
      await store.write(credential, momentAt(0), setting({ '=c': '3' }))
      expect(await entriesOf(other, credential)).toEqual({ '=a': '1', '=b': '2', '=c': '3' })
    })

    test('decides no conflict', async () => {
      const credential = await newSession(store, { '=a': '1' })
      await store.read(credential, momentAt(0))
      await other.write(credential, momentAt(0), setting({ '=a': '2' }))
      const patch = newPatch({ expect: [['=a', '2']], set: [['=a', '3']] })
      expect(await store.write(credential, momentAt(0), patch)).toMatchObject({ ok: true })
    })

    test('makes no change seem made that is not', async () => {
      const credential = await newSession(store, { '=a': '1' })
      await store.read(credential, momentAt(0))
      await other.write(credential, momentAt(0), setting({ '=a': '2' }))
      // To what is remembered it would be no change.
      await store.write(credential, momentAt(0), setting({ '=a': '1' }))
      expect(await entriesOf(other, credential)).toEqual({ '=a': '1' })
    })

    test('lets no write into a session that is over, or under a secret that is', async () => {
      const destroyed = await newSession(store, { '=a': '1' })
      await store.read(destroyed, momentAt(0))
      await other.destroy(destroyed, momentAt(0))
      const late = await store.write(destroyed, momentAt(0), setting({ '=a': '2' }))
      expect(late).toEqual({ ...ENDED, at: START })
      expect(await dump(destroyed.handle)).not.toContain('=a')
      const rotated = await newSession(store, { '=a': '1' })
      await store.read(rotated, momentAt(0))
      await other.regenerate(rotated, momentAt(5), { secret: newRandomText() })
      expect(await store.write(rotated, momentAt(6), setting({ '=a': '2' }))).toMatchObject({
        ok: false,
        gone: 'rotated',
      })
    })
  })

  describe('what is no session', () => {
    const damages: readonly (readonly [what: string, ...command: string[]])[] = [
      ['a text', 'SET', 'KEY', '"text"'],
      ['a list', 'RPUSH', 'KEY', 'a', 'b'],
      ['a hash of others', 'HSET', 'KEY', '=a', '1'],
      ['a hash without times', 'HSET', 'KEY', 'version', 'x', 'meta', '{}'],
      ['a damaged hash', 'HSET', 'KEY', 'version', 'x', 'meta', '{"hash"'],
    ]

    test.for(damages)(
      'is refused, never adopted, and can be destroyed: %s',
      async ([, ...words]) => {
        const credential = newCredential(store)
        const key = `session:${credential.handle}`
        await command(...words.map((word) => (word === 'KEY' ? key : word)))
        const before = await command('DUMP', key)
        const moment = momentAt(0)
        expect(await store.read(credential, moment)).toEqual(CORRUPT)
        expect(await store.create(credential, moment, setting({ '=a': '1' }))).toEqual(CORRUPT)
        expect(await store.write(credential, moment, setting({ '=a': '1' }))).toEqual(CORRUPT)
        expect(await store.regenerate(credential, moment, { secret: 'new' })).toEqual(CORRUPT)
        expect(await command('DUMP', key)).toEqual(before)
        expect(await store.destroy(credential, moment)).toEqual({ ok: true })
        expect(await command('EXISTS', key)).toBe(0)
      },
    )
  })

  test('keeps sessions of another prefix apart', async () => {
    const one = redisStore(redisConnector, { prefix: 'one:' })
    const other = redisStore(redisConnector, { prefix: 'other:' })
    const credential = await newSession(one, { '=a': '1' })
    expect(await command('EXISTS', `one:${credential.handle}`)).toBe(1)
    expect(await other.read(credential, momentAt(0))).toEqual(ENDED)
    await other.destroy(credential, momentAt(0))
    expect(await entriesOf(one, credential)).toEqual({ '=a': '1' })
  })

  test('works under a read cache', async () => {
    const app = newApp({ store, cached: { maxAgeSeconds: 30 } })
    const browser = app.browser()
    app.handler = (session) => session.increment('n')
    await browser.fetch('/')
    app.handler = (session) => session.all()
    await browser.fetch('/')
    app.calls.length = 0
    expect(await browser.json('/')).toEqual({ n: 1 })
    expect(app.calls).toEqual([])
    app.handler = (session) => session.increment('n')
    await browser.fetch('/')
    app.handler = (session) => session.all()
    expect(await browser.json('/')).toEqual({ n: 2 })
  })

  test('has no list of a user’s sessions, and says so', async () => {
    const app = newApp({ store, accounts: { index: userIndex(env.USERS) } })
    await expect(app.browser().fetch('/')).rejects.toThrow(
      /ERR_OPTION: accounts\(\{ index \}\): user objects cannot reach the sessions of the redis store/,
    )
  })

  describe('a connection that is kept open', () => {
    test('is opened once, by the first call, and closed at the end', async () => {
      const events: string[] = []
      const connection = keepOpen({
        open: async () => {
          events.push('open')
          return redisConnector.open()
        },
        close: (client, hasFailed) => {
          events.push('close')
          redisConnector.close(client, hasFailed)
        },
      })
      const kept = redisStore(connection)
      expect(events).toEqual([])
      const credentials = await Promise.all([newSession(kept), newSession(kept)])
      for (const credential of credentials) await entriesOf(kept, credential)
      expect(events).toEqual(['open'])
      await connection.end()
      await connection.end()
      expect(events).toEqual(['open', 'close'])
    })

    test('is tried again by the next call where opening it failed', async () => {
      let isDown = true
      const connection = keepOpen({
        open: () => (isDown ? Promise.reject(new Error('refused')) : redisConnector.open()),
        close: (client, hasFailed) => redisConnector.close(client, hasFailed),
      })
      const kept = redisStore(connection)
      const credential = newCredential(kept)
      await expect(kept.read(credential, momentAt(0))).rejects.toThrow('refused')
      isDown = false
      expect(await kept.read(credential, momentAt(0))).toEqual(ENDED)
      await connection.end()
    })
  })
})
