import { SessionError } from '../errors.ts'
import type { ListedSession } from '../store/user-index/user-list.ts'
import { callIndex, type ListContext, tellRevoked } from './list-context.ts'

/**
 * The reason that a session has to be on the list.
 * - `sign-in`: it counts against the limit.
 * - `moved`: it has a new address. It is a session that the user has already, so no limit refuses it.
 * - `kept`: it has its former address, and is on the list unless it is older than the list. A failure does no harm.
 */
export type ListingReason = 'sign-in' | 'moved' | 'kept'

/** A session that has to be put on its user's list. */
interface Waiting {
  readonly userId: string
  readonly session: ListedSession
  readonly why: ListingReason
}

/** A place on a user's list that no stored session has yet. */
interface Reserved {
  readonly userId: string
  readonly id: string
}

/** Keeps the users' lists consistent with one request's session. */
export class Listing {
  readonly #context: ListContext
  #reserved: Reserved | undefined
  /** The session that has to be on the list before the cookie is sent. */
  #waiting: Waiting | undefined

  constructor(context: ListContext) {
    this.#context = context
  }

  /** True if something has to be put on a list, or a reserved place has to be given back. */
  get isWaiting(): boolean {
    return this.#waiting !== undefined || this.#reserved !== undefined
  }

  /** Notes that this session has to be on this user's list. A sign-in that waits stays one if its session moves. */
  note(userId: string, session: ListedSession, why: ListingReason): void {
    const before = this.#waiting
    const isSame = before?.userId === userId && before.session.id === session.id
    this.#waiting =
      isSame && before.why === 'sign-in'
        ? { userId, session: { ...before.session, ...session }, why: 'sign-in' }
        : { userId, session, why }
  }

  /**
   * Reserves the session's place before it is changed, if a full list refuses. The place is free again after `release`,
   * or after a minute. Reserves none if `mayBegin` returns false. Throws `ERR_SESSION_LIMIT`.
   */
  async reserve(
    userId: string,
    session: ListedSession,
    mayBegin?: () => Promise<boolean>,
  ): Promise<void> {
    const { limit } = this.#context
    if (limit?.whenFull !== 'refuse' || (await mayBegin?.()) === false) return
    const { id } = session
    if (this.#reserved?.userId === userId) {
      if (this.#reserved.id === id) return
      await this.release()
    }
    const before = this.#reserved
    // Also if the reply is lost.
    this.#reserved = { userId, id }
    const hasPlace = await callIndex(this.#context, 'reserve', userId, (index, owner) =>
      index.reserve(owner, session, limit),
    )
    if (!hasPlace) {
      // The sign-in before it stays.
      this.#reserved = before
      throw this.#full(id)
    }
    if (before !== undefined) await this.#try('release', before.userId, before.id)
  }

  /**
   * Gives the reserved place back if its sign-in did not end in a listed session. Never throws: without it, the place is
   * free after a minute.
   */
  async release(): Promise<void> {
    const { userId, id } = this.#reserved ?? {}
    if (userId === undefined || id === undefined) return
    this.#reserved = undefined
    await this.#try('release', userId, id)
  }

  /**
   * Puts the waiting session on the list, and gives back what was reserved for nothing. Throws `ERR_SESSION_LIMIT` if
   * the list is full and refuses.
   */
  async settle(): Promise<void> {
    const { userId, session, why } = this.#waiting ?? {}
    if (userId === undefined || session === undefined) return this.release()
    try {
      await this.#add(userId, session, why === 'sign-in')
    } catch (error) {
      if (why !== 'kept') throw error
      this.#waiting = undefined
    }
  }

  async #add(userId: string, session: ListedSession, isSignIn: boolean): Promise<void> {
    const reserved = this.#reserved?.userId === userId ? this.#reserved.id : undefined
    const hasBegunAnew = reserved !== undefined && reserved !== session.id
    if (hasBegunAnew) await this.#try('remove', userId, reserved)
    const adding = {
      isSignIn,
      ...(isSignIn && { limit: this.#context.limit }),
      ...(hasBegunAnew && { reservation: reserved }),
    }
    const ended = await callIndex(this.#context, 'add', userId, (index, owner) => {
      // A session that is only moved is in use now, and has signed in before.
      const usedAt = isSignIn ? session.usedAt : owner.now
      return index.add(owner, { ...session, usedAt }, adding)
    })
    this.#waiting = undefined
    if (ended === undefined) throw this.#full(session.id)
    if (reserved === undefined) await this.release()
    else this.#reserved = undefined
    for (const id of ended) tellRevoked(this.#context, id)
  }

  /**
   * Records a use of the session for a store that records none. Returns `undefined` without a limit, which is what needs
   * it. A failure does no harm: the next use is recorded.
   */
  use(userId: string, id: string): Promise<void> | undefined {
    return this.#context.limit && this.#try('use', userId, id)
  }

  /** Takes an ended session off the list. A failure does no harm, since ended sessions leave the list by themselves. */
  async remove(userId: string, id: string): Promise<void> {
    const waiting = this.#waiting
    if (waiting?.userId === userId && waiting.session.id === id) this.#waiting = undefined
    await this.#try('remove', userId, id)
  }

  async #try(method: 'release' | 'use' | 'remove', userId: string, id: string): Promise<void> {
    try {
      await callIndex(this.#context, method, userId, (index, owner) => index[method](owner, id))
    } catch {
      // Already reported.
    }
  }

  /** Reports and returns the error of a full list. */
  #full(id: string): SessionError {
    const { limit, emit } = this.#context
    emit({ type: 'refused', reason: 'limit', id })
    return new SessionError(
      'ERR_SESSION_LIMIT',
      `This user already has ${limit?.max} sessions, the configured maximum. End one first: sessions.user(userId, env).`,
    )
  }
}
