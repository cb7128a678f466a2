import { newSecret } from '../codec/token.ts'
import { SessionError } from '../errors.ts'
import { signedInOver } from '../record/regenerated.ts'
import type { FeatureSession, PendingToken, TokenChange } from '../request/feature.ts'
import type { Account } from '../session/account.ts'
import { newPatch } from '../session/changes.ts'
import type { ListedSession } from '../store/user-index/user-list.ts'
import { type Remember, rememberedBy, type SignInDetails } from './details.ts'
import { changedDevice, deviceDetails, deviceOf } from './device.ts'
import type { ListContext } from './list-context.ts'
import { Listing } from './listing.ts'

type Issued = Extract<TokenChange, { readonly is: 'issued' }>

/** The sign-ins and sign-outs of one request, and their updates of the users' lists. */
export class SignIns {
  readonly #session: FeatureSession
  readonly #contextOf: (session: FeatureSession) => ListContext | undefined
  readonly #remember: Remember | undefined
  /** Made on first use, since a request that only reads needs no list. */
  #made: Listing | undefined
  /** The user that a pending sign-in replaces. */
  #former: Account | undefined
  #isDeviceChecked = false

  constructor(
    session: FeatureSession,
    contextOf: (session: FeatureSession) => ListContext | undefined,
    remember?: Remember,
  ) {
    this.#session = session
    this.#remember = remember
    this.#contextOf = contextOf
  }

  /** Keeps the users' lists consistent. Is `undefined` without an index. */
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
      // If the sign-in waits for the commit, no earlier reply says whose dictionary this is.
      if (!atomic && session.state.is === 'presented') await session.readNow(true)
      if (session.isGone || session.isRevoked) session.startOver()
      const former = session.pending?.patch.signIn ?? confirmedAccount(session)
      this.#former = confirmedAccount(session)
      const pending = await this.begin({ userId }, details)
      if (atomic) {
        await session.settle(pending)
        await this.list()
      }
      return former !== undefined && former.userId !== userId
    }, true)
  }

  /**
   * Begins a sign-in, or returns the pending one if it is the same. A pending one with other details is replaced, since
   * the last details count. Throws `ERR_SESSION_LIMIT` before any change.
   */
  async begin(
    { userId, provenAt }: Pick<Account, 'userId' | 'provenAt'>,
    details: SignInDetails,
    mayBegin?: () => Promise<boolean>,
  ): Promise<PendingToken> {
    const session = this.#session
    const before = session.pending
    const signIn = this.#account(userId, provenAt, details)
    if (before !== undefined && isSame(before, signIn)) {
      session.pending = { ...before, note: details }
      return session.pending
    }
    // If the store is not atomic, the earlier change has not been made yet, and this one replaces it if it succeeds.
    const { atomic } = session.store.can
    if (before !== undefined && atomic) await session.settle(before)
    const replacesAnothers = !atomic && replacesUser(before, userId)
    const { handle } = session.token ?? session.minted()
    await this.#listing?.reserve(userId, this.#listed(signIn, handle), mayBegin)
    const patch = { ...newPatch({}), signIn, ...(replacesAnothers && { replacesAnothers }) }
    const pending = { secret: newSecret(), patch, note: details }
    session.pending = pending
    return pending
  }

  #account(userId: string, provenAt: number | undefined, details: SignInDetails): Account {
    const { settings, request, pending } = this.#session
    const { aal } = details
    const remember = rememberedBy(this.#remember, details.remember, settings.context.touch)
    return signedInOver(pending?.patch.signIn ?? confirmedAccount(this.#session), {
      userId,
      at: settings.now(),
      ...(provenAt !== undefined && { provenAt }),
      ...(aal && { aal }),
      device: deviceOf(request),
      ...(remember !== undefined && { remember }),
    })
  }

  /** Records a token that was issued or dropped, or a session that has ended. */
  async changed(change: TokenChange): Promise<void> {
    const { is } = change
    if (is === 'issued') await this.#noteIssued(change)
    else if (is === 'dropped') await this.#made?.release()
    else if (change.account !== undefined) {
      await this.#listing?.remove(change.account.userId, change.id)
    }
  }

  async #noteIssued({ pending, formerHandle, isJoined }: Issued): Promise<void> {
    const { settings, id, token } = this.#session
    const isSignIn = pending.patch.signIn !== undefined && isJoined !== true
    if (isSignIn) settings.emit({ type: 'signed-in', id })
    const account = confirmedAccount(this.#session)
    const handle = token?.handle
    // Set by `begin`.
    const details = pending.note as SignInDetails | undefined
    if (account === undefined || handle === undefined) return
    const moved = handle === formerHandle ? 'kept' : 'moved'
    const why = details === undefined ? moved : 'sign-in'
    this.#listing?.note(account.userId, this.#listed(account, handle, details), why)
    await this.#leaveFormer(account)
  }

  /** Removes the session from the list of the user that the sign-in replaced. */
  async #leaveFormer({ userId }: Account): Promise<void> {
    const { id, store } = this.#session
    const former = this.#former
    this.#former = undefined
    // With objects, the previous user's list detects by itself that the session belongs to another user.
    if (former === undefined || former.userId === userId || store.can.atomic) return
    await this.#listing?.remove(former.userId, id)
  }

  /** Updates the lists before the response is sent. Returns `undefined` if there is nothing to do. */
  finish(): Promise<void> | undefined {
    return this.#made?.isWaiting === true ? this.list() : this.#noteUse()
  }

  /** Records a use on the list whenever the cookie records one. Returns `undefined` if the store itself records it. */
  #noteUse(): Promise<void> | undefined {
    const { state, store, settings, id, isUse } = this.#session
    if (!isUse || store.can.recordUse || state.is !== 'live') return undefined
    const { token, status, askedAt } = state
    const isDue = askedAt - token.usedAt >= settings.context.touch
    return isDue && status.account ? this.#listing?.use(status.account.userId, id) : undefined
  }

  /** Puts the session on its user's list if necessary. Ends a session that the list refuses. */
  async list(): Promise<void> {
    try {
      await this.#listing?.settle()
    } catch (error) {
      const isFull = error instanceof SessionError && error.code === 'ERR_SESSION_LIMIT'
      if (isFull) await this.#session.destroyNow()
      // Its cookie must not be sent, since the session is not on its user's list.
      this.#session.isIssued = false
      throw error
    }
  }

  /** Reports, once per request, that the session was used from another device. */
  checkDevice(account: Account): void {
    if (this.#isDeviceChecked) return
    this.#isDeviceChecked = true
    const { request, settings, id } = this.#session
    const what = changedDevice(account, request)
    if (what !== undefined) settings.emit({ type: 'device-changed', what, id })
  }

  /** Returns the session's entry for a list. Only a sign-in includes the device. */
  #listed({ at, remember }: Account, handle: string, details?: SignInDetails): ListedSession {
    const { store, settings, request } = this.#session
    return {
      id: store.idOf(handle),
      address: store.addressOf?.(handle) ?? '',
      createdAt: at,
      usedAt: at,
      expiresAt: at + (remember ?? settings.context).absolute,
      ...(remember && { remember }),
      ...(details && deviceDetails(request, details)),
    }
  }
}

/** True if the pending token is another user's, or replaces another user's. */
function replacesUser(pending: PendingToken | undefined, userId: string): boolean {
  const { signIn, replacesAnothers = false } = pending?.patch ?? {}
  return replacesAnothers || (signIn !== undefined && signIn.userId !== userId)
}

/** True if the pending token is for this sign-in. The details for the list may differ. */
function isSame({ patch: { signIn } }: PendingToken, { userId, aal, remember }: Account): boolean {
  const isUser = signIn?.userId === userId && signIn.aal === aal
  return isUser && JSON.stringify(signIn.remember) === JSON.stringify(remember)
}

/** Returns the signed-in account that the store has confirmed, if any. */
export function confirmedAccount({ state }: Pick<FeatureSession, 'state'>): Account | undefined {
  return state.is === 'live' ? state.status.account : undefined
}
