import { createSessions } from 'edge-session'
import { accounts } from 'edge-session/accounts'
import { adopting } from 'edge-session/adopt'
import { adoption } from 'edge-session/migrate/adoption'
import { loadsFlaskSession } from 'edge-session/migrate/itsdangerous'
import { durableObjectStore, type SessionObject } from 'edge-session/store/durable-object'

export { SessionObject } from 'edge-session/store/durable-object'

interface Env {
  readonly SESSION_SECRET: string
  /** Flask's `SECRET_KEY`. */
  readonly SECRET_KEY: string
  readonly SESSIONS: DurableObjectNamespace<SessionObject>
}

interface FlaskSession {
  /** A text beyond 2^53, where a number would be rounded. */
  readonly user_id?: string | number | null
}

// #region reader
const flaskCookie = adoption({
  name: 'session',
  verify: async (text, env: Env, now) => {
    const data = await loadsFlaskSession(text, { secret: env.SECRET_KEY, now })
    return data === undefined ? undefined : { value: JSON.stringify(data), identity: text }
  },
  load: (json) => {
    const { user_id: userId }: FlaskSession = JSON.parse(json)
    const isNobody = userId === undefined || userId === null
    return isNobody ? undefined : { userId: String(userId) }
  },
  rememberSeconds: 31 * 86_400,
})
// #endregion reader

const { withSession } = createSessions({
  secrets: (env: Env) => [env.SESSION_SECRET],
  store: (env) => durableObjectStore(env.SESSIONS),
  use: [accounts(), adopting(flaskCookie)],
})

export default {
  fetch: withSession(async ({ session }) => {
    await session.load()
    return { user: session.userId ?? null }
  }),
}
