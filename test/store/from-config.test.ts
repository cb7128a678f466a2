import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import worker from '../../examples/engines/from-config.ts'
import { SessionError } from '../../src/errors.ts'
import { STORE_NAMES, storeFromConfig, type StoreConfig } from '../../src/store/from-config.ts'
import { Browser } from '../support/browser.ts'
import { MEMCACHED_PORT, memcachedConnector } from '../support/memcached.ts'
import { REDIS_PORT, REDIS_URL, redisConnector } from '../support/redis.ts'
import { CONTEXT } from '../support/site.ts'

const CONFIG: StoreConfig = {
  SESSIONS: env.SESSIONS,
  SESSION_KV: env.SESSION_KV,
  REDIS_URL,
  MEMCACHED_ADDRESS: `127.0.0.1:${MEMCACHED_PORT}`,
}
const IS_THERE: Record<string, boolean> = {
  redis: REDIS_PORT > 0,
  memcached: MEMCACHED_PORT > 0,
}

function errorOf(make: () => unknown): unknown {
  try {
    return make()
  } catch (error) {
    return error instanceof SessionError ? [error.code, error.message] : error
  }
}

describe.for(STORE_NAMES)('SESSION_STORE = %s', (name) => {
  const config = { ...CONFIG, SESSION_STORE: name }

  test('gives the store of this name', () => {
    const store = storeFromConfig(config, {
      redis: () => redisConnector,
      memcached: () => memcachedConnector(),
    })
    expect(store.name).toBe(name)
  })

  test.skipIf(IS_THERE[name] === false)('keeps a session', async () => {
    const browser = new Browser((request) =>
      worker.fetch(request, { ...config, SESSION_SECRET: env.SESSION_SECRET }, CONTEXT),
    )
    for (const visits of [0, 1, 2]) expect(await browser.json('/')).toEqual({ visits })
  })
})

describe('a configuration that is wrong', () => {
  test.for([
    ['mysql', '"mysql"'],
    ['', '""'],
    ['Redis', '"Redis"'],
    ['constructor', '"constructor"'],
    [undefined, 'not set'],
  ])('names every store there is: %s', ([SESSION_STORE, said]) => {
    expect(errorOf(() => storeFromConfig({ ...CONFIG, SESSION_STORE }))).toEqual([
      'ERR_OPTION',
      `ERR_OPTION: SESSION_STORE is ${said}. Set it to one of: durable-object, kv, memory, redis, memcached.`,
    ])
  })

  test.for([
    ['redis', 'REDIS_URL'],
    ['memcached', 'MEMCACHED_ADDRESS'],
  ] as const)('says which address is missing: %s', ([name, variable]) => {
    const clients = { redis: () => redisConnector, memcached: () => memcachedConnector() }
    for (const address of [undefined, '']) {
      const config = { ...CONFIG, SESSION_STORE: name, [variable]: address }
      expect(errorOf(() => storeFromConfig(config, clients))).toEqual([
        'ERR_OPTION',
        `ERR_OPTION: SESSION_STORE is ${name}, but ${variable} is not set. Set it, as a secret if it contains a password.`,
      ])
    }
  })

  test.for(['redis', 'memcached'])('says that there is no client, and no address: %s', (name) => {
    const config = { SESSION_STORE: name, REDIS_URL: 'password', MEMCACHED_ADDRESS: 'password' }
    const error = errorOf(() => storeFromConfig(config))
    expect(error).toEqual([
      'ERR_OPTION',
      `ERR_OPTION: SESSION_STORE is ${name}, but storeFromConfig has no client for it. Write storeFromConfig(env, { ${name}: (address) => … }), which returns the argument of ${name}Store.`,
    ])
  })

  test('says that the KV binding is missing', () => {
    expect(errorOf(() => storeFromConfig({ SESSION_STORE: 'kv' }))).toEqual([
      'ERR_BINDING',
      expect.stringContaining('[[kv_namespaces]]'),
    ])
  })

  test('uses the exported class where the binding of objects is missing', () => {
    expect(storeFromConfig({ SESSION_STORE: 'durable-object' }).name).toBe('durable-object')
  })
})

test('memory is one for all requests, though each may read the configuration', () => {
  const config = { SESSION_STORE: 'memory' }
  expect(storeFromConfig(config)).toBe(storeFromConfig({ ...config }))
})
