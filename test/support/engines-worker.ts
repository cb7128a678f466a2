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

/** Counts visits by a client of ioredis, which has this many seconds for a call. */
function ioredisWithin(storeTimeout: number): Required<Pick<ExportedHandler<Env>, 'fetch'>> {
  const { withSession } = createSessions<{ visits: number }, Env>({
    secrets: (env) => [env.SESSION_SECRET],
    store: ({ REDIS_URL }) =>
      redisStore({
        open: () =>
          new IoRedis(REDIS_URL, { retryStrategy: () => null }).on('error', () => undefined),
        close: (client) => client.disconnect(),
      }),
    storeTimeout,
  })
  return {
    fetch: withSession(async ({ session }) => ({ visits: await session.increment('visits') })),
  }
}

const ioredis = ioredisWithin(30)
/** For a server that hangs. */
const hurried = ioredisWithin(0.2)

/** The examples of Redis and memcached, each under its name, and one by `ioredis`: each request is a visit more. */
export default {
  async fetch(request, env, ctx) {
    const name = new URL(request.url).pathname.slice(1)
    if (name === 'redis') return redis.fetch(request, env, ctx)
    if (name === 'redis-request') return redisOfRequest.fetch(request, env, ctx)
    if (name === 'upstash') return upstash.fetch(request, env, ctx)
    if (name === 'ioredis') return ioredis.fetch(request, env, ctx)
    if (name === 'hurried') return hurried.fetch(request, env, ctx)
    if (name === 'memcached') return memcached.fetch(request, env, ctx)
    return new Response('ok')
  },
} satisfies ExportedHandler<Env>
