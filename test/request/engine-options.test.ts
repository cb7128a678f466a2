import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'

import { adopting } from '../../src/adopt.ts'
import { tornadoCookie } from '../../src/migrate/tornado.ts'
import type { SessionStore } from '../../src/record/store.ts'
import { memcachedStore } from '../../src/store/memcached.ts'
import { redisStore } from '../../src/store/redis.ts'
import { ringStore } from '../../src/store/ring.ts'
import { userIndex } from '../../src/store/user-index.ts'
import { type AppOptions, newApp } from '../support/app.ts'

/** Nothing is to be sent before the options are found wrong. */
const NEVER = {
  open: () => {
    throw new Error('opened')
  },
  close: () => undefined,
}

const STORES: Record<string, SessionStore> = {
  redis: redisStore(NEVER),
  memcached: memcachedStore(NEVER),
  ring: ringStore([{ name: 'a', weight: 1, store: redisStore(NEVER) }]),
}

const OPTIONS: Record<string, AppOptions> = {
  'adopting()': {
    use: [adopting(tornadoCookie({ name: 'old', secret: 'x'.repeat(32), load: () => ({}) }))],
  },
  'accounts({ index })': { accounts: { index: userIndex(env.USERS) } },
}

describe.for(Object.entries(STORES))('the %s store refuses what it cannot do:', ([, store]) => {
  test.for(Object.entries(OPTIONS))('%s', async ([option, options]) => {
    const app = newApp({ store, ...options })
    await expect(app.browser().fetch('/')).rejects.toThrow(`ERR_OPTION: ${option}: `)
  })
})
