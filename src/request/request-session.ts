import type { Keyring } from '../codec/keyring.ts'
import { familyOf, newSecret, type Token } from '../codec/token.ts'
import type { Credential, Status, WriteReply } from '../record/store.ts'
import { newPatch } from '../session/changes.ts'
import type { DataCodec } from '../session/codec.ts'
import { Dictionary } from '../session/dictionary.ts'
import type { Applied, Entries, Patch, Refusal } from '../session/patch.ts'
import type { SessionPort } from '../session/port.ts'
import type { Session } from '../session/session.ts'
import type { FeatureSession, PendingToken, TokenChange } from './feature.ts'
import { obstacleOf } from './open.ts'
import type { Settings } from './options.ts'
import type { RequestLike } from './request-like.ts'
import type { RequestContext, Setup } from './setup.ts'
import { type Arrival, endedError } from './state.ts'
import { StoredSession } from './stored-session.ts'

/** The parts that a `RequestSession` is made from. */
export interface Origin {
  readonly settings: Settings
  readonly setup: Setup
  readonly request: RequestLike
  readonly env: unknown
  readonly ctx: RequestContext
}

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
  readonly ctx: RequestContext
  pending: PendingToken | undefined
  readonly headers: FeatureSession['headers'] = []
  /** The pending check of the credentials by the features; `undefined` once it is done. */
  #arriving: (() => Promise<void>) | undefined
  #canKeep: boolean | undefined
  /** The last call in the queue. The next one waits for it, since it may change the token. */
  #last: Promise<unknown> | undefined

  constructor({ settings, setup, request, env, ctx }: Origin, arrival: Arrival) {
    super(settings, setup.store, arrival)
    this.request = request
    this.env = env
    this.ctx = ctx
    this.keyring = setup.keyring
    this.session = new settings.Session(this.dictionary)
    if (this.isNew && settings.hooks.arrive.length > 0) this.#arriving = arrivalIn(this)
    this.hasCredentials = !this.isNew || this.isArriving
  }

  get codec(): DataCodec {
    return this.settings.codec
  }

  get canKeep(): boolean {
    return (this.#canKeep ??= obstacleOf(this.settings, this.request) === undefined)
  }

  get isArriving(): boolean {
    return this.#arriving !== undefined
  }

  get signIn(): FeatureSession['signIn'] {
    return this.settings.hooks.signIn
  }

  /** The subject of a CSRF token: this session, until the next `regenerate()`. */
  get csrfSubject(): string {
    const { secret } = (this.token && (this.pending ?? this.token)) ?? this.minted()
    return `csrf ${this.settings.cookie.name} ${this.id} ${familyOf(secret)}`
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
      const arriving = this.#arrive()?.catch((error: unknown) => this.goWithout(error))
      return arriving === undefined
        ? this.readNow(isFresh)
        : arriving.then(() => this.readNow(isFresh))
    })
  }

  /** Lets the features check the credentials of the visitor, so that the session is known. */
  async arrive(): Promise<void> {
    if (!this.isArriving) return
    await this.#inTurn(async () => this.#arrive()?.catch((error: unknown) => this.goWithout(error)))
  }

  #arrive(): Promise<void> | undefined {
    return this.#arriving?.().then(() => (this.#arriving = undefined))
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
      // Otherwise the change waits for the commit: KV allows one write per second for a key.
      if (this.store.can.atomic) await this.settle(this.pending)
    })
  }

  async settle(pending: PendingToken, changes?: Patch): Promise<Applied | Refusal> {
    const { token } = this
    const patch = { ...pending.patch, ...changes }
    try {
      const reply = await (token === undefined
        ? this.createNow(patch)
        : this.replaceNow(token, pending.secret, patch))
      if (!reply.ok) return reply
      this.pending = undefined
      await this.#tell({ is: 'issued', pending, formerHandle: token?.handle })
      return reply
    } finally {
      if (this.isOver) this.pending = undefined
    }
  }

  async destroy(): Promise<void> {
    if (this.state.is === 'ended') this.state = { ...this.state, is: 'destroyed' }
    if (this.state.is !== 'destroyed') await this.change(() => this.endNow())
  }

  async endNow(): Promise<void> {
    const { id, pending } = this
    const reply = await this.destroyNow()
    this.pending = undefined
    await this.#tell({ is: 'ended', id, account: reply?.account ?? pending?.patch.signIn })
  }

  async adopt(credential: Credential, pending: PendingToken): Promise<WriteReply> {
    const reply = await this.createAs(credential, pending.patch)
    if (!reply.ok) return reply
    const isJoined = reply.createdAt !== undefined
    if (!isJoined) this.report({ type: 'adopted', id: this.id })
    await this.#tell({ is: 'issued', pending, isJoined })
    return reply
  }

  override confirm(token: Token, status: Status): void {
    super.confirm(token, status)
    for (const { confirmed } of this.settings.hooks.confirmed) confirmed(this, status.account)
  }

  /** Does the work left for the end of the request, including failed work. Returns `undefined` if there is none. */
  finish(): Promise<void> | undefined {
    const { pending, deferred } = this
    let work: Promise<unknown> | undefined
    if (pending !== undefined && !this.isOver) {
      work = this.change(() => this.settle(pending))
    }
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

  change<T>(make: () => Promise<T>): Promise<T> {
    return this.#inTurn(() => {
      const arriving = this.#arrive()
      const isStale = this.#isStale()
      if (arriving === undefined && !isStale) return this.#checked(make)
      return Promise.resolve(arriving)
        .then(() => (isStale ? this.readNow(true) : undefined))
        .then(() => this.#checked(make))
    })
  }

  /**
   * True if the session may have expired before this request used it. Then the visitor is new, and the write is not
   * late.
   */
  #isStale(): boolean {
    const { state, settings } = this
    const usedAt = state.token?.usedAt ?? Infinity
    return usedAt + settings.context.idle <= settings.now() && this.isUnasked
  }

  /** Makes a change, unless the session is known to be over or unavailable. */
  #checked<T>(make: () => Promise<T>): Promise<T> {
    if (this.failure !== undefined) return Promise.reject(this.failure)
    if (this.state.is === 'destroyed') return Promise.reject(endedError())
    return this.isOver ? Promise.reject(this.lose()) : make()
  }

  /** Runs the calls one after the other, in order. A failure does not stop the next one. */
  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const result = this.#last === undefined ? run() : this.#last.then(run, run)
    this.#last = result
    return result
  }

  async #tell(change: TokenChange): Promise<void> {
    for (const { changed } of this.settings.hooks.changed) {
      // The features run one after the other, because their order is guaranteed.
      // oxlint-disable-next-line no-await-in-loop
      await changed(this, change)
    }
  }
}

/** Returns the work of the features before the first call of the store; `undefined` if there is none. */
function arrivalIn(session: RequestSession): (() => Promise<void>) | undefined {
  if (!session.canKeep) return undefined
  const { arrive } = session.settings.hooks
  const works = arrive.flatMap((feature) => feature.arrive(session) ?? [])
  if (works.length === 0) return undefined
  return async () => {
    for (const work of works) {
      // The first feature usually finds the session.
      // oxlint-disable-next-line no-await-in-loop
      await work()
    }
  }
}
