import type { Session } from '../session/session.ts'
import type { ListedSession, Which } from '../store/user-index/user-list.ts'
import { callIndex, type ListContext } from './list-context.ts'

/** One of a user's sessions, as an account page shows it. */
export interface UserSession {
  /** `session.id`, for `revoke`; it opens nothing. */
  readonly id: string
  /** When the user signed in. */
  readonly createdAt: Date
  /** The last use on record. Durable Objects record one in a `touchInterval`, Workers KV none but the sign-in. */
  readonly lastSeenAt: Date
  /** When it ends if it is not used again; on Workers KV its absolute deadline. */
  readonly expiresAt: Date
  readonly userAgent: string | undefined
  readonly country: string | undefined
  readonly label: string | undefined
  /** True if it is the session that `list` was given. */
  readonly isCurrent: boolean
}

type AnySession = Pick<Session, 'id'>

/** A user's sessions, wherever they are. Every method throws `ERR_STORE` if the index fails; repeating it is safe. */
export class UserSessions {
  readonly #userId: string
  readonly #context: ListContext

  constructor(userId: string, context: ListContext) {
    this.#userId = userId
    this.#context = context
  }

  /** Returns the sessions that are not over, the latest sign-in first. Give the request's own to have it marked. */
  async list(current?: AnySession): Promise<UserSession[]> {
    const sessions = await callIndex(this.#context, 'list', this.#userId, (index, owner) =>
      index.list(owner),
    )
    return sessions.map((session) => shown(session, session.id === current?.id))
  }

  /**
   * Ends one session of this user's: when it has resolved, a request with its token is anonymous. Returns true if there was
   * one; another user's is left alone.
   */
  async revoke(id: string): Promise<boolean> {
    return (await this.#revoke({ only: id })) > 0
  }

  /** Ends all but this one, as after a change of password (OWASP ASVS 7.4.3). Returns their number. */
  async revokeOthers(session: AnySession): Promise<number> {
    return this.#revoke({ except: session.id })
  }

  /** Ends all, as for an account that is closed (OWASP ASVS 7.4.2). Returns their number. */
  async revokeAll(): Promise<number> {
    return this.#revoke({})
  }

  async #revoke(which: Which): Promise<number> {
    const { ids, left } = await callIndex(this.#context, 'revoke', this.#userId, (index, owner) =>
      index.revoke(owner, which),
    )
    for (const id of ids) this.#context.emit({ type: 'revoked', id })
    let remaining = left
    while (remaining > 0) {
      // One call of an object can reach so many others, and no more.
      // oxlint-disable-next-line no-await-in-loop
      remaining = await callIndex(this.#context, 'revoke', this.#userId, (index, owner) =>
        index.goOn(owner),
      )
    }
    return ids.length
  }
}

function shown(session: ListedSession, isCurrent: boolean): UserSession {
  const { id, createdAt, usedAt, expiresAt, userAgent, country, label } = session
  return {
    id,
    createdAt: new Date(createdAt),
    lastSeenAt: new Date(usedAt),
    expiresAt: new Date(expiresAt),
    userAgent,
    country,
    label,
    isCurrent,
  }
}
