import { env } from 'cloudflare:workers'
import { createClient, type RedisClientType } from 'redis'

import type { Connector } from '../../src/store/redis.ts'

/** Why tests need redis-server: 0 where it is not installed. */
export const REDIS_PORT: number = env.REDIS_PORT
export const REDIS_URL: string = `redis://127.0.0.1:${REDIS_PORT}`

/** Node-redis over TCP, connected anew for each call of a store, as a Worker needs it. */
export const redisConnector: Connector<RedisClientType> = {
  open: () => createClient({ url: REDIS_URL }).connect(),
  close: (client) => client.destroy(),
}

/** One command, and its reply. */
export async function command(...words: string[]): Promise<unknown> {
  const client = await redisConnector.open()
  try {
    return await client.sendCommand(words)
  } finally {
    client.destroy()
  }
}
