import { connect } from 'cloudflare:sockets'
import { createSessions } from 'edge-session'
import { memcachedClient, memcachedStore } from 'edge-session/store/memcached'

interface Env {
  readonly SESSION_SECRET: string
  /** Such as memcached.example:11211. */
  readonly MEMCACHED_ADDRESS: string
}

const { withSession } = createSessions<{ visits: number }, Env>({
  secrets: (env) => [env.SESSION_SECRET],
  // #region store
  store: (env) =>
    memcachedStore({
      open: () => memcachedClient(connect(env.MEMCACHED_ADDRESS)),
      close: (client) => client.close(),
    }),
  // #endregion store
})

export default {
  fetch: withSession(async ({ session }) => ({ visits: await session.increment('visits') })),
}
