import { newSecret, type Token } from '../codec/token.ts'
import type { SessionError } from '../errors.ts'
import { isGone } from '../record/meta.ts'
import type { Await, Credential, Gone, SessionStore, Status, WriteReply } from '../record/store.ts'
import type { Applied, Entries, Patch, Refusal } from '../session/patch.ts'
import { appliedToNothing } from '../session/patch.ts'
import { goneEvent, type SessionEvent } from './event.ts'
import type { SessionTrace } from './feature.ts'
import { hasEndedSince, isOverlapping, timeoutsOf } from './open.ts'
import type { Settings } from './options.ts'
import type { Entered } from './origin.ts'
import { type Arrival, endedError, isJustRotated, type SessionState, unseenError } from './state.ts'
import { isStoreFailure, type Run, StoreClient } from './store-client.ts'

/** A request's session as the store knows it: its state, and how the store's answers change it. */
export abstract class StoredSession {
  readonly settings: Settings
  readonly store: SessionStore
  abstract readonly isUse: boolean
  arrival: Arrival
  state: SessionState
  /** True if the visitor came without a session, as far as this request knows. */
  isNew: boolean
  /** The handlers that are running, the innermost last. */
  readonly entered: Entered[] = []
  /** The reason that the request continues as anonymous. */
  failure: SessionError | undefined
  /** The state for a token whose cookie must stay, although it has no session now. */
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

  /** The token of the session that the request uses, or `undefined` if there is none. */
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

  /**
   * True if this isolate has ended the session since the request arrived, and the store may still return it for a
   * while: a location of Workers KV, which then must not write it back.
   */
  get isRevoked(): boolean {
    const { store, token, arrival } = this
    return !store.can.atomic && token !== undefined && hasEndedSince(arrival, this.id)
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

  /** Starts over after this request destroyed the session. */
  restart(): void {
    if (this.state.is !== 'destroyed') return
    this.startOver()
    this.state = { is: 'none', hasEnded: true }
    // They belong to the ended session.
    for (const each of this.entered) each.savepoint = undefined
  }

  /** Notes that the token was not valid before the session was used: the visitor is anonymous. */
  refuse(token: Token, reply: Gone): void {
    const { absolute } = timeoutsOf(this)
    this.report(goneEvent(reply.gone, token.createdAt + absolute <= this.settings.now(), this.id))
    this.isNew = true
    if (reply.gone === 'unseen') this.#staying ??= { is: 'unseen', token }
    if (isJustRotated(reply, this.arrival.at)) this.#staying ??= { is: 'superseded', token }
    this.state = this.#staying ?? { is: 'none' }
  }

  /** Notes and reports that a write came too late. Returns the error to throw. */
  lose(reply?: Gone): SessionError {
    if (reply !== undefined) {
      // This request saw the session alive, so the rotation is recent, whatever the clocks say.
      const is = reply.gone === 'rotated' ? 'superseded' : 'ended'
      this.state = { is, token: this.state.token }
    }
    if (this.state.is === 'unseen') return unseenError(this.store.name)
    const reason = this.state.is === 'superseded' ? 'rotated' : 'ended'
    this.report({ type: 'late-write', reason, id: this.id })
    return endedError()
  }

  /**
   * Leaves a session that a change found to be over. Returns true if the browser has another token to try. Throws if
   * the change is late: the session ended while this request ran, or after this request had read it.
   */
  async leave(token: Token, reply: Gone): Promise<boolean> {
    if (this.state.is !== 'presented') throw this.lose(reply)
    const isLate = isOverlapping(reply, this.id, this.arrival)
    if (!isLate || this.arrival.next !== undefined) this.refuse(token, reply)
    if (await this.hasNext()) return true
    if (isLate || this.isGone) throw this.lose(isLate ? reply : undefined)
    return false
  }

  /** Presents the browser's next token. Returns false if there is none, and the state stays the same. */
  async hasNext(): Promise<boolean> {
    const arrival = await this.arrival.next?.()
    if (arrival?.token === undefined) return false
    this.arrival = arrival
    this.state = { is: 'presented', token: arrival.token }
    this.isNew = false
    return true
  }

  /** With `onStoreFailure: 'anonymous'`, continues without a session after a failed read; otherwise rethrows. */
  goWithout(error: unknown): void {
    if (this.settings.onStoreFailure !== 'anonymous' || !isStoreFailure(error)) throw error
    this.failure = error
    this.state = { is: 'unavailable', token: this.state.token }
  }

  /** The number of wrappers around the handler at the moment. */
  depth = 0
  /** True if only this request knows the token: it created the session, or rotated its token. */
  isIssued = false
  protected trace: SessionTrace | undefined
  #client: StoreClient | undefined

  /** The work that the store has deferred until after the response. */
  get deferred(): (() => Promise<void>) | undefined {
    return this.#client?.deferred
  }

  call<T>(store: string, method: string, run: Run<T>, isFresh = false, wait = 0): Await<T> {
    const traced = this.trace?.call(store, method, run) ?? run
    this.#client ??= new StoreClient(this.settings, this)
    return this.#client.call(store, method, traced, isFresh, wait)
  }

  /** Stops the timer once the response is made. */
  close(): void {
    this.trace?.end()
    this.#client?.close()
  }

  /** Returns the entries. If the session was over before this request used it, the visitor becomes anonymous. */
  async readNow(isFresh: boolean): Promise<Entries | undefined> {
    const { state, store, token, isUnasked: wasUnasked } = this
    if (state.is === 'ended' || state.is === 'destroyed') throw endedError()
    if (token === undefined) return undefined
    try {
      const mustAsk = isFresh || !wasUnasked
      const reply = await this.call(store.name, 'read', (at) => store.read(token, at), mustAsk)
      if (reply.ok) {
        this.confirm(token, reply)
        return reply.entries
      }
      if (!wasUnasked) throw this.lose(reply)
      this.refuse(token, reply)
      if (await this.hasNext()) return await this.readNow(isFresh)
    } catch (error) {
      if (!wasUnasked) throw error
      this.goWithout(error)
    }
    return undefined
  }

  /** Applies a patch. Creates the session if there is none, or if it was over before this request arrived. */
  async writeNow(patch: Patch): Promise<Applied | Refusal> {
    const { store, token } = this
    if (token === undefined) return this.createNow(patch)
    const reply = await this.call(store.name, 'write', (at) => store.write(token, at, patch))
    if (isGone(reply)) {
      return (await this.leave(token, reply)) ? this.writeNow(patch) : this.createNow(patch)
    }
    this.confirm(token, reply)
    return reply
  }

  /** Creates the session, if the patch stores anything. */
  async createNow(patch: Patch): Promise<Applied | Refusal> {
    const unchanged = appliedToNothing(patch)
    if (unchanged !== undefined) return unchanged
    const reply = await this.createAs(this.minted(), patch)
    if (isGone(reply)) throw this.lose(reply)
    return reply
  }

  /** Creates the session under this credential, or joins it. */
  async createAs(credential: Credential, patch: Patch): Promise<WriteReply> {
    const { store } = this
    const at = patch.signIn?.at ?? this.settings.now()
    const token = { ...credential, createdAt: at, usedAt: at }
    const reply = await this.call(store.name, 'create', (context) =>
      store.create(token, context, patch),
    )
    if (!reply.ok) return reply
    const { createdAt } = reply
    this.confirm({ ...token, createdAt: createdAt ?? at }, reply)
    if (createdAt === undefined) this.report({ type: 'created', id: this.id })
    this.isIssued = patch.onceUntil === undefined
    return reply
  }

  /** Records the status that the store returned for the session. */
  confirm(token: Token, status: Status): void {
    const { store, settings } = this
    const askedAt = this.#client?.calledAt ?? 0
    // If the store records no uses, the token records them when it is sent again.
    const sentAt = store.can.recordUse ? 0 : token.usedAt
    const isUse = askedAt - sentAt >= settings.context.touch && this.isUse
    const usedAt = status.usedAt ?? (isUse ? askedAt : sentAt)
    this.state = { is: 'live', token, status, askedAt, usedAt }
  }
}
