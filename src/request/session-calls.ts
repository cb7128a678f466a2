import type { Token } from '../codec/token.ts'
import type { SessionError } from '../errors.ts'
import type { DestroyReply, Gone, Moment, Seen, WriteReply } from '../record/store.ts'
import type { Applied, Entries, Patch, Refusal } from '../session/patch.ts'
import type { Copy, ReadCache } from '../store/cached/copies.ts'
import type { KnownSession } from './known-session.ts'
import type { Settings } from './options.ts'
import { isStoreFailure, StoreCaller, type StoreMethod } from './store-caller.ts'
import { appliedToNothing, endedError, isGone } from './store-reply.ts'

type Existing = Extract<DestroyReply, { ok: true }>

/** What one request asks of the store for its session. What each answer tells is taken into account. */
export class SessionCalls {
  readonly #settings: Settings<never>
  readonly #session: KnownSession
  readonly caller: StoreCaller
  /** Why the request goes on as an anonymous one. */
  #failure: SessionError | undefined
  /** What the shared copies have to learn. */
  #toShare: 'copy' | 'deletion' | undefined

  constructor(settings: Settings<never>, session: KnownSession) {
    this.#settings = settings
    this.#session = session
    this.caller = new StoreCaller(settings, session)
  }

  /** The session's entries: of a copy, if there is one that may answer and nothing fresher is asked for. */
  async read(isFresh: boolean): Promise<Entries | undefined> {
    const session = this.#session
    const { token, standing, cache } = session
    if (standing === 'ended' || standing === 'destroyed') throw endedError()
    if (token === undefined) return undefined
    if (cache !== undefined && !isFresh && session.isUnasked) {
      const copy = await this.#copyIn(cache, token)
      if (copy !== undefined) return copy.entries
    }
    return this.#readStore(token)
  }

  async #copyIn(cache: ReadCache, token: Token): Promise<Copy | undefined> {
    const { now, touch } = this.#settings
    const moment = { now: now(), touch }
    const { maxAge, shared } = cache
    let copy = cache.find(token, moment)
    if (copy === undefined && shared !== undefined) {
      copy = await shared.find(token, { ...moment, maxAge })
      if (copy !== undefined) cache.keep(token, copy.at, copy)
    }
    if (copy !== undefined) this.#session.confirm(copy, moment.now, true)
    return copy
  }

  async #readStore(token: Token): Promise<Entries | undefined> {
    const session = this.#session
    const wasUnasked = session.isUnasked
    try {
      const reply = await this.call('read', (moment) => session.store.read(token, moment))
      if (reply.ok) {
        this.confirm(reply)
        session.cache?.keep(token, this.caller.calledAt, reply)
        return reply.entries
      }
      this.#dropCopies(token, reply)
      if (!wasUnasked) throw session.late(reply)
      session.stepDown(token, reply)
    } catch (error) {
      if (!wasUnasked) throw error
      this.goWithout(error)
    }
    return undefined
  }

  /** Has the request go on as an anonymous one where the store has failed to read and the application wants that. */
  goWithout(error: unknown): void {
    const goesOn = this.#settings.onStoreFailure === 'anonymous'
    if (!goesOn || !isStoreFailure(error)) throw error
    this.#failure = error
    this.#session.doWithout()
  }

  /** Makes sure that the session may be changed, as far as that is known. Throws when it is over, or can't be reached. */
  async beforeChange(): Promise<void> {
    const session = this.#session
    const staleAt = (session.token?.usedAt ?? Infinity) + this.#settings.idle
    // Who simply comes back too late is to be a new visitor, and not a late writer.
    const isStale = staleAt <= this.#settings.now() && session.isUnasked
    if (isStale) await this.read(true)
    if (this.#failure !== undefined) throw this.#failure
    if (session.standing === 'destroyed') throw endedError()
    if (session.isOver) throw session.late()
  }

  async create(patch: Patch): Promise<Applied | Refusal> {
    const unchanged = appliedToNothing(patch)
    if (unchanged !== undefined) return unchanged
    const session = this.#session
    const at = patch.signIn?.at ?? this.#settings.now()
    const token = { ...session.minted(), createdAt: at, usedAt: at }
    const reply = await this.#ask('create', (moment) => session.store.create(token, moment, patch))
    if (reply.ok) {
      session.token = token
      this.#changed(token, reply, patch, true)
      this.#settings.emit({ type: 'created', id: session.id })
    }
    return reply
  }

  /** Makes the session that an old cookie stands for; what another request has made is this one's, too. */
  async adopt(patch: Patch): Promise<WriteReply> {
    const session = this.#session
    const at = patch.signIn?.at ?? this.#settings.now()
    const token = { ...session.minted(), createdAt: at, usedAt: at }
    const reply = await this.call('create', (moment) => session.store.create(token, moment, patch))
    if (!reply.ok) return reply
    const { createdAt } = reply
    session.token = { ...token, createdAt: createdAt ?? at }
    this.confirm(reply)
    if (createdAt !== undefined) return reply
    this.#changed(token, reply, patch, true)
    this.#settings.emit({ type: 'created', id: session.id })
    this.#settings.emit({ type: 'adopted', id: session.id })
    return reply
  }

  async write(patch: Patch): Promise<Applied | Refusal> {
    const session = this.#session
    const { token, store, isUnasked } = session
    if (token === undefined) return this.create(patch)
    const reply = await this.call('write', (moment) => store.write(token, moment, patch))
    if (isGone(reply) && reply.gone === 'corrupt' && isUnasked) {
      session.stepDown(token, reply)
      return this.create(patch)
    }
    const existing = this.#existing(reply)
    if (existing.ok) this.#changed(token, existing, patch)
    return existing
  }

  /** Ends the session; gives what the store said, or `undefined` where there was none. */
  async destroy(): Promise<Existing | undefined> {
    const session = this.#session
    const { token, store, id } = session
    const reply = token && (await this.#ask('destroy', (moment) => store.destroy(token, moment)))
    if (token !== undefined) {
      session.cache?.outdate(token.handle, this.caller.calledAt)
      this.#settings.emit({ type: 'destroyed', id })
      this.#toShare = 'deletion'
    }
    session.end()
    return reply
  }

  /** Whether shared copies have something to learn. */
  get hasNews(): boolean {
    return this.#toShare !== undefined && this.#session.cache?.shared !== undefined
  }

  /** Brings the shared copies up to what this request has changed; `undefined` where there is nothing to do. */
  share(): Promise<void> | undefined {
    const { token, cache } = this.#session
    const { shared, maxAge = 0 } = cache ?? {}
    if (token === undefined || shared === undefined) return undefined
    if (this.#toShare === 'deletion') return shared.delete(token.handle)
    const copy = this.#toShare && cache?.copyOf(token, this.caller.calledAt)
    return copy && shared.put(token, copy, maxAge)
  }

  #changed(token: Token, seen: Seen, patch: Patch, isCreation = false): void {
    this.#session.cache?.change(token, this.caller.calledAt, seen, patch, isCreation)
    this.#toShare = 'copy'
  }

  #dropCopies(token: Token, { gone }: Gone): void {
    const { cache } = this.#session
    if (gone === 'rotated') cache?.forget(token)
    else cache?.outdate(token.handle, this.caller.calledAt)
  }

  /** Makes a call whose answer is the caller's to take in. */
  call<T>(name: StoreMethod, call: (moment: Moment) => Promise<T>): Promise<T> {
    return this.caller.call(this.#session.store.name, name, call)
  }

  /** Takes in what the store has said of the session. */
  confirm(seen: Seen): void {
    this.#session.confirm(seen, this.caller.calledAt)
  }

  /** Asks the store for a change. Throws when there is no session for it any more. */
  async #ask<Reply extends { readonly ok: boolean } & Seen>(
    name: StoreMethod,
    call: (moment: Moment) => Promise<Reply | Gone>,
  ): Promise<Reply> {
    return this.#existing(await this.call(name, call))
  }

  #existing<Reply extends { readonly ok: boolean } & Seen>(reply: Reply | Gone): Reply {
    if (isGone(reply)) {
      if (this.#session.token !== undefined) this.#dropCopies(this.#session.token, reply)
      throw this.#session.late(reply)
    }
    this.confirm(reply)
    return reply
  }
}
