import { familyOf } from '../codec/token.ts'
import type { Credential, WriteReply } from '../record/store.ts'
import type { Applied, Patch, Refusal } from '../session/patch.ts'
import type { SessionPort } from '../session/port.ts'
import type { PendingToken, TokenChange } from './feature.ts'
import { StoredSession } from './stored-session.ts'

/** The changes of a session's token in one request: the pending one, those that are made, and its end. */
export abstract class TokenSession extends StoredSession {
  /** The token that will be, if it waits for the commit or its call has failed. */
  pending: PendingToken | undefined

  /** Tells the features of a change. */
  abstract tell(change: TokenChange): Promise<void>

  /** The subject of a CSRF token: this session, until the next `regenerate()`. */
  get csrfSubject(): string {
    const { state, pending } = this
    const known = this.token ?? (state.is === 'unavailable' ? state.token : undefined)
    // A token that waits for the commit is the one that the browser will have.
    const { secret } = (known && pending) ?? known ?? this.minted()
    return `csrf ${this.settings.cookie.name} ${this.id} ${familyOf(secret)}`
  }

  /** A sign-in that waits for the commit restarts the timeouts. */
  override get times(): SessionPort['times'] {
    const { idle, absolute } = this.settings.context
    const at = this.pending?.patch.signIn?.at
    if (at === undefined) return super.times
    return { createdAt: at, expiresAt: at + Math.min(idle, absolute) }
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
      await this.tell({ is: 'issued', pending, formerHandle: token?.handle })
      return reply
    } finally {
      if (this.isOver) await this.drop()
    }
  }

  /** Drops a pending token, which is on no response. */
  async drop(): Promise<void> {
    const { pending } = this
    this.pending = undefined
    if (pending !== undefined) await this.tell({ is: 'dropped', pending })
  }

  async endNow(): Promise<void> {
    const { id, pending } = this
    const ended = await this.destroyNow()
    this.pending = undefined
    const account = pending?.patch.signIn
    for (const each of ended.length > 0 ? ended : [{ id, account: undefined }]) {
      // oxlint-disable-next-line no-await-in-loop
      await this.tell({ is: 'ended', id: each.id, account: each.account ?? account })
    }
  }

  async adopt(credential: Credential, pending: PendingToken): Promise<WriteReply> {
    const reply = await this.createAs(credential, pending.patch)
    if (!reply.ok) return reply
    const isJoined = reply.createdAt !== undefined
    if (!isJoined) this.report({ type: 'adopted', id: this.id })
    await this.tell({ is: 'issued', pending, isJoined })
    return reply
  }
}
