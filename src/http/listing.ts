import { SessionError } from '../errors.ts'
import type { Account, SignInDetails } from '../session/account.ts'
import type { ListedSession, Owner, SessionLimit } from '../store/user-list.ts'
import { deviceDetails, type RequestLike } from './device.ts'
import type { Settings } from './options.ts'
import type { Setup } from './setup.ts'
import type { IndexMethod, StoreCaller } from './store-caller.ts'

type Device = Pick<ListedSession, 'userAgent' | 'country' | 'label'>

/** Keeps the list of a user's sessions in step with one request's session. Where there is no index it does nothing. */
export class Listing {
  readonly #setup: Setup
  readonly #settings: Settings<never>
  readonly #caller: StoreCaller
  /** The id that has its place on the list since before its session was changed. */
  #reserved: string | undefined
  /** What has to be on the list before the cookie leaves. */
  #waiting: { readonly userId: string; readonly session: ListedSession } | undefined

  constructor(settings: Settings<never>, setup: Setup, caller: StoreCaller) {
    this.#settings = settings
    this.#setup = setup
    this.#caller = caller
  }

  /** Notes that the session at this handle has to be on its user's list. */
  note(account: Account, handle: string, request?: RequestLike, details: SignInDetails = {}): void {
    const { users, store } = this.#setup
    const address = store.addressOf?.(handle)
    if (users === undefined || address === undefined) return
    const device: Device = request === undefined ? {} : deviceDetails(request, details)
    const session = {
      id: store.idOf(handle),
      address,
      createdAt: account.at,
      usedAt: account.at,
      expiresAt: account.at + this.#settings.absolute,
      ...device,
    }
    this.#waiting = { userId: account.userId, session }
  }

  /** The same as `settle`, before the session is changed; only where a full list refuses. */
  async reserve(account: Account, handle: string): Promise<void> {
    if (this.#settings.limit?.whenFull !== 'refuse') return
    this.note(account, handle)
    await this.settle()
    this.#reserved = this.#setup.store.idOf(handle)
  }

  /** Puts on the list what has to be there. Throws `ERR_SESSION_LIMIT` when it is full and refuses. */
  async settle(): Promise<void> {
    const { users } = this.#setup
    const waiting = this.#waiting
    if (users === undefined || waiting === undefined) return
    const { userId, session } = waiting
    if (this.#reserved !== undefined && this.#reserved !== session.id) {
      await this.remove(userId, this.#reserved)
    }
    const { limit, emit } = this.#settings
    const ended = await this.#call('add', userId, (owner) => users.add(owner, session, limit))
    this.#waiting = undefined
    if (ended === undefined) {
      emit({ type: 'refused', reason: 'limit', id: session.id })
      throw fullError(limit)
    }
    for (const id of ended) emit({ type: 'revoked', id })
  }

  /** Takes a session that is over off the list. A failure is no harm: what is over leaves the list by itself. */
  async remove(userId: string, id: string): Promise<void> {
    const { users } = this.#setup
    this.#waiting = this.#waiting?.session.id === id ? undefined : this.#waiting
    if (users === undefined) return
    await this.#call('remove', userId, (owner) => users.remove(owner, id)).catch(() => undefined)
  }

  #call<T>(method: IndexMethod, userId: string, call: (owner: Owner) => Promise<T>): Promise<T> {
    const { name: cookieName } = this.#settings.cookie
    return this.#caller.call('user-index', method, ({ now }) => call({ cookieName, userId, now }))
  }
}

function fullError(limit: SessionLimit | undefined): SessionError {
  return new SessionError(
    'ERR_SESSION_LIMIT',
    `This user has ${limit?.max} sessions, and may have no more. Let them end one first: sessions.user(userId, env).`,
  )
}
