import { createSessions } from 'edge-session'
import { redisStore } from 'edge-session/store/redis'
import { createClient, type RedisClientType } from 'redis'

interface Env {
  readonly SESSION_SECRET: string
  /** Such as rediss://default:password@redis.example:6379. */
  readonly REDIS_URL: string
}

// #region store
const { withSession } = createSessions<{ visits: number }, Env>({
  secrets: (env) => [env.SESSION_SECRET],
  store: (env) => redisStore({ open: () => connect(env.REDIS_URL), close: (it) => it.destroy() }),
})

function connect(url: string): Promise<RedisClientType> {
  // Without a second try: the request waits, and is to be answered.
  const client = createClient({ url, socket: { reconnectStrategy: false } })
  client.on('error', () => undefined) // the call that is under way fails, too
  return client.connect()
}
// #endregion store

export default {
  fetch: withSession(async ({ session }) => ({ visits: await session.increment('visits') })),
}
