import { deviceDetails, deviceOf, type RequestLike } from '../accounts/device.ts'
import { newSecret, renewedSecret, type Token } from '../codec/token.ts'
import { SessionError } from '../errors.ts'
import type { Account, SignInDetails } from '../session/account.ts'
import { newPatch } from '../session/changes.ts'
import type { Applied, Patch, Refusal } from '../session/patch.ts'
import type { Listing } from '../store/user-index/listing.ts'
import type { ListedSession } from '../store/user-index/user-list.ts'
import type { KnownSession } from './known-session.ts'
import type { Settings } from './options.ts'
import type { SessionCalls } from './session-calls.ts'
import type { Setup } from './setup.ts'
import { listContext } from './store-caller.ts'
import { isGone } from './store-reply.ts'

/** A new token that waits for the end of the request, or whose call has failed, so that nobody knows which counts. */
interface Pending {
  readonly secret: string
  /** Empty, but for who signs in with it. */
  readonly patch: Patch
  readonly details?: SignInDetails
}

/** What a change of the token works with. */
interface Parts {
  readonly settings: Settings<never>
  readonly setup: Setup
  readonly request: RequestLike
  readonly session: KnownSession
  readonly calls: SessionCalls
}

/** Gives one request's session another token: by `regenerate`, by a sign-in, or because it is time. */
export class TokenChange {
  readonly #parts: Parts
  #pending: Pending | undefined

  /** Keeps the user's list in step; absent where the application keeps none. */
  readonly listing: Listing | undefined

  constructor(parts: Parts) {
    this.#parts = parts
    const { settings, setup, calls } = parts
    this.listing = setup.users?.listing(listContext(settings, calls.caller))
  }

  /** What is not settled yet. */
  get pending(): Pending | undefined {
    return this.#pending
  }

  /** Begins one without a sign-in, or gives what is not settled. */
  begin(): Pending {
    this.#pending ??= { secret: newSecret(), patch: newPatch({}) }
    return this.#pending
  }

  /** Begins a sign-in; the same again when it is repeated. Throws `ERR_SESSION_LIMIT` before anything is changed. */
  async beginSignIn(userId: string, details: SignInDetails, provenAt?: number): Promise<Pending> {
    const { settings, request, session } = this.#parts
    const before = this.#pending
    if (before?.patch.signIn?.userId === userId) return before
    if (before !== undefined) await this.settle(before)
    const { aal } = details
    const device = deviceOf(request)
    const at = settings.now()
    const proven = provenAt === undefined ? {} : { provenAt }
    const signIn = { userId, at, ...proven, ...(aal && { aal }), device }
    const { handle } = session.token ?? session.minted()
    await this.listing?.reserve(userId, this.#listed(signIn, handle))
    this.#pending = { secret: newSecret(), patch: { ...newPatch({}), signIn }, details }
    return this.#pending
  }

  /** Has the store take over the new token; where it is not atomic, with these changes in the same write. */
  async settle(pending: Pending, changes?: Patch): Promise<Applied | Refusal> {
    const { secret, patch } = pending
    const { session, calls } = this.#parts
    const { token } = session
    const merged = { ...patch, ...changes }
    const reply =
      token === undefined ? await calls.create(merged) : await this.#replace(token, secret, merged)
    if (!reply.ok) return reply
    this.#pending = undefined
    if (patch.signIn !== undefined) this.report()
    this.note(pending, token?.handle)
    return reply
  }

  /** Reports a sign-in. */
  report(): void {
    this.#parts.settings.emit({ type: 'signed-in', id: this.#parts.session.id })
  }

  forget(): void {
    this.#pending = undefined
  }

  /** Gives the token its successor when it is time. What fails here is done by the next request. */
  async renewIfDue(): Promise<void> {
    const { settings, setup, session, calls } = this.#parts
    const { token, renewal, standing } = session
    const { renew, emit } = settings
    if (token === undefined || renewal === undefined || standing !== 'live' || !renew) return
    const key = await setup.keyring[0].keyFor('renewal')
    const secret = await renewedSecret(key, token.secret)
    const reply = await calls
      .call('regenerate', (moment) =>
        session.store.regenerate(token, moment, { secret, grace: renew.grace }),
      )
      .catch(() => undefined)
    if (reply?.ok !== true) return
    this.#outdate(token, reply.revision)
    session.token = { ...token, secret }
    if (renewal === 'due') emit({ type: 'renewed', id: session.id })
  }

  /** Puts the session on its user's list, if it has to be there. A session that may not be there is ended. */
  async list(): Promise<void> {
    const { calls } = this.#parts
    try {
      await this.listing?.settle()
    } catch (error) {
      const isFull = error instanceof SessionError && error.code === 'ERR_SESSION_LIMIT'
      if (isFull) await calls.destroy()
      throw error
    }
  }

  async #replace(token: Token, secret: string, patch: Patch): Promise<Applied | Refusal> {
    const { settings, session, calls } = this.#parts
    const { store, isUnasked } = session
    const reply = await calls.call('regenerate', (moment) =>
      store.regenerate(token, moment, { secret, patch }),
    )
    if (isGone(reply)) {
      this.#pending = undefined
      // Who signs in with the cookie of a session that is over, or of a damaged one, is no late writer.
      const beginsAnew = patch.signIn !== undefined || reply.gone === 'corrupt'
      if (!beginsAnew || !isUnasked) throw session.late(reply)
      session.stepDown(token, reply)
      if (session.isOver) throw session.late()
      return calls.create(patch)
    }
    if (!reply.ok) return reply
    calls.confirm(reply)
    this.#outdate(token, reply.revision)
    const { handle } = reply
    session.token = { ...token, secret, handle, createdAt: patch.signIn?.at ?? token.createdAt }
    if (patch.signIn === undefined) settings.emit({ type: 'regenerated', id: session.id })
    return { ok: true, taken: [], counts: [] }
  }

  /** Copies under the former token are not to answer here any more. */
  #outdate({ handle }: Token, revision: number | undefined): void {
    const { session, calls } = this.#parts
    if (revision !== undefined) session.cache?.outdate(handle, calls.caller.calledAt, revision)
  }

  /** Notes what the user's list has to say of the session from now on. */
  note({ details }: Pending, formerHandle?: string): void {
    const { session } = this.#parts
    const { account, token: { handle } = {} } = session
    if (account === undefined || handle === undefined) return
    const isMoved = handle !== formerHandle
    if (details === undefined && !isMoved) return
    this.listing?.note(account.userId, this.#listed(account, handle, details))
  }

  /** What a list says of the session; the device only with a sign-in. */
  #listed(account: Account, handle: string, details?: SignInDetails): ListedSession {
    const { settings, setup, request } = this.#parts
    const { at } = account
    return {
      id: setup.store.idOf(handle),
      address: setup.store.addressOf?.(handle) ?? '',
      createdAt: at,
      usedAt: at,
      expiresAt: at + settings.absolute,
      ...(details && deviceDetails(request, details)),
    }
  }
}
