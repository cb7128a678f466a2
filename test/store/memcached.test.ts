import { describe, expect, inject, test } from 'vitest'

import { newRandomText } from '../../src/codec/random.ts'
import type { Credential } from '../../src/record/store.ts'
import {
  type Connector,
  keepOpen,
  memcachedClient,
  type MemcachedConnection,
  memcachedStore,
} from '../../src/store/memcached.ts'
import type { MemcachedClient } from '../../src/store/server/memcached-client.ts'
import { newApp } from '../support/app.ts'
import { ask, MEMCACHED_PORT, memcachedConnector } from '../support/memcached.ts'
import { IS_THOROUGH } from '../support/thorough.ts'
import {
  describeStoreContract,
  entriesOf,
  IDLE,
  momentAt,
  newCredential,
  newPatch,
  newSession,
  setting,
  START,
  TOUCH,
} from './contract.ts'

const LARGE = { port: inject('largeMemcachedPort'), maxItemBytes: 32 * 1024 * 1024 }
const ENDED = { ok: false, gone: 'ended' }
const CORRUPT = { ok: false, gone: 'corrupt' }
/** What a write may take where memcached has its default `-I`. */
const MAX_BYTES = 1_048_576 - 4096

async function textAt(port: number, key: string): Promise<string> {
  const answer = await ask(port, `get ${key}\r\n`, /^END\r\n$|\r\nEND\r\n$/)
  return answer.replace(/^VALUE .*\r\n/, '').replace(/(\r\n)?END\r\n$/, '')
}

/** Seconds for which memcached keeps the item, by its own count. */
async function lifeOf({ handle }: Pick<Credential, 'handle'>): Promise<number> {
  const [, seconds] = /t(-?\d+)/.exec(await ask(MEMCACHED_PORT, `mg session:${handle} t\r\n`)) ?? []
  return Number(seconds)
}

const largeConnector = memcachedConnector(LARGE.port)
/** Its items do not expire by themselves: the contract has a clock of its own, which memcached's must not overtake. */
const patientConnector: Connector<MemcachedConnection> = {
  open: async () => {
    const client = await largeConnector.open()
    return {
      gets: (key) => client.gets(key),
      add: (key, text, expiresAt) => client.add(key, text, expiresAt > 0 ? 0 : expiresAt),
      cas: (key, text, expiresAt, cas) => client.cas(key, text, expiresAt > 0 ? 0 : expiresAt, cas),
      close: () => client.close(),
    }
  },
  close: (...parameters) => largeConnector.close(...parameters),
}

/** A client that runs something before a swap of its own. */
function racingClient(beforeSwap: () => unknown): MemcachedClient & { swaps: number } {
  const { open, close } = memcachedConnector()
  const using = async <T>(work: (client: MemcachedClient) => Promise<T>): Promise<T> => {
    const client = await open()
    try {
      return await work(client)
    } finally {
      close(client, false)
    }
  }
  const racing = {
    swaps: 0,
    gets: (key: string) => using((client) => client.gets(key)),
    add: (...words: Parameters<MemcachedClient['add']>) => using((client) => client.add(...words)),
    async cas(...words: Parameters<MemcachedClient['cas']>) {
      racing.swaps += 1
      await beforeSwap()
      return using((client) => client.cas(...words))
    },
  }
  return racing
}

describe('memcachedStore', () => {
  test.for([undefined, null, '127.0.0.1:11211', {}])('refuses %j for a client', (client) => {
    expect(() => memcachedStore(client as never)).toThrow(
      'ERR_OPTION: memcachedStore needs a client with gets, add and cas, or { open, close } to open one for each call: open: () => memcachedClient(connect(address)).',
    )
  })

  test.for(['with space', 'line\n', 'ключ', 'x'.repeat(187)])('refuses the prefix %j', (prefix) => {
    expect(() => memcachedStore(memcachedConnector(), { prefix })).toThrow(
      'ERR_OPTION: memcachedStore: prefix must be at most 186 ASCII characters, without spaces.',
    )
  })

  test.for([0, -1, Number.NaN, 1000])('refuses items of %s bytes', (maxItemBytes) => {
    expect(() => memcachedStore(memcachedConnector(), { maxItemBytes })).toThrow(
      `ERR_OPTION: memcachedStore: maxItemBytes is ${maxItemBytes}. Use the value of memcached's option -I, in bytes, such as 1048576.`,
    )
  })
})

const isMissing = MEMCACHED_PORT === 0
describe.skipIf(isMissing)('with memcached (skipped where it is not installed)', () => {
  const store = memcachedStore(memcachedConnector())

  describeStoreContract('memcached', {
    store: memcachedStore(patientConnector, LARGE),
    dump: (handle) => textAt(LARGE.port, `session:${handle}`),
    // Redis stores the same text.
    sizes: false,
  })

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

    test('"123" comes back as a text, and 123 as a number', async () => {
      const app = newApp({ store })
      const browser = app.browser()
      const values = { text: '123', number: 123, exponent: '1e3', yes: 'true', list: '[1]' }
      app.handler = (session) => {
        for (const [key, value] of Object.entries(values)) session.set(key, value)
      }
      await browser.fetch('/')
      app.handler = (session) => session.all()
      expect(await browser.json('/')).toEqual(values)
    })

    test('a missing key is undefined', async () => {
      const app = newApp({ store })
      const browser = app.browser()
      app.handler = async (session) => [(await session.get('missing')) === undefined]
      expect(await browser.json('/')).toEqual([true])
      app.handler = async (session) => {
        session.set('a', 1)
        await session.commit()
        return [(await session.get('missing')) === undefined, await session.has('missing')]
      }
      expect(await browser.json('/')).toEqual([true, false])
    })
  })

  describe('its time to live', () => {
    test('is on the item, and follows each recorded use', async () => {
      const credential = await newSession(store, { '=a': '1' })
      const whole = IDLE / 1000 + 2
      expect(await lifeOf(credential)).toBeGreaterThan(whole - 20)
      expect(await lifeOf(credential)).toBeLessThanOrEqual(whole)
      await store.read(credential, momentAt(TOUCH, { idle: 2 * IDLE }))
      expect(await lifeOf(credential)).toBeGreaterThan(2 * whole - 30)
    })

    test.for([29, 31, 400])('may be %i days', async (days) => {
      const seconds = days * 24 * 3600
      const timeouts = { idle: seconds * 1000, absolute: 2 * seconds * 1000 }
      const credential = newCredential(store)
      await store.create(credential, momentAt(0, timeouts), setting({ '=a': '1' }))
      // Taken for a time since 1970, 31 days would be long over.
      expect(await entriesOf(store, credential, momentAt(0, timeouts))).toEqual({ '=a': '1' })
      expect(Math.abs((await lifeOf(credential)) - seconds)).toBeLessThan(30)
      await store.write(credential, momentAt(0, timeouts), setting({ '=a': '2' }))
      expect(Math.abs((await lifeOf(credential)) - seconds)).toBeLessThan(30)
    })

    test.runIf(IS_THOROUGH)('has memcached forget the session', async () => {
      const credential = newCredential(store)
      const moment = momentAt(0, { idle: 100 })
      await store.create(credential, moment, setting({ '=a': '1' }))
      const key = `session:${credential.handle}`
      await expect.poll(() => textAt(MEMCACHED_PORT, key), { timeout: 8000 }).toBe('')
      expect(await store.write(credential, moment, setting({ '=a': '1' }))).toEqual(ENDED)
    })
  })

  describe('a session too large for an item', () => {
    /** An entry with which the whole item has so many bytes. */
    async function textFor(credential: Credential, bytes: number): Promise<string> {
      const empty = await textAt(MEMCACHED_PORT, `session:${credential.handle}`)
      // Another operation and another revision digit would not change the length: ids are of one length here.
      return 'x'.repeat(bytes - empty.length - `"=a":"",["${'i'.repeat(24)}"],`.length)
    }

    test('is refused before it is sent, and nothing changes', async () => {
      const credential = await newSession(store, { '=b': '1' })
      const tooLong = 'x'.repeat(MAX_BYTES)
      expect(await store.write(credential, momentAt(0), setting({ '=a': tooLong }))).toEqual({
        ok: false,
        why: 'too-large',
        limit: `${MAX_BYTES} bytes`,
        usedAt: START,
        revision: 1,
      })
      expect(await entriesOf(store, credential)).toEqual({ '=b': '1' })
      const another = newCredential(store)
      expect(await store.create(another, momentAt(0), setting({ '=a': tooLong }))).toMatchObject({
        why: 'too-large',
      })
      expect(await store.read(another, momentAt(0))).toEqual(ENDED)
    })

    test('is refused by bytes, not by characters', async () => {
      const credential = await newSession(store)
      const text = '鍵'.repeat(400_000)
      expect(await store.write(credential, momentAt(0), setting({ '=a': text }))).toMatchObject({
        why: 'too-large',
      })
    })

    test('is as large as memcached really takes, and can still be used, renewed and signed in', async () => {
      const credential = await newSession(store, { '=b': '1' })
      const text = await textFor(credential, MAX_BYTES)
      const patch = { id: 'i'.repeat(24), set: [['=a', text]] } as const
      expect(await store.write(credential, momentAt(0), patch)).toMatchObject({ ok: true })
      const stored = await textAt(MEMCACHED_PORT, `session:${credential.handle}`)
      expect(stored.length).toBeGreaterThan(MAX_BYTES - 10)
      expect(await store.read(credential, momentAt(TOUCH))).toMatchObject({ ok: true })
      const secret = newRandomText()
      const account = { userId: '\0'.repeat(256), at: START + TOUCH }
      const renewed = await store.regenerate(credential, momentAt(TOUCH), {
        secret,
        grace: 30_000,
        patch: { id: '', signIn: account },
      })
      expect(renewed).toMatchObject({ ok: true, account })
      const read = await entriesOf(store, { ...credential, secret }, momentAt(TOUCH))
      expect(read['=a'] === text).toBe(true)
    })

    test('is an error that says so, to an application', async () => {
      const app = newApp({ store })
      app.handler = async (session) => {
        session.set('a', 'x'.repeat(600_000))
        session.set('b', 'x'.repeat(600_000))
        await expect(session.commit()).rejects.toThrow(
          `ERR_TOO_LARGE: The session would exceed ${MAX_BYTES} bytes. Keep large data elsewhere, and its name in the session.`,
        )
        return 'ok'
      }
      // The changes are still recorded, and the last commit fails too.
      expect((await app.browser().fetch('/')).status).toBe(413)
    })

    test('fails clearly where memcached’s own limit is lower than the store was told', async () => {
      const wrong = memcachedStore(memcachedConnector(), { maxItemBytes: LARGE.maxItemBytes })
      const credential = await newSession(wrong, { '=b': '1' })
      const writing = wrong.write(credential, momentAt(0), setting({ '=a': 'x'.repeat(2_000_000) }))
      await expect(writing).rejects.toThrow(
        'Memcached answered: SERVER_ERROR object too large for cache',
      )
      expect(await entriesOf(wrong, credential)).toEqual({ '=b': '1' })
    })
  })

  test('its calls are one command each: a creation, a read, and the write after it', async () => {
    const commands: string[] = []
    const connector = memcachedConnector()
    const counted = memcachedStore({
      async open() {
        const client = await connector.open()
        const noted = { ...client }
        for (const name of ['gets', 'add', 'cas'] as const) {
          Object.assign(noted, {
            [name]: (...words: never[]) => {
              commands.push(name)
              return Reflect.apply(client[name], client, words)
            },
          })
        }
        return noted
      },
      close: (client) => client.close(),
    })
    const credential = await newSession(counted, { '=a': '1' })
    await counted.read(credential, momentAt(0))
    await counted.write(credential, momentAt(0), setting({ '=a': '2' }))
    expect(commands).toEqual(['add', 'gets', 'cas'])
    await counted.write(credential, momentAt(0), setting({ '=a': '3' }))
    expect(commands.slice(3)).toEqual(['gets', 'cas'])
    expect(await entriesOf(store, credential)).toEqual({ '=a': '3' })
  })

  describe('when others are at the same session', () => {
    test('a touch rolls no write back', async () => {
      const credential = await newSession(store, { '=a': '1' })
      const racing = racingClient(async () => {
        if (racing.swaps === 1) await store.write(credential, momentAt(0), setting({ '=a': '2' }))
      })
      const read = await memcachedStore(racing).read(credential, momentAt(TOUCH))
      expect(read).toMatchObject({ ok: true, entries: { '=a': '2' }, usedAt: START + TOUCH })
      expect(await entriesOf(store, credential, momentAt(TOUCH))).toEqual({ '=a': '2' })
      expect(racing.swaps).toBe(2)
    })

    test('a touch brings no destroyed session back', async () => {
      const credential = await newSession(store, { '=a': '1' })
      const racing = racingClient(() => store.destroy(credential, momentAt(0)))
      expect(await memcachedStore(racing).read(credential, momentAt(TOUCH))).toEqual(ENDED)
      expect(await store.read(credential, momentAt(TOUCH))).toEqual(ENDED)
    })

    test('a destroy leaves alone what was regenerated meanwhile', async () => {
      const credential = await newSession(store, { '=a': '1' })
      const secret = newRandomText()
      const racing = racingClient(() => store.regenerate(credential, momentAt(5), { secret }))
      expect(await memcachedStore(racing).destroy(credential, momentAt(6))).toEqual({
        ok: false,
        gone: 'rotated',
        at: START + 5,
      })
      expect(await entriesOf(store, { ...credential, secret })).toEqual({ '=a': '1' })
    })
  })

  test('an item that was evicted is a session that is over', async () => {
    const credential = await newSession(store, { '=a': '1' })
    await ask(MEMCACHED_PORT, `delete session:${credential.handle}\r\n`)
    expect(await store.read(credential, momentAt(0))).toEqual(ENDED)
    expect(await store.write(credential, momentAt(0), setting({ '=a': '2' }))).toEqual(ENDED)
    const secret = newRandomText()
    expect(await store.regenerate(credential, momentAt(0), { secret })).toEqual(ENDED)
    expect(await store.read(credential, momentAt(0))).toEqual(ENDED)
  })

  test.for(['text', '{}', '{"meta":{},"entries":{}}', '[]', 'null', ''])(
    'what is no session is refused, never adopted, and can be destroyed: %s',
    async (text) => {
      const credential = newCredential(store)
      const key = `session:${credential.handle}`
      expect(await ask(MEMCACHED_PORT, `set ${key} 0 0 ${text.length}\r\n${text}\r\n`)).toBe(
        'STORED\r\n',
      )
      const moment = momentAt(0)
      expect(await store.read(credential, moment)).toEqual(CORRUPT)
      expect(await store.create(credential, moment, setting({ '=a': '1' }))).toEqual(CORRUPT)
      expect(await store.write(credential, moment, setting({ '=a': '1' }))).toEqual(CORRUPT)
      expect(await textAt(MEMCACHED_PORT, key)).toBe(text)
      expect(await store.destroy(credential, moment)).toEqual({ ok: true })
      expect(await ask(MEMCACHED_PORT, `get ${key}\r\n`)).toBe('END\r\n')
    },
  )

  test('a damaged entry is no session', async () => {
    const credential = await newSession(store, { '=a': '1' })
    const key = `session:${credential.handle}`
    const text = (await textAt(MEMCACHED_PORT, key)).replace('"=a":"1"', '"=a":1')
    await ask(MEMCACHED_PORT, `set ${key} 0 0 ${text.length}\r\n${text}\r\n`)
    expect(await store.read(credential, momentAt(0))).toEqual(CORRUPT)
  })

  test('the longest prefix makes keys that memcached takes', async () => {
    const prefix = 'p'.repeat(186)
    const prefixed = memcachedStore(memcachedConnector(), { prefix })
    const credential = { handle: 'h'.repeat(64), secret: newRandomText() }
    await prefixed.create(credential, momentAt(0), setting({ '=a': '1' }))
    expect(await entriesOf(prefixed, credential)).toEqual({ '=a': '1' })
    expect(await store.read(credential, momentAt(0))).toEqual(ENDED)
    await prefixed.destroy(credential, momentAt(0))
  })

  describe('a connection that is kept open', () => {
    test('serves calls at the same time, one after the other', async () => {
      const connection = keepOpen(memcachedConnector())
      const kept = memcachedStore(connection)
      const credential = await newSession(kept)
      const patches = Array.from({ length: 20 }, () => newPatch({ increment: [['=n', 1]] }))
      await Promise.all(patches.map(async (patch) => kept.write(credential, momentAt(0), patch)))
      expect(await entriesOf(kept, credential)).toEqual({ '=n': '20' })
      await connection.end()
    })

    test('is given up when a call fails, and opened anew by the next', async () => {
      let opened = 0
      const { open, close } = memcachedConnector()
      const connection = keepOpen({
        open: () => {
          opened += 1
          return open()
        },
        close,
      })
      const kept = memcachedStore(connection, { maxItemBytes: LARGE.maxItemBytes })
      const credential = await newSession(kept, { '=a': '1' })
      const large = setting({ '=b': 'x'.repeat(2_000_000) })
      await expect(kept.write(credential, momentAt(0), large)).rejects.toThrow('too large')
      expect(await entriesOf(kept, credential)).toEqual({ '=a': '1' })
      expect(opened).toBe(2)
      await connection.end()
    })
  })
})

describe('memcachedClient', () => {
  /** A client of a server that sends these pieces, whatever it is asked. */
  function clientOf(answer: string, pieceLength = answer.length): MemcachedClient {
    const bytes = new TextEncoder().encode(answer)
    const readable = new ReadableStream({
      start(controller) {
        for (let at = 0; at < bytes.length; at += pieceLength) {
          controller.enqueue(bytes.subarray(at, at + pieceLength))
        }
        controller.close()
      },
    })
    return memcachedClient({ readable, writable: new WritableStream(), close: () => undefined })
  }

  test('reads an item whatever the pieces are that it comes in', async () => {
    const answer = 'VALUE k 0 6 42\r\n{\r\né}\r\nEND\r\n'
    const item = { text: '{\r\né}', cas: '42' }
    for (const pieceLength of [1, 2, 3, 17, 1000]) {
      const client = clientOf(answer + answer, pieceLength)
      expect(await Promise.all([client.gets('k'), client.gets('k')])).toEqual([item, item])
    }
  })

  test.for(['ERROR\r\n', 'SERVER_ERROR out of memory\r\n', 'VALUE k 0 x 1\r\n'])(
    'throws what memcached says that it should not: %s',
    async (answer) => {
      const isError = /^(?:CLIENT_|SERVER_)?ERROR/.test(answer)
      // Anything else may be part of a key or a value.
      const said = `Memcached answered: ${isError ? answer.trim() : 'an unexpected line'}`
      await expect(clientOf(answer).gets('k')).rejects.toThrow(said)
      await expect(clientOf(answer).add('k', '', 0)).rejects.toThrow(said)
      await expect(clientOf(answer).cas('k', '', 0, '1')).rejects.toThrow(said)
    },
  )

  test('throws where the connection ends, and for every call after it', async () => {
    for (const answer of ['', 'VALUE k 0 5 42\r\nab']) {
      const client = clientOf(answer)
      const calls = [client.gets('k'), client.gets('k')]
      for (const call of calls) {
        await expect(call).rejects.toThrow('Memcached closed the connection.')
      }
    }
  })
})
