import type { RequestLike } from '../accounts/device.ts'
import { OldCookies } from '../adopt/old-cookies.ts'
import type { SessionStore } from '../record/store.ts'
import type { Account, SignInDetails } from '../session/account.ts'
import type { Applied, Entries, Patch, Refusal } from '../session/patch.ts'
import type { SessionPort } from '../session/port.ts'
import { WorkingCopy } from '../session/working-copy.ts'
import { INSECURE } from './event.ts'
import { KnownSession } from './known-session.ts'
import type { Settings } from './options.ts'
import { SessionCalls } from './session-calls.ts'
import type { Presented } from './set-cookie.ts'
import type { Setup } from './setup.ts'
import { endedError, notLoadedError } from './store-reply.ts'
import { TokenChange } from './token-change.ts'
import { Turns } from './turns.ts'

/** One request's dealings with its session: one thing after the other, and at the end the cookie to send. */
export class Visit implements SessionPort {
  readonly request: RequestLike
  readonly canKeep: boolean
  readonly settings: Settings<never>
  readonly setup: Setup
  readonly session: KnownSession
  readonly copy: WorkingCopy = new WorkingCopy(this)
  /** Whether the handler has used the session. */
  isUsed = false
  /** Whether the visitor has signed out. */
  isSignedOut = false
  /** Keeps the runtime at work for what the response need not wait for. */
  waitUntil: ((promise: Promise<unknown>) => void) | undefined
  /** How many wrappers are around the handler at the moment. */
  depth = 0
  /** Absent where the request brought a token of ours, or no such cookie. */
  readonly oldCookies: OldCookies | undefined
  /** These two are made when they are first needed: most requests change no token, and many ask no store. */
  #storeCalls: SessionCalls | undefined
  #change: TokenChange | undefined
  /** The store is called for one thing after the other, as the handler asked: a new token counts for what comes next. */
  readonly #turns = new Turns()

  constructor(settings: Settings<never>, setup: Setup, presented: Presented, request: RequestLike) {
    this.request = request
    this.canKeep = presented.canKeep
    this.settings = settings
    this.setup = setup
    this.session = new KnownSession(settings, setup, presented, request)
    const mayAdopt = settings.adopt.length > 0 && this.canKeep && presented.token === undefined
    const header = mayAdopt ? request.headers.get('cookie') : null
    if (header !== null) this.oldCookies = new OldCookies(setup.takeovers, header)
  }

  get store(): SessionStore {
    return this.setup.store
  }

  /** Whether the request has not even looked at its session, and its cookie is right as it is. */
  get isUntouched(): boolean {
    return !this.isUsed && !this.session.presented.isOldKey
  }

  /** Whether a late write was refused, or would be. */
  get isOver(): boolean {
    return this.session.isOver
  }

  get id(): string {
    return this.session.id
  }

  get isNew(): boolean {
    return this.session.isNew
  }

  get times(): { createdAt: number; expiresAt: number } | undefined {
    return this.session.times
  }

  get account(): Account | undefined {
    if (this.oldCookies?.isPending === true) throw notLoadedError()
    return this.#change?.pending?.patch.signIn ?? this.session.account
  }

  use(): void {
    if (this.session.standing === 'destroyed') throw endedError()
    this.markUsed()
  }

  markUsed(): void {
    const isFirst = !this.isUsed && !this.session.presented.hasCookie
    if (!this.canKeep && isFirst) this.settings.emit(INSECURE)
    this.isUsed = true
  }

  get isCopied(): boolean {
    return this.session.standing === 'copied'
  }

  read(isFresh: boolean): Promise<Entries | undefined> {
    if (this.oldCookies?.isPending !== true) {
      return this.#turns.take(() => this.#calls.read(isFresh))
    }
    return this.#turns.take(async () => {
      await this.#adoptOrGoWithout()
      return this.#calls.read(isFresh)
    })
  }

  /** Has an old cookie looked at, if there is one that has not been, so that it is settled whose session this is. */
  async adopt(): Promise<void> {
    if (this.oldCookies?.isPending === true) {
      await this.#turns.take(() => this.#adoptOrGoWithout())
    }
  }

  #adoptOrGoWithout(): Promise<void> {
    return this.#adopt().catch((error: unknown) => this.#calls.goWithout(error))
  }

  async #adopt(): Promise<void> {
    const { oldCookies, settings, setup, session, copy } = this
    if (oldCookies?.isPending !== true) return
    const [calls, change] = [this.#calls, this.#tokenChange]
    await oldCookies.settle({ settings, setup, session, values: copy.values, calls, change })
  }

  write(patch: Patch): Promise<Applied | Refusal> {
    return this.#inTurn(async () => {
      const pending = this.#change?.pending
      if (pending === undefined) return this.#calls.write(patch)
      if (!this.store.isAtomic) return this.#tokenChange.settle(pending, patch)
      await this.#tokenChange.settle(pending)
      return this.#calls.write(patch)
    })
  }

  async regenerate(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.session.token === undefined) return
      const pending = this.#tokenChange.begin()
      // Elsewhere it waits for the commit: KV takes one write a second for a key.
      if (this.store.isAtomic) await this.#tokenChange.settle(pending)
    })
  }

  async signIn(userId: string, details: SignInDetails): Promise<boolean> {
    if (!this.canKeep) return false
    return this.#inTurn(async () => {
      const { session, store } = this
      // Where it waits for the commit, no answer would tell before whose dictionary this is.
      if (!store.isAtomic && session.standing === 'presented') await this.#calls.read(true)
      const former = session.standing === 'presented' ? undefined : session.account
      const pending = await this.#tokenChange.beginSignIn(userId, details)
      if (store.isAtomic) {
        await this.#tokenChange.settle(pending)
        await this.#tokenChange.list()
      }
      const isAnothers = former !== undefined && former.userId !== userId
      // Of an object, the former user's list sees for itself that it is another's.
      if (isAnothers && !store.isAtomic) {
        await this.#tokenChange.listing?.remove(former.userId, this.id)
      }
      return isAnothers
    })
  }

  async destroy(): Promise<void> {
    if (this.session.standing === 'ended') this.session.end()
    if (this.session.standing === 'destroyed') return undefined
    return this.#inTurn(async () => {
      const { id } = this
      const ended = await this.#calls.destroy()
      const account = ended?.account ?? this.#change?.pending?.patch.signIn
      this.#change?.forget()
      if (account !== undefined) await this.#tokenChange.listing?.remove(account.userId, id)
    })
  }

  async signOut(): Promise<void> {
    await this.destroy()
    this.isSignedOut = true
  }

  /** Whether nothing waits for the end of the request. */
  get isFinished(): boolean {
    const hasNews = this.#storeCalls?.hasNews ?? false
    return this.#change === undefined && this.session.renewal === undefined && !hasNews
  }

  /** Does what waits for the end of the request, or failed before. */
  async finish(): Promise<void> {
    const pending = this.#change?.pending
    if (pending !== undefined && !this.isOver) {
      await this.#inTurn(() => this.#tokenChange.settle(pending))
    } else if (this.session.renewal !== undefined) await this.#tokenChange.renewIfDue()
    await this.#change?.list()
    await this.#share()
  }

  /** Has the shared copies learn what this request has changed: after the response, if there is a way to. */
  #share(): Promise<void> | undefined {
    const sharing = this.#storeCalls?.share()
    if (sharing === undefined || this.waitUntil === undefined) return sharing
    this.waitUntil(sharing)
    return undefined
  }

  get #calls(): SessionCalls {
    return (this.#storeCalls ??= new SessionCalls(this.settings, this.session))
  }

  get #tokenChange(): TokenChange {
    const { settings, setup, request, session } = this
    const calls = this.#calls
    return (this.#change ??= new TokenChange({ settings, setup, request, session, calls }))
  }

  /** Has a change made in its turn. Throws when the session is over. */
  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    return this.#turns.take(async () => {
      if (this.oldCookies?.isPending === true) await this.#adopt()
      await this.#calls.beforeChange()
      return change()
    })
  }
}
