import { connect } from 'cloudflare:sockets'
import { env } from 'cloudflare:workers'
import { createClient, type RedisClientType } from 'redis'
import { describe, expect, test, vi } from 'vitest'

import { jsonLog, type SessionEvent, type SessionStore } from '../../src/index.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { kvStore } from '../../src/store/kv.ts'
import { memcachedClient, memcachedStore } from '../../src/store/memcached.ts'
import { type Connector, redisStore } from '../../src/store/redis.ts'
import { type App, newApp } from '../support/app.ts'
import { MEMCACHED_PORT, memcachedConnector } from '../support/memcached.ts'
import { REDIS_PORT, redisConnector } from '../support/redis.ts'

/** A port that nothing listens to. */
const CLOSED = 1

type Failed = Extract<SessionEvent, { type: 'store-failed' }>

async function failedWrite(store: SessionStore, app: App = newApp({ store })): Promise<Failed> {
  app.handler = (session) => session.set('a', 1)
  expect((await app.browser().fetch('/')).status).toBe(503)
  return failureIn(app)
}

function failureIn({ events }: App): Failed {
  const failed = events.find((event): event is Failed => event.type === 'store-failed')
  if (failed === undefined) throw new Error('There is no store-failed.')
  return failed
}

describe('a real failure of the engine says why', () => {
  test('objects: reset', async () => {
    const store = durableObjectStore(env.FAULTY)
    const app = newApp({ store })
    const browser = app.browser()
    app.handler = async (session) => {
      await session.increment('n')
      return session.id
    }
    const id = env.FAULTY.idFromString(await browser.json<string>('/'))
    await env.FAULTY.get(id).fail('abort')
    expect((await browser.fetch('/')).status).toBe(503)
    expect(failureIn(app)).toMatchObject({
      call: 'write',
      reason: 'reset',
      message: 'reset by the test',
    })
  })

  test('objects: a binding of another class', async () => {
    const failed = await failedWrite(durableObjectStore(env.ITEMS))
    expect(failed).toMatchObject({ call: 'create', reason: 'binding' })
    expect(failed.message).toContain('does not implement')
  })

  // Simulated: the local KV has no limit.
  test('KV: a namespace that is refused more than one write a second', async () => {
    const kv = {
      get: async () => null,
      delete: async () => undefined,
      put: async () => {
        throw new Error('KV PUT failed: 429 Too Many Requests')
      },
    }
    expect(await failedWrite(kvStore(kv))).toMatchObject({
      call: 'create',
      reason: 'rate-limit',
      message: 'KV PUT failed: 429 Too Many Requests',
    })
  })

  test.skipIf(REDIS_PORT === 0)('Redis: a server that is gone', async () => {
    const gone: Connector<RedisClientType> = {
      ...redisConnector,
      open: async () => {
        const client: RedisClientType = createClient({
          url: `redis://127.0.0.1:${CLOSED}`,
          socket: { reconnectStrategy: false },
        })
        client.on('error', () => undefined)
        return client.connect()
      },
    }
    expect((await failedWrite(redisStore(gone))).reason).toBe('reset')
  })

  test.skipIf(REDIS_PORT === 0)('Redis: a wrong command is none of these', async () => {
    const wrong: Connector<RedisClientType> = {
      ...redisConnector,
      open: async () => {
        const client = await redisConnector.open()
        await client.sendCommand(['AUTH', 'nobody', 'wrong'])
        return client
      },
    }
    const failed = await failedWrite(redisStore(wrong))
    expect([failed.reason, failed.message]).toEqual(['other', expect.stringContaining('WRONGPASS')])
  })

  test.skipIf(MEMCACHED_PORT === 0)('memcached: a server that is gone', async () => {
    const gone = {
      ...memcachedConnector(),
      open: () => memcachedClient(connect({ hostname: '127.0.0.1', port: CLOSED })),
    }
    expect((await failedWrite(memcachedStore(gone))).reason).toBe('reset')
  })
})

test('jsonLog writes the reason and the message', async () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
  try {
    const failed = await failedWrite(durableObjectStore(env.ITEMS))
    jsonLog(failed)
    const line: unknown = warn.mock.calls.at(-1)?.[0]
    expect(JSON.parse(String(line))).toEqual({
      source: 'edge-session',
      type: 'store-failed',
      call: 'create',
      reason: 'binding',
      message: expect.stringContaining('RPC receiver'),
      id: failed.id,
    })
  } finally {
    warn.mockRestore()
  }
})
