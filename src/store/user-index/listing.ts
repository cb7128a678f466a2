import { SessionError } from '../../errors.ts'
import type { ListContext, ListedSession, ListStore } from './user-list.ts'

/** A session that has to be on its user's list. */
interface Waiting {
  readonly userId: string
  readonly session: ListedSession
}

/** Keeps the lists in step with one request's session. */
export class Listing {
  readonly #store: ListStore
  readonly #context: ListContext
  /** The id that has its place on the list since before its session was changed. */
  #reserved: string | undefined
  /** What has to be on the list before the cookie leaves. */
  #waiting: Waiting | undefined

  constructor(store: ListStore, context: ListContext) {
    this.#store = store
    this.#context = context
  }

  /** Notes that this session has to be on this user's list. */
  note(userId: string, session: ListedSession): void {
    this.#waiting = { userId, session }
  }

  /** Takes the session's place before it is changed, where a full list refuses. Throws `ERR_SESSION_LIMIT`. */
  async reserve(userId: string, session: ListedSession): Promise<void> {
    if (this.#context.limit?.whenFull !== 'refuse') return
    this.note(userId, session)
    await this.settle()
    this.#reserved = session.id
  }

  /** Puts on the list what has to be there. Throws `ERR_SESSION_LIMIT` when it is full and refuses. */
  async settle(): Promise<void> {
    const waiting = this.#waiting
    if (waiting === undefined) return
    const { userId, session } = waiting
    const { cookieName, limit, emit, call } = this.#context
    if (this.#reserved !== undefined && this.#reserved !== session.id) {
      await this.remove(userId, this.#reserved)
    }
    const ended = await call('add', (now) =>
      this.#store.add({ cookieName, userId, now }, session, limit),
    )
    this.#waiting = undefined
    if (ended === undefined) {
      emit({ type: 'refused', reason: 'limit', id: session.id })
      throw new SessionError(
        'ERR_SESSION_LIMIT',
        `This user has ${limit?.max} sessions, and may have no more. Let them end one first: sessions.user(userId, env).`,
      )
    }
    for (const id of ended) emit({ type: 'revoked', id })
  }

  /** Takes a session that is over off the list. A failure is no harm: what is over leaves the list by itself. */
  async remove(userId: string, id: string): Promise<void> {
    if (this.#waiting?.session.id === id) this.#waiting = undefined
    const { cookieName, call } = this.#context
    await call('remove', (now) => this.#store.remove({ cookieName, userId, now }, id)).catch(
      () => undefined,
    )
  }
}
