import { createSessions, type RequestContext } from 'edge-session'
import { type Connection, keepOpen, redisStore } from 'edge-session/store/redis'
import { createClient, type RedisClientType } from 'redis'

interface Env {
  readonly SESSION_SECRET: string
  readonly REDIS_URL: string
}

interface RequestEnv extends Env {
  readonly redis: Connection<RedisClientType>
}

const { withSession } = createSessions<{ visits: number }, RequestEnv>({
  secrets: (env) => [env.SESSION_SECRET],
  store: (env) => redisStore(env.redis),
})

const routes = withSession(async ({ session }) => {
  const visits = (await session.get('visits')) ?? 0
  session.set('visits', visits + 1)
  return { visits }
})

// #region request
export default {
  async fetch(request: Request, env: Env, ctx: RequestContext): Promise<Response> {
    const redis = keepOpen({ open: () => connect(env.REDIS_URL), close: (it) => it.destroy() })
    try {
      return await routes(request, { ...env, redis }, ctx)
    } finally {
      ctx.waitUntil(redis.end())
    }
  },
}
// #endregion request

function connect(url: string): Promise<RedisClientType> {
  const client = createClient({ url, socket: { reconnectStrategy: false } })
  client.on('error', () => undefined)
  return client.connect()
}
