import { newSecret } from '../codec/token.ts'
import { SessionError } from '../errors.ts'
import type { FeatureSession, PendingToken, TokenChange } from '../request/feature.ts'
import type { Account } from '../session/account.ts'
import { newPatch } from '../session/changes.ts'
import type { ListedSession } from '../store/user-index/user-list.ts'
import type { SignInDetails } from './details.ts'
import { changedDevice, deviceDetails, deviceOf } from './device.ts'
import type { ListContext } from './list-context.ts'
import { Listing } from './listing.ts'

type Issued = Extract<TokenChange, { readonly is: 'issued' }>

/** Who signs in and out in one request, and what the users' lists have to say of it. */
export class SignIns {
  readonly #session: FeatureSession
  readonly #contextOf: (session: FeatureSession) => ListContext | undefined
  /** Made when it is first needed: a request that only reads asks no list. */
  #made: Listing | undefined
  #isDeviceChecked = false

  constructor(
    session: FeatureSession,
    contextOf: (session: FeatureSession) => ListContext | undefined,
  ) {
    this.#session = session
    this.#contextOf = contextOf
  }

  /** Keeps the users' lists in step; `undefined` if the application keeps none. */
  get #listing(): Listing | undefined {
    if (this.#made === undefined) {
      const context = this.#contextOf(this.#session)
      this.#made = context && new Listing(context)
    }
    return this.#made
  }

  /** Signs a user in. Returns true if another user's dictionary was deleted. */
  async signIn(userId: string, details: SignInDetails): Promise<boolean> {
    const session = this.#session
    if (!session.canKeep) return false
    return session.change(async () => {
      const { atomic } = session.store.can
      // Where it waits for the commit, no answer would tell before whose dictionary this is.
      if (!atomic && session.state.is === 'presented') await session.readNow(true)
      const former = confirmedAccount(session)
      const pending = await this.begin({ userId }, details)
      if (atomic) {
        await session.settle(pending)
        await this.list()
      }
      const isAnothers = former !== undefined && former.userId !== userId
      // In an object, the former user's list sees for itself that it is another's.
      if (isAnothers && !atomic) await this.#listing?.remove(former.userId, session.id)
      return isAnothers
    })
  }

  /** Begins a sign-in; the same again if it is repeated. Throws `ERR_SESSION_LIMIT` before anything is changed. */
  async begin(
    { userId, provenAt }: Pick<Account, 'userId' | 'provenAt'>,
    details: SignInDetails,
  ): Promise<PendingToken> {
    const session = this.#session
    const before = session.pending
    if (before?.patch.signIn?.userId === userId) return before
    if (before !== undefined) await session.settle(before)
    const { aal } = details
    const signIn: Account = {
      userId,
      at: session.settings.now(),
      ...(provenAt !== undefined && { provenAt }),
      ...(aal && { aal }),
      device: deviceOf(session.request),
    }
    const { handle } = session.token ?? session.minted()
    await this.#listing?.reserve(userId, this.#listed(signIn, handle))
    const pending = { secret: newSecret(), patch: { ...newPatch({}), signIn }, note: details }
    session.pending = pending
    return pending
  }

  /** Takes note of a token that was issued, or of a session that has ended. */
  async changed(change: TokenChange): Promise<void> {
    if (change.is === 'issued') this.#noteIssued(change)
    else if (change.account !== undefined) {
      await this.#listing?.remove(change.account.userId, change.id)
    }
  }

  #noteIssued({ pending, formerHandle, isJoined }: Issued): void {
    const { settings, id, token } = this.#session
    const isSignIn = pending.patch.signIn !== undefined && isJoined !== true
    if (isSignIn) settings.emit({ type: 'signed-in', id })
    const account = confirmedAccount(this.#session)
    const handle = token?.handle
    // Set by `begin`.
    const details = pending.note as SignInDetails | undefined
    const isKnown = details === undefined && handle === formerHandle
    if (account === undefined || handle === undefined || isKnown) return
    this.#listing?.note(account.userId, this.#listed(account, handle, details))
  }

  /** Has the lists be right before the response leaves; `undefined` if they are. */
  finish(): Promise<void> | undefined {
    return this.#made?.isWaiting === true ? this.list() : undefined
  }

  /** Puts the session on its user's list, if it has to be there. A session that may not be there is ended. */
  async list(): Promise<void> {
    try {
      await this.#listing?.settle()
    } catch (error) {
      const isFull = error instanceof SessionError && error.code === 'ERR_SESSION_LIMIT'
      if (isFull) await this.#session.destroyNow()
      throw error
    }
  }

  /** Reports, once a request, that the session came with another device. */
  checkDevice(account: Account): void {
    if (this.#isDeviceChecked) return
    this.#isDeviceChecked = true
    const { request, settings, id } = this.#session
    const what = changedDevice(account, request)
    if (what !== undefined) settings.emit({ type: 'device-changed', what, id })
  }

  /** What a list says of the session; the device only with a sign-in. */
  #listed({ at }: Account, handle: string, details?: SignInDetails): ListedSession {
    const { store, settings, request } = this.#session
    return {
      id: store.idOf(handle),
      address: store.addressOf?.(handle) ?? '',
      createdAt: at,
      usedAt: at,
      expiresAt: at + settings.context.absolute,
      ...(details && deviceDetails(request, details)),
    }
  }
}

/** Who is signed in, by the store's word. */
export function confirmedAccount({ state }: Pick<FeatureSession, 'state'>): Account | undefined {
  return state.is === 'live' ? state.status.account : undefined
}
