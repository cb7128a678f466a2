import type { Token } from '../codec/token.ts'
import { isGone } from '../record/meta.ts'
import type {
  Await,
  CallContext,
  Credential,
  Gone,
  SessionStore,
  Status,
  WriteReply,
} from '../record/store.ts'
import type { Account } from '../session/account.ts'
import {
  type Applied,
  appliedToNothing,
  type Entries,
  type Patch,
  type Refusal,
} from '../session/patch.ts'
import { RequestState } from './request-state.ts'
import { type Arrival, endedError, noteEnding } from './state.ts'
import { StoreClient } from './store-client.ts'

/** A session that this request has destroyed, and the account that was signed in. */
export interface Ended {
  readonly id: string
  readonly account: Account | undefined
}

/** The session of one request, as the store knows it. */
export class StoredSession extends RequestState {
  /** The number of wrappers around the handler at the moment. */
  depth = 0
  /** True if only this request knows the token: it created the session, or rotated its token. */
  isIssued = false
  #client: StoreClient | undefined

  /** The work that the store has deferred until after the response. */
  get deferred(): (() => Promise<void>) | undefined {
    return this.#client?.deferred
  }

  call<T>(
    store: string,
    method: string,
    run: (context: CallContext) => Await<T>,
    isFresh: boolean = false,
  ): Await<T> {
    return (this.#client ??= new StoreClient(this.settings, this)).call(store, method, run, isFresh)
  }

  /** Stops the timer, since the response is made. */
  close(): void {
    this.#client?.close()
  }

  /** Returns the entries. If the session was over before this request used it, the visitor becomes anonymous. */
  async readNow(isFresh: boolean): Promise<Entries | undefined> {
    const { state, store, token, isUnasked: wasUnasked } = this
    if (state.is === 'ended' || state.is === 'destroyed') throw endedError()
    if (token === undefined) return undefined
    try {
      const read = (context: CallContext): ReturnType<SessionStore['read']> =>
        store.read(token, context)
      const reply = await this.call(store.name, 'read', read, isFresh || !wasUnasked)
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

  /** Applies a patch. Creates the session if there is none, or if it was over before this request came. */
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

  /**
   * Replaces the secret of the token. A sign-in over a session that is gone starts a new one: it proves the user again.
   * Without a session there is nothing to replace.
   */
  async replaceNow(token: Token, secret: string, patch: Patch): Promise<Applied | Refusal> {
    const { store } = this
    const reply = await this.call(store.name, 'regenerate', (context) =>
      store.regenerate(token, context, { secret, patch }),
    )
    if (isGone(reply)) {
      const hasNext =
        patch.signIn === undefined ? this.leave(token, reply) : this.#leaveToSignIn(token, reply)
      const next = (await hasNext) ? this.token : undefined
      return next === undefined ? this.createNow(patch) : this.replaceNow(next, secret, patch)
    }
    if (!reply.ok) return reply
    const createdAt = patch.signIn?.at ?? token.createdAt
    // If the store records no use, the token tells how young it is.
    const usedAt = store.can.recordUse ? token.usedAt : this.settings.now()
    this.confirm({ ...token, secret, handle: reply.handle, createdAt, usedAt }, reply)
    this.isIssued = true
    if (patch.signIn === undefined) this.report({ type: 'regenerated', id: this.id })
    return { ok: true, taken: [], counts: [] }
  }

  /** Leaves a session that a sign-in found gone. Returns true if the browser has another token to try. */
  async #leaveToSignIn(token: Token, reply: Gone): Promise<boolean> {
    this.refuse(token, reply)
    if (await this.hasNext()) return true
    this.startOver()
    return false
  }

  /**
   * Deletes the session from the store, and those of the browser's other tokens, which it would send next. Returns
   * what was deleted; none if there is no session.
   */
  async destroyNow(): Promise<Ended[]> {
    const { arrival, state } = this
    const token = state.is === 'unseen' ? state.token : this.token
    const ended: Ended[] = []
    let reply: Gone | undefined
    for (
      let each: Pick<Arrival, 'token' | 'next'> | undefined = { ...arrival, token };
      each?.token !== undefined;
      // One after the other, since there is rarely more than one.
      // oxlint-disable-next-line no-await-in-loop
      each = await each.next?.()
    ) {
      // oxlint-disable-next-line no-await-in-loop
      const one = await this.#destroy(each.token)
      if ('id' in one) ended.push(one)
      else reply ??= one
    }
    if (reply !== undefined && ended.length === 0) throw this.lose(reply)
    this.state = { is: 'destroyed', token }
    return ended
  }

  async #destroy(token: Token): Promise<Ended | Gone> {
    const { store } = this
    const reply = await this.call(store.name, 'destroy', (at) => store.destroy(token, at))
    if (!reply.ok) return reply
    const id = store.idOf(token.handle)
    noteEnding(id)
    this.report({ type: 'destroyed', id })
    return { id, account: reply.account }
  }

  /** Records the status that the store returned for the session. */
  confirm(token: Token, status: Status): void {
    const { store, settings } = this
    const askedAt = this.#client?.calledAt ?? 0
    // If the store records no uses, the token records them when it is sent again.
    const sentAt = store.can.recordUse ? 0 : token.usedAt
    const usedAt = status.usedAt ?? (askedAt - sentAt < settings.context.touch ? sentAt : askedAt)
    this.state = { is: 'live', token, status, askedAt, usedAt }
  }
}
