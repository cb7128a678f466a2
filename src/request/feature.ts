import type { Keyring } from '../codec/keyring.ts'
import type { Token } from '../codec/token.ts'
import type { Await, CallContext, Credential, SessionStore, WriteReply } from '../record/store.ts'
import type { Account } from '../session/account.ts'
import type { Dictionary } from '../session/dictionary.ts'
import type { Applied, Entries, Patch, Refusal } from '../session/patch.ts'
import type { SessionEvent } from './event.ts'
import type { RequestLike } from './request-like.ts'
import type { Arrival, SessionState } from './state.ts'

/** A new token that waits for the end of the request, or whose call has failed, so that its outcome is unknown. */
export interface PendingToken {
  readonly secret: string
  /** Empty, but for a sign-in. */
  readonly patch: Patch
  /** What the feature that began it wants to know when it is there. */
  readonly note?: unknown
}

/** What has become of a token. */
export type TokenChange =
  /** It was given out: for a new session, a regenerated one, or a sign-in. */
  | {
      readonly is: 'issued'
      readonly pending: PendingToken
      /** The handle that it had before, if it had one. */
      readonly formerHandle?: string | undefined
      /** True if another request had made the session already. */
      readonly isJoined?: boolean
    }
  /** The session was destroyed. */
  | { readonly is: 'ended'; readonly id: string; readonly account: Account | undefined }

/** One request's session, as its features see it. */
export interface FeatureSession {
  readonly request: RequestLike
  readonly env: unknown
  readonly id: string
  readonly store: SessionStore
  readonly keyring: Keyring
  readonly settings: FeatureSettings
  readonly arrival: Arrival
  /** True if a cookie can be set at all. */
  readonly canKeep: boolean
  state: SessionState
  /** The token of the session that the request works on. */
  readonly token: Token | undefined
  readonly dictionary: Dictionary
  /** The sign-in of the feature for accounts; absent without it. */
  readonly signIn: Feature['signIn']
  /** True if a feature has still to look at what the visitor came with. */
  readonly isArriving: boolean
  /** The token that waits. */
  pending: PendingToken | undefined
  /** What the response has to say besides the session's cookie. */
  readonly headers: (readonly [name: string, value: string])[]
  /** Makes a call within the time limit. Throws `ERR_STORE`, and reports it, if the call fails or takes too long. */
  call<T>(store: string, method: string, run: (context: CallContext) => Await<T>): Await<T>
  /** Has a change made in its turn. Throws if the session is over. */
  change<T>(make: () => Promise<T>): Promise<T>
  /** The stored entries; in a change, which has the turn already. */
  readNow(isFresh: boolean): Promise<Entries | undefined>
  /** Has the store take over a token, with these changes in the same write if it is not atomic. */
  settle(pending: PendingToken, changes?: Patch): Promise<Applied | Refusal>
  /** Makes the session under this credential, or joins it. */
  adopt(credential: Credential, pending: PendingToken): Promise<WriteReply>
  /** Has the store forget the session. */
  destroyNow(): Promise<unknown>
  /** What a first write takes. */
  minted(): Credential
  /** Has a first write take this, or something new again. */
  mint(credential: Credential | undefined): void
  markUsed(): void
}

/** The options that a feature may need; durations in milliseconds. */
export interface FeatureSettings {
  readonly cookie: { readonly name: string }
  readonly context: Omit<CallContext, 'now'>
  readonly emit: (event: SessionEvent) => void
  readonly now: () => number
}

/**
 * An optional part of the session layer: `createSessions` takes a list of them as `use`. The core calls the hooks in the
 * list's order, at places that are fixed; a hook that is absent costs nothing.
 */
export interface Feature<Methods extends object = object, More extends object = object> {
  /** The feature's name, which is also how `createSessions` tells a feature from anything else. */
  readonly feature: string
  /** What each call of the store is told besides. */
  readonly context?: Pick<CallContext, 'renew'>
  /** Methods of the session; `this` is the session. */
  readonly methods?: Methods
  /** Methods of `sessions`. */
  readonly more?: (settings: FeatureSettings, call: LayerCall) => More
  /** Checks what it needs of `env` and the store, before the first request of an `env`. Throws `ERR_OPTION`. */
  readonly setUp?: (env: never, store: SessionStore) => void
  /** Looks at a request without a token of ours. The work that it returns is done before the first call of the store. */
  readonly arrive?: (session: FeatureSession) => (() => Promise<void>) | undefined
  /** After the store has confirmed the session. */
  readonly confirmed?: (session: FeatureSession, account: Account | undefined) => void
  /** After a token was issued, or the session has ended. */
  readonly changed?: (session: FeatureSession, change: TokenChange) => Promise<void> | undefined
  /** After the commit; the response waits for it. `undefined` if there is nothing to do. */
  readonly finish?: (session: FeatureSession) => Promise<void> | undefined
  /** Begins a sign-in, for the features that need one. */
  readonly signIn?: (
    session: FeatureSession,
    account: Pick<Account, 'userId' | 'provenAt'>,
    details: object,
  ) => Promise<PendingToken>
}

/** Makes a call outside of any request. */
export type LayerCall = <T>(
  store: string,
  method: string,
  run: (context: CallContext) => Await<T>,
) => Promise<T>
