import { env } from 'cloudflare:workers'
import { describe, expect, inject, test } from 'vitest'

import memcached from '../../examples/engines/memcached.ts'
import redisOfRequest from '../../examples/engines/redis-request.ts'
import redis from '../../examples/engines/redis.ts'
import ring from '../../examples/engines/ring.ts'
import upstash from '../../examples/engines/upstash.ts'
import { Browser } from '../support/browser.ts'
import { MEMCACHED_PORT } from '../support/memcached.ts'
import { command, REDIS_PORT, REDIS_URL } from '../support/redis.ts'
import { CONTEXT } from '../support/site.ts'

// The configuration's example is exercised in test/store/from-config.test.ts, and all of these but the ring in a workerd
// of their own in test/node.

const VARIABLES = {
  SESSION_SECRET: env.SESSION_SECRET,
  REDIS_URL,
  REDIS_1: `${REDIS_URL}/1`,
  REDIS_2: `${REDIS_URL}/2`,
  REDIS_3: `${REDIS_URL}/3`,
  UPSTASH_URL: `http://127.0.0.1:${inject('upstashPort')}`,
  UPSTASH_TOKEN: 'only-for-tests',
  MEMCACHED_ADDRESS: `127.0.0.1:${MEMCACHED_PORT}`,
}

describe.skipIf(REDIS_PORT === 0)(
  'the Worker on (skipped where redis-server is not installed)',
  () => {
    test.for([
      ['redis', redis.fetch],
      ['upstash', upstash.fetch],
      ['ring', ring.fetch],
    ] as const)('%s counts visits', async ([, fetch]) => {
      const browser = new Browser((request) => fetch(request, VARIABLES, CONTEXT))
      for (const visits of [1, 2, 3]) expect(await browser.json('/')).toEqual({ visits })
    })

    test('redis, with a connection for the request, counts visits', async () => {
      const browser = new Browser((request) => redisOfRequest.fetch(request, VARIABLES, CONTEXT))
      for (const visits of [0, 1, 2]) expect(await browser.json('/')).toEqual({ visits })
    })

    test('a ring spreads sessions over its nodes', async () => {
      const visit = (): Promise<Response> =>
        new Browser((request) => ring.fetch(request, VARIABLES, CONTEXT)).fetch('/')
      const databases = ['db1', 'db2', 'db3']
      const unused = async (): Promise<string[]> => {
        const keyspace = String(await command('INFO', 'keyspace'))
        return databases.filter((database) => !keyspace.includes(`${database}:keys=`))
      }
      // Of 200 visitors a database that is in use gets one.
      for (let visits = 0; visits < 200 && (await unused()).length > 0; visits += 1) await visit()
      expect(await unused()).toEqual([])
    })
  },
)

test.skipIf(MEMCACHED_PORT === 0)('the Worker on memcached counts visits', async () => {
  const browser = new Browser((request) => memcached.fetch(request, VARIABLES, CONTEXT))
  for (const visits of [1, 2, 3]) expect(await browser.json('/')).toEqual({ visits })
})
