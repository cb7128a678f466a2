import { describe, expect, test } from 'vitest'

import { SessionError, type SessionEvent } from '../../src/index.ts'
import { kvStore } from '../../src/store/kv.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { ringStore } from '../../src/store/ring.ts'
import { newApp } from '../support/app.ts'

/** Returns the event of a first write whose store fails with this error. */
async function failureOf(error: unknown): Promise<SessionEvent | undefined> {
  const create = async (): Promise<never> => {
    throw error
  }
  const app = newApp({ store: { ...memoryStore(), create } })
  app.handler = (session) => session.set('a', 1)
  const response = await app.browser().fetch('/')
  expect(response.status).toBe(503)
  return app.events.find(({ type }) => type === 'store-failed')
}

const flagged = (flags: object): Error => Object.assign(new Error('no words'), flags)

describe('the event store-failed', () => {
  test.for([
    ['rate-limit', new Error('KV PUT failed: 429 Too Many Requests')],
    // @upstash/redis, with an older and a newer server
    ['rate-limit', new Error('ERR max daily request limit exceeded. Limit: 10000, Usage: 10000.')],
    ['rate-limit', new Error('ERR max requests limit exceeded. Limit: 500000, Usage: 500000.')],
    ['overloaded', flagged({ overloaded: true })],
    ['overloaded', new Error('Durable Object is overloaded. Requests queued for too long.')],
    ['reset', flagged({ durableObjectReset: true })],
    ['reset', new Error('Network connection lost.')],
    ['reset', new Error('Memcached closed the connection.')],
    ['reset', flagged({ code: 'ECONNREFUSED' })],
    // The Workers runtime, of a Worker that calls too often
    ['rate-limit', new Error('Too many API requests by single worker invocation.')],
    ['rate-limit', new Error('Too many subrequests by single Worker invocation.')],
    // Redis and memcached
    ['overloaded', new Error('ERR max number of clients reached')],
    ['overloaded', new Error('BUSY Redis is busy running a script.')],
    ['overloaded', new Error('LOADING Redis is loading the dataset in memory')],
    ['overloaded', new Error('Memcached answered: ERROR Too many open connections')],
    // Durable Objects: retryable is set for a connection that was lost
    ['reset', flagged({ retryable: true })],
    ['overloaded', flagged({ retryable: true, overloaded: true })],
    ['timeout', Object.assign(new Error('timed out'), { retryable: true })],
    ['timeout', flagged({ code: 'ETIMEDOUT' })],
    ['timeout', new Error('Connection timeout')],
    ['binding', new Error('ERR_BINDING: UserObject cannot find this session’s KV namespace.')],
    [
      'binding',
      new Error(
        'The storage.kv (synchronous KV) API is only available for SQLite-backed Durable Objects',
      ),
    ],
    ['reset', new Error('proxy request failed, cannot connect to the specified address')],
    ['other', new Error('OOM command not allowed')],
    ['other', 'a text'],
    ['rate-limit', new Error('wrapped', { cause: new Error('429') })],
  ] as const)('says %s for %s', async ([reason, error]) => {
    expect(await failureOf(error)).toMatchObject({ call: 'create', reason })
  })

  test('says timeout after storeTimeout', async () => {
    const silent = new Promise<never>(() => undefined)
    const app = newApp({ store: { ...memoryStore(), create: () => silent }, storeTimeout: 0.001 })
    app.handler = (session) => session.set('a', 1)
    await app.browser().fetch('/')
    expect(app.events).toMatchObject([
      { reason: 'timeout', message: 'There was no answer within 1 ms.' },
    ])
  })

  test('says why a node of a ring failed', async () => {
    const store = { ...memoryStore(), create: () => Promise.reject(flagged({ overloaded: true })) }
    const app = newApp({ store: ringStore([{ name: 'eu', weight: 1, store }]) })
    app.handler = (session) => session.set('a', 1)
    await app.browser().fetch('/')
    expect(app.events).toMatchObject([{ reason: 'overloaded', message: 'node eu: no words' }])
  })

  test.for([
    Object.create(null) as unknown,
    { toString: undefined, valueOf: undefined },
    Object.assign(new Error(), { code: Object.create(null) as unknown }),
    Object.assign(new Error(), { message: { toString: undefined, valueOf: undefined } }),
    Object.assign(new Error(), { message: undefined }),
    Object.assign(new Error(), { message: { code: 1 } }),
    Object.assign(new Error(), { message: Symbol('words') }),
  ])('is there for an error without words, and its call ends: case %#', async (error) => {
    expect(await failureOf(error)).toMatchObject({ reason: 'other', message: expect.any(String) })
  })

  test('ends with an error that is its own cause', async () => {
    const error = new Error('a circle')
    error.cause = error
    expect(await failureOf(error)).toMatchObject({ reason: 'other' })
  })

  test('has the message of KV itself', async () => {
    const kv = {
      get: () => Promise.resolve(null),
      delete: () => Promise.resolve(),
      put: () => Promise.reject(new Error('KV PUT failed: 429 Too Many Requests')),
    }
    const app = newApp({ store: kvStore(kv) })
    app.handler = (session) => session.set('a', 1)
    await app.browser().fetch('/')
    expect(app.events).toMatchObject([{ message: 'KV PUT failed: 429 Too Many Requests' }])
  })
})

describe('the message of store-failed and of ERR_STORE', () => {
  const KEY = 'session:Zk3-vUbnT1mCqYp0rWx8aLsD'

  test.for([
    [
      // @upstash/redis 1.39
      `ERR bad, command was: ["EVALSHA","ca17","1","${KEY}","","value-in-data"]`,
      'ERR bad, command was: …',
    ],
    [
      // Redis 7.0
      `ERR unknown command 'EVALSHA', with args beginning with: 'ca17' '1' '${KEY}' 'value-in-data`,
      'ERR unknown command …',
    ],
    [`Unexpected token 'v', "value-in-data" is not valid JSON`, 'Unexpected token …'],
    // A value with quotes of its own.
    [`Bad JSON: ..."a"b" value-in-data", "d"... is not valid`, 'Bad JSON: ...…'],
    [`ERR bad args: 'a' value-in-data' 'x`, 'ERR bad args: …'],
    [`no such key ${KEY}`, 'no such key session:…'],
    [`{"a":"value-in-data"}`, '…'],
    [
      "It can't be reached, the users' list is long",
      "It can't be reached, the users' list is long",
    ],
  ])('hides keys and values: %s', async ([given = '', shown]) => {
    let thrown: unknown
    const app = newApp({
      store: { ...memoryStore(), create: () => Promise.reject(new Error(given)) },
      onStoreFailure: (error) => {
        thrown = error
        return new Response()
      },
    })
    app.handler = (session) => session.set('a', 1)
    await app.browser().fetch('/')
    expect(app.events).toMatchObject([{ message: shown }])
    expect(thrown).toBeInstanceOf(SessionError)
    expect(String(thrown)).not.toMatch(/value-in-data|Zk3-/)
  })

  test('has 200 characters at most, and no part of a word at its end', async () => {
    const event = await failureOf(new Error(`${'word '.repeat(39)}${'Secret7'.repeat(1_000_000)}`))
    expect(event).toMatchObject({ message: `${'word '.repeat(39)}…` })
  })
})
