import { SessionError } from '../errors.ts'
import type { ListedSession } from '../store/user-index/user-list.ts'
import { callIndex, type ListContext, tellRevoked } from './list-context.ts'

/**
 * Why a session must be put on the list.
 * - `sign-in`: it counts against the limit.
 * - `moved`: it has a new address. The user already has this session, so the limit does not apply.
 * - `kept`: its address is the same, and it is listed unless it is older than the list. A failure does no harm.
 */
export type ListingReason = 'sign-in' | 'moved' | 'kept'

/** A session that must be put on its user's list. */
interface Waiting {
  readonly userId: string
  readonly session: ListedSession
  readonly why: ListingReason
}

/** A place on a user's list that is not used by a stored session yet. */
interface Reserved {
  readonly userId: string
  readonly id: string
}

/** Keeps the users' lists consistent with the session of one request. */
export class Listing {
  readonly #context: ListContext
  #reserved: Reserved | undefined
  /** The session that must be listed before the cookie is sent. */
  #waiting: Waiting | undefined

  constructor(context: ListContext) {
    this.#context = context
  }

  /** True if a session must be listed, or a reserved place released. */
  get isWaiting(): boolean {
    return this.#waiting !== undefined || this.#reserved !== undefined
  }

  /** Notes that this session must be on this user's list. A waiting sign-in stays a sign-in if its session moves. */
  note(userId: string, session: ListedSession, why: ListingReason): void {
    const before = this.#waiting
    const isSame = before?.userId === userId && before.session.id === session.id
    this.#waiting =
      isSame && before.why === 'sign-in'
        ? { userId, session: { ...before.session, ...session }, why: 'sign-in' }
        : { userId, session, why }
  }

  /**
   * Reserves a place for the session before it is changed, if a full list refuses sign-ins. The place is free again
   * after `release`, or after a minute. Reserves nothing if `mayBegin` returns false. Throws `ERR_SESSION_LIMIT` if the
   * list is full.
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
    // Set first, because the reply may be lost.
    this.#reserved = { userId, id }
    const hasPlace = await callIndex(this.#context, 'reserve', userId, (index, owner) =>
      index.reserve(owner, session, limit),
    )
    if (!hasPlace) {
      // The previous sign-in stays.
      this.#reserved = before
      throw this.#full(id)
    }
    if (before !== undefined) await this.#try('release', before.userId, before.id)
  }

  /**
   * Releases the reserved place if its sign-in did not result in a listed session. Never throws: a place that is not
   * released is free after a minute.
   */
  async release(): Promise<void> {
    const { userId, id } = this.#reserved ?? {}
    if (userId === undefined || id === undefined) return
    this.#reserved = undefined
    await this.#try('release', userId, id)
  }

  /**
   * Puts the waiting session on the list, and releases places that were not needed. Throws `ERR_SESSION_LIMIT` if the
   * list is full and refuses.
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
      // A session that only moved is in use now, but its sign-in was earlier.
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
   * Records a use of the session, for a store that records none. Returns `undefined` without a limit, since only a
   * limit needs it. A failure does no harm: the next use is recorded.
   */
  use(userId: string, id: string): Promise<void> | undefined {
    return this.#context.limit && this.#try('use', userId, id)
  }

  /**
   * Removes an ended session from the list. A failure does no harm, since ended sessions leave the list by themselves.
   */
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

  /** Reports and returns the error for a full list. */
  #full(id: string): SessionError {
    const { limit, emit } = this.#context
    emit({ type: 'refused', reason: 'limit', id })
    return new SessionError(
      'ERR_SESSION_LIMIT',
      `This user already has ${limit?.max} sessions, the configured maximum. End one first: sessions.user(userId, env).`,
    )
  }
}
