import { SessionError } from '../errors.ts'
import type { Session } from '../session/session.ts'
import type { ListedSession, Which } from '../store/user-index/user-list.ts'
import { callIndex, type ListContext, tellRevoked } from './list-context.ts'

/** One of a user's sessions, for an account page. */
export interface UserSession {
  /** `session.id`, for `revoke`. It does not authenticate. */
  readonly id: string
  /** When the user signed in. */
  readonly createdAt: Date
  /**
   * The last recorded use. Durable Objects record one per `touchInterval`, and so does Workers KV with `accounts({
   * limit })`. Without a limit, Workers KV records only the sign-in.
   */
  readonly lastSeenAt: Date
  /** When the session expires if it is not used again. On Workers KV without a limit, its absolute deadline. */
  readonly expiresAt: Date
  readonly userAgent: string | undefined
  readonly country: string | undefined
  readonly label: string | undefined
  /** True if it is bound to a device, by `bound()`. */
  readonly isBound: boolean
  /** True if it is the session that was passed to `list`. */
  readonly isCurrent: boolean
}

type AnySession = Pick<Session, 'id'>

/** A user's sessions on all devices. Every method throws `ERR_STORE` if the index fails, and is safe to retry. */
export class UserSessions {
  readonly #userId: string
  readonly #context: ListContext

  constructor(userId: string, context: ListContext) {
    this.#userId = userId
    this.#context = context
  }

  /**
   * Returns the sessions that have not ended, the latest sign-in first; an empty list if there are none. Pass the
   * current session to mark it.
   */
  async list(current?: AnySession): Promise<UserSession[]> {
    const sessions = await callIndex(this.#context, 'list', this.#userId, (index, owner) =>
      index.list(owner),
    )
    return sessions.map((session) => shown(session, session.id === current?.id))
  }

  /**
   * Ends one session of this user. After it resolves, requests with its token are anonymous. Returns true if there was
   * such a session. Ignores sessions of other users. Throws `ERR_VALUE` if the id is not a string.
   */
  async revoke(id: string): Promise<boolean> {
    checkSessionId(id)
    return (await this.#revoke({ kind: 'one', only: id })) > 0
  }

  /**
   * Ends all sessions except this one, as after a password change (OWASP ASVS 7.4.3). Returns their number. Throws
   * `ERR_VALUE` if it is not a session.
   */
  async revokeOthers(session: AnySession): Promise<number> {
    checkSessionId((session as AnySession | undefined)?.id)
    return this.#revoke({ kind: 'others', except: session.id })
  }

  /** Ends all sessions, as for a closed account (OWASP ASVS 7.4.2). Returns their number. */
  async revokeAll(): Promise<number> {
    return this.#revoke({ kind: 'all' })
  }

  async #revoke(which: Which): Promise<number> {
    const { ids, left } = await callIndex(this.#context, 'revoke', this.#userId, (index, owner) =>
      index.revoke(owner, which),
    )
    for (const id of ids) tellRevoked(this.#context, id)
    let remaining = left
    while (remaining > 0) {
      // The number of calls that an object can make is limited.
      // oxlint-disable-next-line no-await-in-loop
      remaining = await callIndex(this.#context, 'revoke', this.#userId, (index, owner) =>
        index.goOn(owner),
      )
    }
    return ids.length
  }
}

/** Throws `ERR_VALUE` if the id is missing. */
function checkSessionId(id: unknown): void {
  if (typeof id === 'string') return
  throw new SessionError(
    'ERR_VALUE',
    'revoke(id) and revokeOthers(session) need the id of a session. revokeAll() ends all of them.',
  )
}

function shown(session: ListedSession, isCurrent: boolean): UserSession {
  const { id, createdAt, usedAt, expiresAt, userAgent, country, label, isBound = false } = session
  return {
    id,
    createdAt: new Date(createdAt),
    lastSeenAt: new Date(usedAt),
    expiresAt: new Date(expiresAt),
    userAgent,
    country,
    label,
    isBound,
    isCurrent,
  }
}
