import { connect } from 'cloudflare:sockets'
import { createSessions } from 'edge-session'
import { storeFromConfig, type StoreConfig } from 'edge-session/store/from-config'
import { memcachedClient, type MemcachedConnection } from 'edge-session/store/memcached'
import { createClient, type RedisClientType } from 'redis'

export { SessionObject } from 'edge-session/store/durable-object'

// wrangler.toml: [vars] SESSION_STORE = "durable-object", or kv, memory, redis, memcached
interface Env extends StoreConfig {
  readonly SESSION_SECRET: string
}

const { withSession } = createSessions<{ visits: number }, Env>({
  secrets: (env) => [env.SESSION_SECRET],
  // #region config
  store: (env) =>
    storeFromConfig(env, {
      redis: (url) => ({
        open: () => connectRedis(url),
        close: (client: RedisClientType) => client.destroy(),
      }),
      memcached: (address) => ({
        open: () => memcachedClient(connect(address)),
        close: (client: MemcachedConnection) => client.close(),
      }),
    }),
  // #endregion config
})

function connectRedis(url: string): Promise<RedisClientType> {
  const client = createClient({ url, socket: { reconnectStrategy: false } })
  client.on('error', () => undefined)
  return client.connect()
}

export default {
  fetch: withSession(async ({ session }) => {
    const visits = (await session.get('visits')) ?? 0
    session.set('visits', visits + 1)
    return { visits }
  }),
}
