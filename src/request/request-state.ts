import { newSecret, type Token } from '../codec/token.ts'
import type { SessionError } from '../errors.ts'
import type { Credential, Gone, SessionStore } from '../record/store.ts'
import { goneEvent, type SessionEvent } from './event.ts'
import type { Settings } from './options.ts'
import {
  type Arrival,
  endedError,
  isJustRotated,
  isOverlapping,
  type SessionState,
  unseenError,
} from './state.ts'
import { isStoreFailure } from './store-client.ts'

/** Where a request stands with its session, and how answers of the store that contradict that change it. */
export class RequestState {
  readonly settings: Settings
  readonly store: SessionStore
  arrival: Arrival
  state: SessionState
  /** True if the visitor came without a session, as far as is known. */
  isNew: boolean
  /** The reason the request continues as an anonymous one. */
  failure: SessionError | undefined
  /** The state of a token whose cookie must stay, though it has no session now. */
  #staying: SessionState | undefined
  #minted: Credential | undefined

  constructor(settings: Settings, store: SessionStore, arrival: Arrival) {
    this.settings = settings
    this.store = store
    this.arrival = arrival
    const { token } = arrival
    this.state = token === undefined ? { is: 'none' } : { is: 'presented', token }
    this.isNew = token === undefined
  }

  get id(): string {
    return this.store.idOf((this.state.token ?? this.minted()).handle)
  }

  /** The token of the session that the request uses; `undefined` if there is none. */
  get token(): Token | undefined {
    const { is, token } = this.state
    return is === 'superseded' || is === 'unavailable' || is === 'unseen' ? undefined : token
  }

  /** True if the store has not yet been asked for the session of the token. */
  get isUnasked(): boolean {
    return this.state.is === 'presented' || this.isCopied
  }

  /** True if a copy has answered, and the store has not been asked. */
  get isCopied(): boolean {
    return this.state.is === 'live' && this.state.status.isCopy === true
  }

  /** True if a late write was refused, or would be. */
  get isOver(): boolean {
    return this.state.is === 'ended' || this.state.is === 'superseded'
  }

  /** True if the session is over, or the store does not return it yet: only a sign-in can start another one. */
  get isGone(): boolean {
    return this.isOver || this.state.is === 'unseen'
  }

  get times(): { createdAt: number; expiresAt: number } | undefined {
    const { state, token } = this
    if (token === undefined) return undefined
    const { idle, absolute } = this.settings.context
    const { usedAt, status } = state.is === 'live' ? state : { usedAt: 0, status: undefined }
    const idleEnd = Math.max(usedAt, token.usedAt) + idle
    const { createdAt } = token
    return {
      createdAt,
      expiresAt: Math.min(idleEnd, createdAt + absolute, status?.expiresAt ?? Infinity),
    }
  }

  /** Returns the credential for the first write, the same one for a retry. Makes no call. */
  minted(): Credential {
    return (this.#minted ??= { handle: this.store.newHandle(), secret: newSecret() })
  }

  /** Sets the credential for the first write; `undefined` mints a new one. */
  mint(credential: Credential | undefined): void {
    this.#minted = credential
  }

  report(event: SessionEvent): void {
    this.settings.emit(event)
  }

  /** Forgets a session that is over, so that the next write creates another one. */
  startOver(): void {
    this.state = { is: 'none' }
    this.isNew = true
    this.#minted = undefined
    this.#staying = undefined
  }

  /** Records that the token was not valid before the session was used: the visitor is anonymous. */
  refuse(token: Token, reply: Gone): void {
    const { context, now } = this.settings
    this.report(goneEvent(reply.gone, token.createdAt + context.absolute <= now(), this.id))
    this.isNew = true
    if (reply.gone === 'unseen') this.#staying ??= { is: 'unseen', token }
    if (isJustRotated(reply, this.arrival.at)) this.#staying ??= { is: 'superseded', token }
    this.state = this.#staying ?? { is: 'none' }
  }

  /** Records and reports that a write came too late. Returns the error to throw. */
  lose(reply?: Gone): SessionError {
    if (reply !== undefined) {
      const is = isJustRotated(reply, this.arrival.at) ? 'superseded' : 'ended'
      this.state = { is, token: this.state.token }
    }
    if (this.state.is === 'unseen') return unseenError(this.store.name)
    const reason = this.state.is === 'superseded' ? 'rotated' : 'ended'
    this.report({ type: 'late-write', reason, id: this.id })
    return endedError()
  }

  /**
   * Leaves a session that a change found gone. Returns true if the browser has another token to try. Throws if the
   * change is late: the session ended while this request ran, or after this request had read it.
   */
  async leave(token: Token, reply: Gone): Promise<boolean> {
    if (this.state.is !== 'presented') throw this.lose(reply)
    const isLate = isOverlapping(reply, this.id, this.arrival)
    if (!isLate || this.arrival.next !== undefined) this.refuse(token, reply)
    if (await this.hasNext()) return true
    if (isLate) throw this.lose(reply)
    if (this.isGone) throw this.lose()
    return false
  }

  /** Presents the browser's next token. Returns false if there is none: then the state stays as it is. */
  async hasNext(): Promise<boolean> {
    const arrival = await this.arrival.next?.()
    if (arrival?.token === undefined) return false
    const { token } = arrival
    this.arrival = arrival
    this.state = { is: 'presented', token }
    this.isNew = false
    return true
  }

  /** With `onStoreFailure: 'anonymous'`, continues without a session after a failed read; otherwise rethrows. */
  goWithout(error: unknown): void {
    if (this.settings.onStoreFailure !== 'anonymous' || !isStoreFailure(error)) throw error
    this.failure = error
    this.state = { is: 'unavailable', token: this.state.token }
  }
}
