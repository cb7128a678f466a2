import { newRandomText } from '../codec/random.ts'
import type { Token } from '../codec/token.ts'
import type { SessionError } from '../errors.ts'
import type { Applied, Entries, Patch, Refusal } from '../session/patch.ts'
import type { SessionPort } from '../session/port.ts'
import { WorkingCopy } from '../session/working-copy.ts'
import type { Gone, Moment, SessionStore } from '../store/store.ts'
import { goneEvent, INSECURE } from './event.ts'
import type { Settings } from './options.ts'
import { clearedCookie, type Presented, refreshedCookie, type Use } from './set-cookie.ts'
import type { Setup } from './setup.ts'
import { endedError, storeError, type StoreMethod } from './store-error.ts'
import { appliedToNothing, isGone, isJustRotated } from './store-reply.ts'
import { Turns } from './turns.ts'

/**
 * Where a visit stands with its session.
 * - `anonymous`: there is none; the first write makes one.
 * - `presented`: a token came, and the store has not been asked yet.
 * - `live`: the store has confirmed it, or made it, in this request.
 * - `superseded`: the token was regenerated a moment ago. The browser may hold the new one already, so that neither a
 *   new session's cookie nor a cleared one must reach it.
 * - `ended`: it was found to be over when this request had begun to use it.
 * - `destroyed`: this request ended it.
 */
type Standing = 'anonymous' | 'presented' | 'live' | 'superseded' | 'ended' | 'destroyed'

/** One request's dealings with its session: the token it came with, the store's answers, the cookie to send. */
export class Visit implements SessionPort {
  readonly store: SessionStore
  readonly canKeep: boolean
  readonly settings: Settings<never>
  readonly copy: WorkingCopy = new WorkingCopy(this)
  /** Whether the visitor came without a session, as far as is known. */
  isNew: boolean
  /** Whether the handler has used the session. */
  isUsed = false
  /** How many wrappers are around the handler at the moment. */
  depth = 0
  readonly #setup: Setup
  readonly #presented: Presented
  readonly #openedAt: number
  #standing: Standing
  #token: Token | undefined
  #new: Pick<Token, 'handle' | 'secret'> | undefined
  #newSecret: string | undefined
  #used: Use = { at: 0, recordedAt: 0 }
  /** When the store was last called. */
  #calledAt = 0
  /** The store is called for one thing after the other, as the handler asked: a new token counts for what comes next. */
  readonly #turns = new Turns()

  constructor(settings: Settings<never>, setup: Setup, presented: Presented, openedAt: number) {
    this.store = setup.store
    this.canKeep = presented.canKeep
    this.settings = settings
    this.#setup = setup
    this.#presented = presented
    this.#openedAt = openedAt
    this.#token = presented.token
    this.isNew = presented.token === undefined
    this.#standing = presented.token === undefined ? 'anonymous' : 'presented'
  }

  /** Whether a late write was refused, or would be. */
  get isOver(): boolean {
    return this.#standing === 'ended' || this.#standing === 'superseded'
  }

  get id(): string {
    const token = this.#standing === 'superseded' ? this.#presented.token : this.#token
    return this.store.idOf((token ?? this.#minted()).handle)
  }

  get times(): { createdAt: number; expiresAt: number } | undefined {
    if (this.#token === undefined || this.#standing === 'superseded') return undefined
    const { createdAt, usedAt } = this.#token
    const { idle, absolute } = this.settings
    const expiresAt = Math.min(Math.max(this.#used.recordedAt, usedAt) + idle, createdAt + absolute)
    return { createdAt, expiresAt }
  }

  use(): void {
    if (this.#standing === 'destroyed') throw endedError()
    this.markUsed()
  }

  markUsed(): void {
    if (!this.canKeep && !this.isUsed && !this.#presented.hasCookie) this.settings.emit(INSECURE)
    this.isUsed = true
  }

  async read(): Promise<Entries | undefined> {
    return this.#turns.take(() => this.#read())
  }

  async write(patch: Patch): Promise<Applied | Refusal> {
    return this.#change(async (token) => {
      if (token === undefined) return this.#create(patch)
      if (this.#newSecret === undefined) return this.#put(token, patch)
      // A regenerate waits for this write; or it failed, and nobody knows which token counts.
      const renewed = await this.#renew(token, this.#newSecret, patch)
      return this.store.isAtomic ? this.#put(this.#token ?? token, patch) : renewed
    })
  }

  async regenerate(): Promise<void> {
    return this.#change(async (token) => {
      if (token === undefined) return
      const secret = (this.#newSecret ??= newRandomText())
      // Elsewhere it waits for the commit: KV takes one write a second for a key.
      if (this.store.isAtomic) await this.#renew(token, secret)
    })
  }

  /** Does what waits for the end of the request, or failed before. */
  async finish(): Promise<void> {
    const secret = this.#newSecret
    if (secret === undefined) return
    await this.#change(async (token) => token && this.#renew(token, secret))
  }

  async destroy(): Promise<void> {
    if (this.#standing === 'ended') this.#standing = 'destroyed'
    if (this.#standing === 'destroyed') return undefined
    return this.#change(async (token) => {
      if (token !== undefined) {
        await this.#ask('destroy', (moment) => this.store.destroy(token, moment))
        this.settings.emit({ type: 'destroyed', id: this.id })
      }
      this.#standing = 'destroyed'
      this.#newSecret = undefined
    })
  }

  /** The Set-Cookie value to send, or `undefined` where the browser's cookie is right as it is. */
  async cookie(): Promise<string | undefined> {
    const token = this.#token
    if (this.#standing === 'destroyed' || this.#standing === 'ended') {
      return clearedCookie(this.settings, this.#presented)
    }
    if (token === undefined || this.#standing === 'superseded') return undefined
    return refreshedCookie(this.settings, this.#setup, this.#presented, token, this.#used)
  }

  async #read(): Promise<Entries | undefined> {
    const token = this.#token
    if (this.#standing === 'ended' || this.#standing === 'destroyed') throw endedError()
    if (token === undefined || this.#standing === 'superseded') return undefined
    const reply = await this.#call('read', (moment) => this.store.read(token, moment))
    if (reply.ok) {
      this.#confirm(reply.usedAt)
      return reply.entries
    }
    if (this.#standing !== 'presented') throw this.#late(reply)
    this.#stepDown(token, reply)
    return undefined
  }

  async #create(patch: Patch): Promise<Applied | Refusal> {
    const unchanged = appliedToNothing(patch)
    if (unchanged !== undefined) return unchanged
    const now = this.settings.now()
    const token = { ...this.#minted(), createdAt: now, usedAt: now }
    const reply = await this.#ask('create', (moment) => this.store.create(token, moment, patch))
    if (reply.ok) {
      this.#token = token
      this.settings.emit({ type: 'created', id: this.id })
    }
    return reply
  }

  async #renew(token: Token, secret: string, patch?: Patch): Promise<Applied | Refusal> {
    const reply = await this.#ask('regenerate', (moment) =>
      this.store.regenerate(token, moment, secret, patch),
    )
    if (!reply.ok) return reply
    this.#newSecret = undefined
    this.#token = { ...token, secret, handle: reply.handle }
    this.settings.emit({ type: 'regenerated', id: this.id })
    return { ok: true, taken: [], counts: [] }
  }

  #put(token: Token, patch: Patch): Promise<Applied | Refusal> {
    return this.#ask('write', (moment) => this.store.write(token, moment, patch))
  }

  /** What a first write takes, and takes again if it has to be repeated; minting makes no call. */
  #minted(): Pick<Token, 'handle' | 'secret'> {
    return (this.#new ??= { handle: this.store.newHandle(), secret: newRandomText() })
  }

  #confirm(usedAt: number | undefined): void {
    this.#standing = 'live'
    const at = this.#calledAt
    // Where the store records no use, the token does, when it is sent again.
    const sentAt = this.store.recordsUse ? 0 : (this.#token?.usedAt ?? 0)
    this.#used = { at, recordedAt: usedAt ?? (at - sentAt < this.settings.touch ? sentAt : at) }
  }

  /** The token turned out to be no good before anything was done with it: the visitor is anonymous. */
  #stepDown(token: Token, reply: Gone): void {
    const { emit, absolute, now } = this.settings
    emit(goneEvent(reply.gone, token.createdAt + absolute <= now(), this.id))
    this.#token = undefined
    this.isNew = true
    this.#standing = isJustRotated(reply, this.#openedAt) ? 'superseded' : 'anonymous'
  }

  /** The refusal of a write that came too late, reported. */
  #late(reply?: Gone): SessionError {
    if (reply !== undefined)
      this.#standing = isJustRotated(reply, this.#openedAt) ? 'superseded' : 'ended'
    this.#newSecret = undefined
    const reason = this.#standing === 'superseded' ? 'rotated' : 'ended'
    this.settings.emit({ type: 'late-write', reason, id: this.id })
    return endedError()
  }

  /** Has a change made in its turn, with the token then in force, if there is one. Throws when the session is over. */
  #change<T>(change: (token: Token | undefined) => Promise<T>): Promise<T> {
    return this.#turns.take(async () => {
      const staleAt = (this.#token?.usedAt ?? Infinity) + this.settings.idle
      // Who simply comes back too late is to be a new visitor, and not a late writer.
      if (staleAt <= this.settings.now() && this.#standing === 'presented') await this.#read()
      if (this.#standing === 'destroyed') throw endedError()
      if (this.isOver) throw this.#late()
      return change(this.#token)
    })
  }

  /** Asks the store for a change. Throws when there is no session for it any more. */
  async #ask<Reply extends { readonly ok: boolean; readonly usedAt?: number }>(
    name: StoreMethod,
    call: (moment: Moment) => Promise<Reply | Gone>,
  ): Promise<Reply> {
    const reply = await this.#call(name, call)
    if (isGone(reply)) throw this.#late(reply)
    this.#confirm(reply.usedAt)
    return reply
  }

  async #call<T>(name: StoreMethod, call: (moment: Moment) => Promise<T>): Promise<T> {
    const { now, idle, absolute, touch } = this.settings
    this.#calledAt = now()
    try {
      return await call({ now: this.#calledAt, idle, absolute, touch })
    } catch (cause) {
      this.settings.emit({ type: 'store-failed', call: name, id: this.id })
      throw storeError(this.store.name, name, cause)
    }
  }
}
