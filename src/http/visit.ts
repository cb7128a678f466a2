import { newRandomText } from '../codec/random.ts'
import type { Token } from '../codec/token.ts'
import type { SessionError } from '../errors.ts'
import type { Applied, Entries, Patch, Refusal } from '../session/patch.ts'
import type { SessionPort } from '../session/port.ts'
import type { Serializer } from '../session/value.ts'
import { WorkingCopy } from '../session/working-copy.ts'
import type { Gone, Moment, SessionStore } from '../store/store.ts'
import { goneEvent } from './event.ts'
import type { Settings } from './options.ts'
import { clearedCookie, type Presented, refreshedCookie, type Use } from './set-cookie.ts'
import type { Setup } from './setup.ts'
import { endedError, isGone, momentOf, storeError, type StoreMethod } from './store-call.ts'

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

/**
 * A request that comes with the old token later than this after a regenerate was not on its way at the time: its browser
 * never got the new one, and may start afresh. As long as the requests of one page take.
 */
const ROTATION_WINDOW_MS = 60_000

/** One request's dealings with its session: the token it came with, the store's answers, the cookie to send. */
export class Visit implements SessionPort {
  readonly store: SessionStore
  readonly canKeep: boolean
  readonly serializer: Serializer | undefined
  readonly copy: WorkingCopy = new WorkingCopy(this)
  /** Whether the handler has used the session. */
  isUsed = false
  /** How many wrappers are around the handler at the moment. */
  depth = 0
  readonly #settings: Settings<never>
  readonly #setup: Setup
  readonly #presented: Presented
  readonly #openedAt: number
  #standing: Standing
  #token: Token | undefined
  /** The handle, secret and time that a first write takes, and takes again if it has to be repeated. */
  #new: Token | undefined
  #newHandle: string | undefined
  #newSecret: string | undefined
  #use: Use = { at: 0, recordedAt: 0 }
  /** The store calls that change something go one after the other, as the handler made them. */
  #lastChange: Promise<unknown> | undefined

  constructor(settings: Settings<never>, setup: Setup, presented: Presented, openedAt: number) {
    this.store = setup.store
    this.canKeep = presented.canKeep
    this.serializer = settings.serializer
    this.#settings = settings
    this.#setup = setup
    this.#presented = presented
    this.#openedAt = openedAt
    this.#token = presented.token
    this.#standing = presented.token === undefined ? 'anonymous' : 'presented'
  }

  /** Whether a late write was refused, or would be. */
  get isOver(): boolean {
    return this.#standing === 'ended' || this.#standing === 'superseded'
  }

  get id(): string {
    return this.store.idOf(this.#token?.handle ?? this.#mintedHandle())
  }

  get isNew(): boolean {
    return this.#token === undefined || this.#new !== undefined
  }

  get createdAt(): Date | undefined {
    return this.#token && new Date(this.#token.createdAt)
  }

  get expiresAt(): Date | undefined {
    if (this.#token === undefined) return undefined
    const { idle, absolute } = this.#settings
    const usedAt = Math.max(this.#use.recordedAt, this.#token.usedAt)
    return new Date(Math.min(usedAt + idle, this.#token.createdAt + absolute))
  }

  use(): void {
    if (this.#standing === 'destroyed') throw endedError()
    if (!this.canKeep && !this.isUsed && !this.#presented.hasCookie) this.reportInsecure()
    this.isUsed = true
  }

  reportInsecure(): void {
    this.#settings.emit({ type: 'refused', reason: 'insecure' })
  }

  reportCorrupt(): void {
    this.#settings.emit({ type: 'corrupt', id: this.id })
  }

  async read(): Promise<Entries | undefined> {
    // A first write that nobody awaited makes the session that is to be read.
    await this.#lastChange
    return this.#read()
  }

  async write(patch: Patch): Promise<Applied | Refusal> {
    return this.#inTurn(async (token) => {
      if (token === undefined) return this.#create(patch)
      return this.#ask('write', (moment) => this.store.write(token, moment, patch))
    })
  }

  async regenerate(): Promise<void> {
    return this.#inTurn(async (token) => {
      if (token === undefined) return
      this.#newSecret ??= newRandomText()
      const secret = this.#newSecret
      const { handle } = await this.#ask('regenerate', (moment) =>
        this.store.regenerate(token, moment, secret),
      )
      this.#newSecret = undefined
      this.#token = { ...token, secret, handle }
      this.#settings.emit({ type: 'regenerated', id: this.id })
    })
  }

  async destroy(): Promise<void> {
    if (this.#standing === 'ended') this.#standing = 'destroyed'
    if (this.#standing === 'destroyed') return undefined
    return this.#inTurn(async (token) => {
      if (token !== undefined) {
        await this.#ask('destroy', (moment) => this.store.destroy(token, moment))
        this.#settings.emit({ type: 'destroyed', id: this.id })
      }
      this.#standing = 'destroyed'
    })
  }

  /** The Set-Cookie value to send, or `undefined` where the browser's cookie is right as it is. */
  async cookie(): Promise<string | undefined> {
    const token = this.#token
    if (this.#standing === 'destroyed' || this.#standing === 'ended') {
      return clearedCookie(this.#settings, this.#presented)
    }
    if (token === undefined || this.#standing === 'superseded') return undefined
    return refreshedCookie(this.#settings, this.#setup, this.#presented, token, this.#use)
  }

  async #read(): Promise<Entries | undefined> {
    const token = this.#token
    if (this.#standing === 'ended' || this.#standing === 'destroyed') throw endedError()
    if (token === undefined || this.#standing === 'superseded') return undefined
    const moment = momentOf(this.#settings)
    const reply = await this.#call('read', () => this.store.read(token, moment))
    if (reply.ok) {
      this.#confirm(moment, reply.usedAt)
      return reply.entries
    }
    if (this.#standing !== 'presented') throw this.#lateWrite(reply)
    this.#stepDown(token, reply)
    return undefined
  }

  async #create(patch: Patch): Promise<Applied | Refusal> {
    const keepsNothing = (patch.set ?? []).length + (patch.increment ?? []).length === 0
    if (keepsNothing) return { ok: true, taken: (patch.take ?? []).map(() => null), counts: [] }
    const now = this.#settings.now()
    const handle = this.#mintedHandle()
    const token = (this.#new ??= { handle, secret: newRandomText(), createdAt: now, usedAt: now })
    const reply = await this.#ask('create', (moment) => this.store.create(token, moment, patch))
    if (reply.ok) {
      this.#token = token
      this.#settings.emit({ type: 'created', id: this.id })
    }
    return reply
  }

  #mintedHandle(): string {
    this.#newHandle ??= this.store.newHandle()
    return this.#newHandle
  }

  #confirm({ now }: Moment, recordedAt = now): void {
    this.#standing = 'live'
    this.#use = { at: now, recordedAt }
  }

  /** The token turned out to be no good before anything was done with it: the visitor is anonymous. */
  #stepDown(token: Token, reply: Gone): void {
    const { emit, absolute, now } = this.#settings
    emit(goneEvent(reply.gone, token.createdAt + absolute <= now(), this.id))
    this.#token = undefined
    this.#standing = this.#isJustRotated(reply) ? 'superseded' : 'anonymous'
  }

  /** The refusal of a write that came too late, reported. */
  #lateWrite(reply?: Gone): SessionError {
    if (reply !== undefined) this.#standing = this.#isJustRotated(reply) ? 'superseded' : 'ended'
    const reason = this.#standing === 'superseded' ? 'rotated' : 'ended'
    this.#settings.emit({ type: 'late-write', reason, id: this.id })
    return endedError()
  }

  #isJustRotated(reply: Gone): boolean {
    return reply.gone === 'rotated' && reply.at > this.#openedAt - ROTATION_WINDOW_MS
  }

  /** Runs what changes the session after what was to change it before, with the token then in force, if there is one. */
  #inTurn<T>(change: (token: Token | undefined) => Promise<T>): Promise<T> {
    const result = this.#begin(this.#lastChange, change)
    this.#lastChange = result.catch(() => undefined)
    return result
  }

  async #begin<T>(
    before: Promise<unknown> | undefined,
    change: (token: Token | undefined) => Promise<T>,
  ): Promise<T> {
    if (before !== undefined) await before
    const isStale = (this.#token?.usedAt ?? Infinity) + this.#settings.idle <= this.#settings.now()
    // Who simply comes back too late is to be a new visitor, and not a late writer.
    if (isStale && this.#standing === 'presented') await this.#read()
    if (this.#standing === 'destroyed') throw endedError()
    if (this.isOver) throw this.#lateWrite()
    return change(this.#token)
  }

  /** Asks the store for a change. Throws when there is no session for it any more. */
  async #ask<Reply extends { readonly ok: boolean; readonly usedAt?: number }>(
    name: StoreMethod,
    call: (moment: Moment) => Promise<Reply | Gone>,
  ): Promise<Reply> {
    const moment = momentOf(this.#settings)
    const reply = await this.#call(name, () => call(moment))
    if (isGone(reply)) throw this.#lateWrite(reply)
    this.#confirm(moment, reply.usedAt)
    return reply
  }

  async #call<T>(name: StoreMethod, call: () => Promise<T>): Promise<T> {
    try {
      return await call()
    } catch (cause) {
      this.#settings.emit({ type: 'store-failed', call: name, id: this.id })
      throw storeError(this.store.name, name, cause)
    }
  }
}
