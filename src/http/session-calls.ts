import type { SessionError } from '../errors.ts'
import type { Applied, Entries, Patch, Refusal } from '../session/patch.ts'
import type { DestroyReply, Gone, Moment, Seen } from '../store/store.ts'
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

  constructor(settings: Settings<never>, session: KnownSession) {
    this.#settings = settings
    this.#session = session
    this.caller = new StoreCaller(settings, session)
  }

  async read(): Promise<Entries | undefined> {
    const session = this.#session
    const { token, standing, store } = session
    if (standing === 'ended' || standing === 'destroyed') throw endedError()
    if (token === undefined) return undefined
    try {
      const reply = await this.call('read', (moment) => store.read(token, moment))
      if (reply.ok) {
        session.confirm(reply, this.caller.calledAt)
        return reply.entries
      }
      if (standing !== 'presented') throw session.late(reply)
      session.stepDown(token, reply)
    } catch (error) {
      const goesOn = this.#settings.onStoreFailure === 'anonymous' && standing === 'presented'
      if (!goesOn || !isStoreFailure(error)) throw error
      this.#failure = error
      session.doWithout()
    }
    return undefined
  }

  /** Makes sure that the session may be changed, as far as that is known. Throws when it is over, or can't be reached. */
  async beforeChange(): Promise<void> {
    const session = this.#session
    const staleAt = (session.token?.usedAt ?? Infinity) + this.#settings.idle
    // Who simply comes back too late is to be a new visitor, and not a late writer.
    const isStale = staleAt <= this.#settings.now() && session.standing === 'presented'
    if (isStale) await this.read()
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
      this.#settings.emit({ type: 'created', id: session.id })
    }
    return reply
  }

  async write(patch: Patch): Promise<Applied | Refusal> {
    const session = this.#session
    const { token, store, standing } = session
    if (token === undefined) return this.create(patch)
    const reply = await this.call('write', (moment) => store.write(token, moment, patch))
    if (isGone(reply) && reply.gone === 'corrupt' && standing === 'presented') {
      session.stepDown(token, reply)
      return this.create(patch)
    }
    return this.#existing(reply)
  }

  /** Ends the session; gives what the store said, or `undefined` where there was none. */
  async destroy(): Promise<Existing | undefined> {
    const session = this.#session
    const { token, store, id } = session
    const reply = token && (await this.#ask('destroy', (moment) => store.destroy(token, moment)))
    if (reply !== undefined) this.#settings.emit({ type: 'destroyed', id })
    session.end()
    return reply
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
    if (isGone(reply)) throw this.#session.late(reply)
    this.confirm(reply)
    return reply
  }
}
