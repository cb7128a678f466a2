import type { Keyring } from '../codec/keyring.ts'
import { newSecret, type Token } from '../codec/token.ts'
import { ENDED } from '../record/meta.ts'
import type { Credential, Status, WriteReply } from '../record/store.ts'
import { newPatch } from '../session/changes.ts'
import type { DataCodec } from '../session/codec.ts'
import { Dictionary } from '../session/dictionary.ts'
import type { Applied, Entries, Patch, Refusal } from '../session/patch.ts'
import type { SessionPort } from '../session/port.ts'
import type { Session } from '../session/session.ts'
import { arrivalIn } from './arriving.ts'
import type { FeatureSession, PendingToken } from './feature.ts'
import { obstacleOf, purposeOf } from './open.ts'
import type { Origin } from './origin.ts'
import type { Purpose, RequestLike } from './request-like.ts'
import type { RequestContext } from './setup.ts'
import { type Arrival, endedError } from './state.ts'
import { StoredSession } from './stored-session.ts'
import { timesOf } from './times.ts'
import {
  adoptSession,
  awaitsAnother,
  destroySessions,
  dropPending,
  endSession,
  settlePending,
} from './token-changes.ts'

/** The session of one request. Calls of the handler and the features run one after the other. */
export class RequestSession extends StoredSession implements SessionPort, FeatureSession {
  readonly request: RequestLike
  readonly env: unknown
  readonly keyring: Keyring
  readonly dictionary: Dictionary = new Dictionary(this)
  readonly session: Session
  /** True if the visitor sent a token of ours, or another credential that may lead to a session. */
  readonly hasCredentials: boolean
  /** True if the handler has used the session. */
  isUsed = false
  /** True if a framework opened the session, and will commit it. */
  isHeld = false
  hasErrorPages = false
  readonly ctx: RequestContext
  pending: PendingToken | undefined
  readonly headers: FeatureSession['headers'] = []
  /** The pending check of the credentials by the features, or `undefined` once it is done. */
  #arriving: (() => Promise<void>) | undefined
  #canKeep: boolean | undefined
  #purpose: Purpose | undefined
  #isPoll = false
  /** The last call in the queue. The next one waits for it, since it may change the token. */
  #last: Promise<unknown> | undefined

  constructor({ settings, setup, request, env, ctx }: Origin, arrival: Arrival) {
    super(settings, setup.store, arrival)
    this.request = request
    this.env = env
    this.ctx = ctx
    this.keyring = setup.keyring
    this.session = new settings.Session(this.dictionary)
    if (this.isNew && settings.hooks.arrive.length > 0)
      this.#arriving = arrivalIn(this, settings.hooks)
    this.trace = settings.hooks.trace?.(this)
    this.hasCredentials = !this.isNew || this.isArriving
  }

  get codec(): DataCodec {
    return this.settings.codec
  }

  get canKeep(): boolean {
    return (this.#canKeep ??= obstacleOf(this.settings, this.request) === undefined)
  }

  get purpose(): Purpose {
    return (this.#purpose ??= purposeOf(this.request))
  }

  /** True if the request counts as use of the session, which extends its idle timeout. */
  get isUse(): boolean {
    return !this.#isPoll && this.purpose === 'view'
  }

  poll(): void {
    // An earlier call may have recorded the use.
    if (this.#last === undefined) this.#isPoll = true
  }

  get isArriving(): boolean {
    // After a failed read, the rest of the request is anonymous.
    return this.#arriving !== undefined && this.failure === undefined
  }

  /** True if no operation was called that asks the store about a session that can be kept. */
  get isUntouched(): boolean {
    return this.#last === undefined && this.canKeep
  }

  get signIn(): FeatureSession['signIn'] {
    return this.settings.hooks.signIn
  }

  get times(): SessionPort['times'] {
    return timesOf(this)
  }

  use(): void {
    if (this.state.is === 'destroyed') throw endedError()
    this.markUsed()
  }

  markUsed(): void {
    if (this.isUsed) return
    this.isUsed = true
    const obstacle = this.arrival.hasCookie ? undefined : obstacleOf(this.settings, this.request)
    if (obstacle !== undefined) this.report(obstacle)
  }

  read(isFresh: boolean): Promise<Entries | undefined> {
    return this.#inTurn(() => {
      const { pending } = this
      const before: Promise<unknown> | undefined =
        pending !== undefined && this.store.can.atomic
          ? this.settle(pending)
          : this.#arrive()?.catch((error: unknown) => this.goWithout(error))
      return before === undefined ? this.readNow(isFresh) : before.then(() => this.readNow(isFresh))
    })
  }

  /** Lets the features check the visitor's credentials, so that the session is known. */
  async arrive(): Promise<void> {
    if (!this.isArriving) return
    await this.#inTurn(async () => this.#arrive()?.catch((error: unknown) => this.goWithout(error)))
  }

  #arrive(): Promise<void> | undefined {
    return this.isArriving ? this.#arriving?.().then(() => (this.#arriving = undefined)) : undefined
  }

  write(patch: Patch): Promise<Applied | Refusal> {
    return this.change(() => {
      const { pending } = this
      if (pending === undefined) return this.writeNow(patch)
      return this.store.can.atomic
        ? this.settle(pending).then(() => this.writeNow(patch))
        : this.settle(pending, patch)
    })
  }

  regenerate(): Promise<void> {
    return this.change(async () => {
      if (this.token === undefined) return
      this.pending ??= { secret: newSecret(), patch: newPatch({}) }
      // Otherwise the change waits for the commit: KV allows one write a second for a key.
      if (this.store.can.atomic) await this.settle(this.pending)
    })
  }

  settle(pending: PendingToken, changes?: Patch): Promise<Applied | Refusal> {
    return settlePending(this, pending, changes)
  }

  drop(): Promise<void> {
    return dropPending(this)
  }

  adopt(credential: Credential, pending: PendingToken): Promise<WriteReply> {
    return adoptSession(this, credential, pending)
  }

  destroyNow(): Promise<unknown> {
    return destroySessions(this)
  }

  override startOver(): void {
    super.startOver()
    // Recorded changes stay, because the handler made them.
    this.dictionary.empty()
  }

  async destroy(): Promise<void> {
    const { is } = this.state
    if (is === 'ended' || this.isRevoked) {
      // A token that waits for the commit no longer has a session.
      await this.drop()
      this.state = { is: 'destroyed', token: this.state.token }
    } else if (is !== 'destroyed') await this.change(() => endSession(this), is === 'unseen')
  }

  override confirm(token: Token, status: Status): void {
    super.confirm(token, status)
    for (const { confirmed } of this.settings.hooks.confirmed) confirmed(this, status)
  }

  /** Writes the recorded changes, then finishes the session. Returns `undefined` if there is nothing to do. */
  complete(): Promise<unknown> | undefined {
    const writing = this.dictionary.finish()
    return writing === undefined ? this.finish() : writing.then(() => this.finish())
  }

  /** Does the work left for the end of the request, including failed work. Returns `undefined` if there is none. */
  finish(): Promise<void> | undefined {
    const { pending, deferred } = this
    const isWaiting = pending !== undefined && !this.isOver
    let work = isWaiting ? this.change<unknown>(() => this.settle(pending)) : undefined
    for (const { finish } of this.settings.hooks.finish) {
      work = work === undefined ? finish(this) : work.then(() => finish(this))
    }
    if (work !== undefined) return work.then(() => this.#share())
    return deferred && this.#share()
  }

  /** Runs the deferred work of the store: after the response, if `waitUntil` is available. */
  async #share(): Promise<void> {
    const sharing = this.deferred?.()
    if (sharing === undefined || typeof this.ctx?.waitUntil !== 'function') await sharing
    else this.ctx.waitUntil(sharing)
  }

  change<T>(make: () => Promise<T>, mayStartOver = false): Promise<T> {
    return this.#inTurn(() => {
      const arriving = this.#arrive()
      return arriving === undefined
        ? this.#checked(make, mayStartOver)
        : arriving.then(() => this.#checked(make, mayStartOver))
    })
  }

  /** Makes a change, unless the session is known to be over or unavailable. */
  #checked<T>(make: () => Promise<T>, mayStartOver: boolean): Promise<T> {
    const { is } = this.state
    if (this.failure !== undefined) return Promise.reject(this.failure)
    if (is === 'destroyed') return Promise.reject(endedError())
    if (mayStartOver) return make()
    if (this.isRevoked) {
      if (!awaitsAnother(this)) return Promise.reject(this.lose(ENDED))
      this.startOver()
    }
    return this.isGone ? Promise.reject(this.lose()) : make()
  }

  /** Runs the calls one after the other, in order. A failure does not stop the next one. */
  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const result = this.#last === undefined ? run() : this.#last.then(run, run)
    this.#last = result
    return result
  }
}
