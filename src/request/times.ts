import type { SessionPort } from '../session/port.ts'
import type { PendingToken } from './feature.ts'
import { timeoutsOf } from './open.ts'
import type { StoredSession } from './stored-session.ts'

/**
 * Returns the session's times, or `undefined` if there is no session. A sign-in that waits for the commit restarts
 * them.
 */
export function timesOf({
  state,
  token,
  settings,
  pending,
}: StoredSession & { readonly pending: PendingToken | undefined }): SessionPort['times'] {
  const signIn = pending?.patch.signIn
  if (signIn !== undefined) {
    const { idle, absolute } = signIn.remember ?? settings.context
    return { createdAt: signIn.at, expiresAt: signIn.at + Math.min(idle, absolute) }
  }
  const { idle, absolute } = timeoutsOf({ state, settings })
  if (token === undefined) return undefined
  const { createdAt } = token
  const isLive = state.is === 'live'
  const usedAt = isLive ? Math.max(state.usedAt, token.usedAt) : token.usedAt
  const storeEnd = (isLive ? state.status.expiresAt : undefined) ?? Infinity
  return { createdAt, expiresAt: Math.min(usedAt + idle, createdAt + absolute, storeEnd) }
}
