import { changedDevice, type RequestLike } from '../accounts/device.ts'
import { familyOf, newSecret, type Token } from '../codec/token.ts'
import type { SessionError } from '../errors.ts'
import type { Gone, Seen, SessionStore } from '../record/store.ts'
import type { Account } from '../session/account.ts'
import type { ReadCache } from '../store/cached/copies.ts'
import { goneEvent } from './event.ts'
import type { Settings } from './options.ts'
import { clearedCookie, type Presented, refreshedCookie, type Use } from './set-cookie.ts'
import type { Setup } from './setup.ts'
import { endedError, isJustRotated, notLoadedError } from './store-reply.ts'

/**
 * Where a request stands with its session.
 * - `anonymous`: there is none; the first write makes one.
 * - `presented`: a token came, and the store has not been asked yet.
 * - `copied`: a copy of what the store said before vouches for it, and the store has not been asked yet.
 * - `live`: the store has confirmed it, or made it, in this request.
 * - `superseded`: the token was regenerated a moment ago. The browser may hold the new one already, so that neither a
 *   new session's cookie nor a cleared one must reach it.
 * - `unavailable`: the store has failed to say, and the request goes on as an anonymous one.
 * - `ended`: it was found to be over when this request had begun to use it.
 * - `destroyed`: this request ended it.
 */
type Standing =
  | 'anonymous'
  | 'presented'
  | 'copied'
  | 'live'
  | 'superseded'
  | 'unavailable'
  | 'ended'
  | 'destroyed'

/** What one request knows of its session: the token it came with, and what the store's answers have told since. */
export class KnownSession {
  standing: Standing
  token: Token | undefined
  /** Whether the token is to be renewed, or has just been. */
  renewal: Seen['renewal']
  /** Whether the visitor came without a session, as far as is known. */
  isNew: boolean
  readonly presented: Presented
  readonly #settings: Settings<never>
  readonly #setup: Setup
  readonly #request: RequestLike
  readonly #openedAt: number
  #account: Account | undefined
  #new: Pick<Token, 'handle' | 'secret'> | undefined
  #used: Use = { at: 0, recordedAt: 0 }
  #isDeviceChecked = false

  constructor(settings: Settings<never>, setup: Setup, presented: Presented, request: RequestLike) {
    this.#settings = settings
    this.#setup = setup
    this.#request = request
    this.#openedAt = presented.openedAt
    this.presented = presented
    this.token = presented.token
    this.isNew = presented.token === undefined
    this.standing = presented.token === undefined ? 'anonymous' : 'presented'
  }

  /** Whether a late write was refused, or would be. */
  get isOver(): boolean {
    return this.standing === 'ended' || this.standing === 'superseded'
  }

  /** Whether the store has still to be asked for the session that the token names. */
  get isUnasked(): boolean {
    return this.standing === 'presented' || this.standing === 'copied'
  }

  get cache(): ReadCache | undefined {
    return this.#setup.cache
  }

  get store(): SessionStore {
    return this.#setup.store
  }

  get id(): string {
    const isSetAside = this.standing === 'superseded' || this.standing === 'unavailable'
    const token = isSetAside ? this.presented.token : this.token
    return this.store.idOf((token ?? this.minted()).handle)
  }

  get times(): { createdAt: number; expiresAt: number } | undefined {
    if (this.token === undefined) return undefined
    const { createdAt, usedAt } = this.token
    const { idle, absolute } = this.#settings
    const expiresAt = Math.min(Math.max(this.#used.recordedAt, usedAt) + idle, createdAt + absolute)
    return { createdAt, expiresAt }
  }

  /** Who is signed in. Throws `ERR_NOT_LOADED` while nobody knows. */
  get account(): Account | undefined {
    if (this.standing === 'presented') throw notLoadedError()
    return this.#account
  }

  /** Has a first write take this, or something new again. */
  mint(credential: Pick<Token, 'handle' | 'secret'> | undefined): void {
    this.#new = credential
  }

  /** What a first write takes, and takes again if it has to be repeated; minting makes no call. */
  minted(): Pick<Token, 'handle' | 'secret'> {
    return (this.#new ??= { handle: this.store.newHandle(), secret: newSecret() })
  }

  /** Takes in what the store said of the session when it was called, or what a copy says in its place. */
  confirm({ usedAt, account, renewal, revision }: Seen, calledAt: number, isCopy = false): void {
    this.standing = isCopy ? 'copied' : 'live'
    this.renewal = renewal
    this.#account = account
    // Where the store records no use, the token does, when it is sent again.
    const sentAt = this.store.recordsUse ? 0 : (this.token?.usedAt ?? 0)
    const recordedAt = usedAt ?? (calledAt - sentAt < this.#settings.touch ? sentAt : calledAt)
    this.#used = { at: calledAt, recordedAt, revision }
    if (account !== undefined) this.#checkDevice(account)
  }

  /** The token turned out to be no good before anything was done with it: the visitor is anonymous. */
  stepDown(token: Token, reply: Gone): void {
    const { emit, absolute, now } = this.#settings
    emit(goneEvent(reply.gone, token.createdAt + absolute <= now(), this.id))
    this.token = undefined
    this.isNew = true
    this.standing = isJustRotated(reply, this.#openedAt) ? 'superseded' : 'anonymous'
  }

  /** The refusal of a write that came too late, reported. */
  late(reply?: Gone): SessionError {
    if (reply !== undefined) {
      this.standing = isJustRotated(reply, this.#openedAt) ? 'superseded' : 'ended'
    }
    this.#account = undefined
    this.token = this.standing === 'superseded' ? undefined : this.token
    const reason = this.standing === 'superseded' ? 'rotated' : 'ended'
    this.#settings.emit({ type: 'late-write', reason, id: this.id })
    return endedError()
  }

  /** The store can't say; this request goes on without its session, whose cookie stays as it is. */
  doWithout(): void {
    this.standing = 'unavailable'
    this.token = undefined
  }

  /** What a CSRF token is bound to: this session, until the next `regenerate()`. */
  get csrfSubject(): string {
    return `${this.id} ${familyOf((this.token ?? this.minted()).secret)}`
  }

  /** Takes note that this request has ended it. */
  end(): void {
    this.standing = 'destroyed'
    this.#account = undefined
  }

  /** The Set-Cookie value to send, or `undefined` where the browser's cookie is right as it is. */
  cookie(): Promise<string> | string | undefined {
    const { token, standing, presented } = this
    if (standing === 'destroyed' || standing === 'ended') {
      return clearedCookie(this.#settings, presented)
    }
    // The browser may hold the next token by now, and this one is good for moments only.
    const isFormer = this.renewal === 'done' && token === presented.token
    if (token === undefined || isFormer) return undefined
    return refreshedCookie(this.#settings, this.#setup, presented, token, this.#used)
  }

  #checkDevice(account: Account): void {
    if (this.#isDeviceChecked) return
    this.#isDeviceChecked = true
    const what = changedDevice(account, this.#request)
    if (what !== undefined) this.#settings.emit({ type: 'device-changed', what, id: this.id })
  }
}
