import { SessionError } from '../errors.ts'
import type { ListedSession } from '../store/user-index/user-list.ts'
import { callIndex, type ListContext } from './list-context.ts'

/** A session that has to be put on its user's list. */
interface Waiting {
  readonly userId: string
  readonly session: ListedSession
}

/** Keeps the users' lists consistent with one request's session. */
export class Listing {
  readonly #context: ListContext
  /** The id that was put on the list before its session was changed. */
  #reserved: string | undefined
  /** The session that has to be on the list before the cookie is sent. */
  #waiting: Waiting | undefined

  constructor(context: ListContext) {
    this.#context = context
  }

  /** True if something has to be put on a list. */
  get isWaiting(): boolean {
    return this.#waiting !== undefined
  }

  /** Notes that this session has to be on this user's list. */
  note(userId: string, session: ListedSession): void {
    this.#waiting = { userId, session }
  }

  /** Reserves the session's place before it is changed, if a full list refuses. Throws `ERR_SESSION_LIMIT`. */
  async reserve(userId: string, session: ListedSession): Promise<void> {
    if (this.#context.limit?.whenFull !== 'refuse') return
    this.note(userId, session)
    await this.settle()
    this.#reserved = session.id
  }

  /** Gives back a reserved place, since there is no sign-in. */
  async release(): Promise<void> {}

  /** Puts the waiting session on the list. Throws `ERR_SESSION_LIMIT` if the list is full and refuses. */
  async settle(): Promise<void> {
    const waiting = this.#waiting
    if (waiting === undefined) return
    const { userId, session } = waiting
    const { limit, emit } = this.#context
    if (this.#reserved !== undefined && this.#reserved !== session.id) {
      await this.remove(userId, this.#reserved)
    }
    const ended = await callIndex(this.#context, 'add', userId, (index, owner) =>
      index.add(owner, session, limit),
    )
    this.#waiting = undefined
    if (ended === undefined) {
      emit({ type: 'refused', reason: 'limit', id: session.id })
      throw new SessionError(
        'ERR_SESSION_LIMIT',
        `This user already has ${limit?.max} sessions, the configured maximum. End one first: sessions.user(userId, env).`,
      )
    }
    for (const id of ended) emit({ type: 'revoked', id })
  }

  /** Takes an ended session off the list. A failure does no harm, since ended sessions leave the list by themselves. */
  async remove(userId: string, id: string): Promise<void> {
    if (this.#waiting?.session.id === id) this.#waiting = undefined
    try {
      await callIndex(this.#context, 'remove', userId, (index, owner) => index.remove(owner, id))
    } catch {
      // Already reported.
    }
  }
}
