import { createSessions } from 'edge-session'
import { accounts } from 'edge-session/accounts'
import { durableObjectStore } from 'edge-session/store/durable-object'
import { userIndex, type UserObject } from 'edge-session/store/user-index'

import type { Env as Before } from './sessions.ts'

export interface Env extends Before {
  USERS: DurableObjectNamespace<UserObject>
}

export const sessions = createSessions({
  secrets: (env: Env) => [env.SESSION_SECRET],
  store: (env) => durableObjectStore(env.SESSIONS),
  use: [accounts({ index: (env: Env) => userIndex(env.USERS) })],
})

/** Set `listed` in your sign-in too. An `absoluteTimeout` after the deployment, remove both. */
export const account = sessions.withSession(async ({ session }) => {
  const isListed = await session.has('listed')
  if (session.userId !== undefined && !isListed) {
    await session.regenerate() // puts the session on its user's list
    session.set('listed', true)
  }
  return session.userId ?? null
})
