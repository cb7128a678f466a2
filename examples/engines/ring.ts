import { createSessions } from 'edge-session'
import { redisStore } from 'edge-session/store/redis'
import { ringStore } from 'edge-session/store/ring'
import { createClient, type RedisClientType } from 'redis'

interface Env {
  readonly SESSION_SECRET: string
  readonly REDIS_1: string
  readonly REDIS_2: string
  readonly REDIS_3: string
}

// #region ring
const { withSession } = createSessions<{ visits: number }, Env>({
  secrets: (env) => [env.SESSION_SECRET],
  store: (env) => {
    const one = { name: 'redis-1', weight: 1, store: storeAt(env.REDIS_1) }
    const two = { name: 'redis-2', weight: 1, store: storeAt(env.REDIS_2) }
    const three = { name: 'redis-3', weight: 2, store: storeAt(env.REDIS_3) } // twice the memory
    return ringStore([one, two, three], {
      // redis-3 was added on 1 December at noon; 12 hours, the absolute timeout, later nobody is left who came before.
      migrating: { from: [one, two], until: new Date('2026-12-02T00:00:00Z') },
    })
  },
})
// #endregion ring

function storeAt(url: string) {
  return redisStore({ open: () => connect(url), close: (it: RedisClientType) => it.destroy() })
}

function connect(url: string): Promise<RedisClientType> {
  const client = createClient({ url, socket: { reconnectStrategy: false } })
  client.on('error', () => undefined)
  return client.connect()
}

export default {
  fetch: withSession(async ({ session }) => ({ visits: await session.increment('visits') })),
}
