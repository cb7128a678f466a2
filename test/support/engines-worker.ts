import { Redis as IoRedis } from 'ioredis'

import memcached from '../../examples/engines/memcached.ts'
import redisOfRequest from '../../examples/engines/redis-request.ts'
import redis from '../../examples/engines/redis.ts'
import upstash from '../../examples/engines/upstash.ts'
import { createSessions } from '../../src/index.ts'
import { redisStore } from '../../src/store/redis.ts'

interface Env {
  readonly SESSION_SECRET: string
  readonly REDIS_URL: string
  readonly UPSTASH_URL: string
  readonly UPSTASH_TOKEN: string
  readonly MEMCACHED_ADDRESS: string
}

const { withSession } = createSessions<{ visits: number }, Env>({
  secrets: (env) => [env.SESSION_SECRET],
  store: ({ REDIS_URL }) =>
    redisStore({
      open: () =>
        new IoRedis(REDIS_URL, { retryStrategy: () => null }).on('error', () => undefined),
      close: (client) => client.disconnect(),
    }),
  storeTimeout: 1,
})

const ioredis = {
  fetch: withSession(async ({ session }) => ({
    visits: await session.increment('visits'),
  })),
}

/** The examples of Redis and memcached, each under its name, and one by `ioredis`: each request is a visit more. */
export default {
  async fetch(request, env, ctx) {
    const name = new URL(request.url).pathname.slice(1)
    if (name === 'redis') return redis.fetch(request, env, ctx)
    if (name === 'redis-request') return redisOfRequest.fetch(request, env, ctx)
    if (name === 'upstash') return upstash.fetch(request, env, ctx)
    if (name === 'ioredis') return ioredis.fetch(request, env, ctx)
    if (name === 'memcached') return memcached.fetch(request, env, ctx)
    return new Response('ok')
  },
} satisfies ExportedHandler<Env>
