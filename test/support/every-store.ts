import { env } from 'cloudflare:workers'

import type { SessionStore } from '../../src/index.ts'
import { cached } from '../../src/store/cached.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { kvStore } from '../../src/store/kv.ts'
import { memcachedStore } from '../../src/store/memcached.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { redisStore } from '../../src/store/redis.ts'
import { MEMCACHED_PORT, memcachedConnector } from './memcached.ts'
import { REDIS_PORT, redisConnector } from './redis.ts'

export type NamedStore = readonly [name: string, newStore: () => SessionStore]

const SERVERS: readonly NamedStore[] = [
  ...(REDIS_PORT > 0 ? [['redis', () => redisStore(redisConnector)] as const] : []),
  ...(MEMCACHED_PORT > 0
    ? [['memcached', () => memcachedStore(memcachedConnector())] as const]
    : []),
]

/** A store of each kind that runs on this machine. */
export const EVERY_STORE: readonly NamedStore[] = [
  ['objects', () => durableObjectStore(env.SESSIONS)],
  ['copies of objects', () => cached(durableObjectStore(env.SESSIONS), { maxAgeSeconds: 20 })],
  ['memory', () => memoryStore()],
  ['kv', () => kvStore(env.SESSION_KV)],
  ...SERVERS,
]
