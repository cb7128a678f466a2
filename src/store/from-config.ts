import { SessionError } from '../errors.ts'
import type { SessionStore } from '../record/store.ts'
import { durableObjectStore, type SessionObjectNamespace } from './durable-object.ts'
import { kvStore, type SessionKvNamespace } from './kv.ts'
import { memcachedStore } from './memcached.ts'
import { memoryStore } from './memory.ts'
import { redisStore } from './redis.ts'
import type { Connector } from './server/connection.ts'
import type { MemcachedClient } from './server/memcached-client.ts'
import type { RedisClient } from './server/redis-client.ts'

/** The allowed values of `SESSION_STORE`. */
export const STORE_NAMES = ['durable-object', 'kv', 'memory', 'redis', 'memcached'] as const

export type StoreName = (typeof STORE_NAMES)[number]

/** The variables and bindings of a Worker that select and configure its store. */
export interface StoreConfig {
  /** One of `STORE_NAMES`. */
  readonly SESSION_STORE?: string | undefined
  /** For `durable-object`. If absent, the exported class is used. */
  readonly SESSIONS?: SessionObjectNamespace | undefined
  /** For `kv`. */
  readonly SESSION_KV?: SessionKvNamespace | undefined
  /** For `redis`. */
  readonly REDIS_URL?: string | undefined
  /** For `memcached`: a host and a port. */
  readonly MEMCACHED_ADDRESS?: string | undefined
}

/** Functions that make the clients for servers, since only the application knows which client it uses. */
export interface StoreClients<R extends RedisClient, M extends MemcachedClient> {
  /** Returns the argument of `redisStore` for this `REDIS_URL`. */
  readonly redis?: (url: string) => R | Connector<R>
  /** Returns the argument of `memcachedStore` for this `MEMCACHED_ADDRESS`. */
  readonly memcached?: (address: string) => M | Connector<M>
}

/** One per isolate, even if the configuration is read again. */
let memory: SessionStore | undefined

/**
 * Returns the store that `SESSION_STORE` names. Throws `ERR_OPTION` for any other name and for a missing variable or
 * client, and `ERR_BINDING` for a missing binding.
 */
export function storeFromConfig<R extends RedisClient, M extends MemcachedClient>(
  config: StoreConfig,
  clients: StoreClients<R, M> = {},
): SessionStore {
  const name = storeName(config.SESSION_STORE)
  switch (name) {
    case 'durable-object':
      return durableObjectStore(config.SESSIONS)
    case 'kv':
      // `kvStore` reports a missing binding itself.
      return kvStore(config.SESSION_KV as SessionKvNamespace)
    case 'memory':
      memory ??= memoryStore()
      return memory
    case 'redis':
      return redisStore(clientFor(name, 'REDIS_URL', config.REDIS_URL, clients.redis))
    case 'memcached':
      return memcachedStore(
        clientFor(name, 'MEMCACHED_ADDRESS', config.MEMCACHED_ADDRESS, clients.memcached),
      )
    default:
      // Does not compile if a name has no case.
      return name satisfies never
  }
}

function storeName(given: string | undefined): StoreName {
  const name = STORE_NAMES.find((each) => each === given)
  if (name !== undefined) return name
  const present = given === undefined ? 'not set' : JSON.stringify(given)
  throw new SessionError(
    'ERR_OPTION',
    `SESSION_STORE is ${present}. Set it to one of: ${STORE_NAMES.join(', ')}.`,
  )
}

/**
 * Returns the client for an address. `variable` is the name of the variable with the address. The address may contain a
 * password, so it stays out of messages.
 */
function clientFor<Client>(
  name: 'redis' | 'memcached',
  variable: string,
  address: string | undefined,
  clientOf: ((address: string) => Client) | undefined,
): Client {
  if (address === undefined || address === '') {
    throw new SessionError(
      'ERR_OPTION',
      `SESSION_STORE is ${name}, but ${variable} is not set. Set it, as a secret if it contains a password.`,
    )
  }
  if (clientOf === undefined) {
    throw new SessionError(
      'ERR_OPTION',
      `SESSION_STORE is ${name}, but storeFromConfig has no client for it. Write storeFromConfig(env, { ${name}: (address) => … }), which returns the argument of ${name}Store.`,
    )
  }
  return clientOf(address)
}
