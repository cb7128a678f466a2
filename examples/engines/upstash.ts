import { Redis } from '@upstash/redis'
import { createSessions } from 'edge-session'
import { redisStore } from 'edge-session/store/redis'

interface Env {
  readonly SESSION_SECRET: string
  readonly UPSTASH_URL: string
  readonly UPSTASH_TOKEN: string
}

const { withSession } = createSessions<{ visits: number }, Env>({
  secrets: (env) => [env.SESSION_SECRET],
  // #region store
  store: (env) =>
    redisStore(
      new Redis({
        url: env.UPSTASH_URL,
        token: env.UPSTASH_TOKEN,
        automaticDeserialization: false, // or "123" would come back as a number
        enableAutoPipelining: false, // or one request would wait for another's, which Workers forbid
      }),
    ),
  // #endregion store
})

export default {
  fetch: withSession(async ({ session }) => ({ visits: await session.increment('visits') })),
}
