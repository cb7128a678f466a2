import type { CookieAttributes } from '../codec/cookie.ts'
import type { Keyring } from '../codec/keyring.ts'
import type { Token } from '../codec/token.ts'
import type {
  Await,
  CallContext,
  Credential,
  SessionStore,
  Status,
  WriteReply,
} from '../record/store.ts'
import type { Account } from '../session/account.ts'
import type { Dictionary } from '../session/dictionary.ts'
import type { Applied, Entries, Patch, Refusal } from '../session/patch.ts'
import type { SessionEvent } from './event.ts'
import type { RequestLike } from './request-like.ts'
import type { Arrival, SessionState } from './state.ts'

/** A new token that waits for the end of the request, or whose call failed with an unknown outcome. */
export interface PendingToken {
  readonly secret: string
  /** Empty except for a sign-in. */
  readonly patch: Patch
  /** The data of the feature that made the change, for its `changed` hook. */
  readonly note?: unknown
}

/** A change of the token, as reported to features. */
export type TokenChange =
  /**
   * A token was issued by a sign-in, an adoption or `regenerate()`. Not reported for a session's first write or a
   * renewal.
   */
  | {
      readonly is: 'issued'
      readonly pending: PendingToken
      /** The previous handle, if there was one. */
      readonly formerHandle?: string | undefined
      /** True if another request had already created the session. */
      readonly isJoined?: boolean
    }
  /** A pending token will not be issued. */
  | { readonly is: 'dropped'; readonly pending: PendingToken }
  /** The session was destroyed. */
  | { readonly is: 'ended'; readonly id: string; readonly account: Account | undefined }

/** The session of one request, as its features see it. */
export interface FeatureSession {
  readonly request: RequestLike
  readonly env: unknown
  readonly id: string
  readonly store: SessionStore
  readonly keyring: Keyring
  readonly settings: FeatureSettings
  readonly arrival: Arrival
  /** False if the request does not count as use of the session, such as a prefetch or a poll. */
  readonly isUse: boolean
  /** The number of wrappers around the handler at the moment. */
  readonly depth: number
  /** True if a cookie can be set at all. */
  readonly canKeep: boolean
  state: SessionState
  /** The token of the session that the request uses, or `undefined` if there is none. */
  readonly token: Token | undefined
  readonly dictionary: Dictionary
  /** The `signIn` hook of the accounts feature; absent without it. */
  readonly signIn: Feature['signIn']
  /** True if a feature has not yet checked the visitor's credentials. */
  readonly isArriving: boolean
  /** The token that waits for the end of the request. */
  pending: PendingToken | undefined
  /**
   * The headers of the response besides the session's cookie. One with `applies` is sent only if that returns true when
   * the response is made; it gets the headers so far.
   */
  readonly headers: (readonly [
    name: string,
    value: string,
    applies?: (headers: Headers) => boolean,
  ])[]
  /** Makes a call within the time limit. Throws and reports `ERR_STORE` if the call fails or times out. */
  call<T>(store: string, method: string, run: (context: CallContext) => Await<T>): Await<T>
  /**
   * Makes a change after the previous calls of this session. Throws if the session is over, unless the change may start
   * a new one.
   */
  change<T>(make: () => Promise<T>, mayStartOver?: boolean): Promise<T>
  /** True if only this request knows the token, and the browser is to get it. */
  isIssued: boolean
  /** True if the session is over, or the store does not return it yet. */
  readonly isGone: boolean
  /**
   * True if this isolate has ended the session while the request ran, and the store may still return it for a while.
   */
  readonly isRevoked: boolean
  /** Forgets a session that is gone, so that the next write creates another one. */
  startOver(): void
  /** Returns the stored entries. For use inside `change`, which already holds the queue. */
  readNow(isFresh: boolean): Promise<Entries | undefined>
  /** Writes a pending token. If the store is not atomic, these changes go in the same write. */
  settle(pending: PendingToken, changes?: Patch): Promise<Applied | Refusal>
  /** Drops a pending token. */
  drop(): Promise<void>
  /** Creates the session with this credential, or joins it. */
  adopt(credential: Credential, pending: PendingToken): Promise<WriteReply>
  /** Deletes the session from the store. */
  destroyNow(): Promise<unknown>
  /** Returns the credential for the first write. */
  minted(): Credential
  /** Sets the credential for the first write; `undefined` mints a new one. */
  mint(credential: Credential | undefined): void
  markUsed(): void
}

/** The store's answer about a session, with its entries after a read. */
type Confirmed = Status & { readonly entries?: Entries }

/** The trace of a request's session. */
export interface SessionTrace {
  /** Returns a function that makes the call, and traces it. */
  call<T>(
    store: string,
    method: string,
    run: (context: CallContext) => Await<T>,
  ): (context: CallContext) => Await<T>
  /** Ends the trace. The session may still be called. */
  end(): void
}

/** The options that a feature may need. Durations are in milliseconds. */
interface FeatureSettings {
  readonly cookie: CookieAttributes
  readonly context: Omit<CallContext, 'now'>
  readonly emit: (event: SessionEvent) => void
  /** False if there is no `onEvent`, so that a feature can skip what only an event needs. */
  readonly isListening: boolean
  readonly now: () => number
}

/**
 * An optional part of the session layer. `createSessions` takes a list of them as `use`. The core calls the hooks at
 * fixed places, in the list's order. An absent hook costs nothing.
 */
export interface Feature<Methods extends object = object, More extends object = object> {
  /** The name of the feature. `createSessions` recognizes a feature by it. */
  readonly feature: string
  /** Additions to the context of each store call. */
  readonly context?: Pick<CallContext, 'renew'>
  /** The methods added to the session; `this` is the session. */
  readonly methods?: Methods
  /** The methods added to `sessions`. */
  readonly more?: (settings: FeatureSettings, call: LayerCall) => More
  /**
   * Checks the feature's requirements for `env` and the store, before the first request of an `env`. Throws
   * `ERR_OPTION` if one is not met.
   */
  readonly setUp?: (env: never, store: SessionStore) => void
  /** Traces a request's session, which was just opened. Returns `undefined` if it is not traced. */
  readonly trace?: (session: FeatureSession) => SessionTrace | undefined
  /**
   * Returns the response to a request that belongs to the feature, instead of the handler's, or `undefined` for any
   * other.
   */
  readonly answer?: (session: FeatureSession) => Promise<Response> | undefined
  /** Checks a request that has no token of ours. The returned function runs before the first store call. */
  readonly arrive?: (session: FeatureSession) => (() => Promise<void>) | undefined
  /** Runs after the store has confirmed the session. */
  readonly confirmed?: (session: FeatureSession, status: Confirmed) => void
  /** Runs after a token was issued or dropped, or the session has ended. */
  readonly changed?: (session: FeatureSession, change: TokenChange) => Promise<void> | undefined
  /** Runs after the commit; the response waits for it. Returns `undefined` if there is nothing to do. */
  readonly finish?: (session: FeatureSession) => Promise<void> | undefined
  /**
   * Begins a sign-in, for the features that need one. Before it reserves anything, it calls `mayBegin`, which returns
   * false if the sign-in is certain to be refused.
   */
  readonly signIn?: (
    session: FeatureSession,
    account: Pick<Account, 'userId' | 'provenAt'>,
    details: object,
    mayBegin: () => Promise<boolean>,
  ) => Promise<PendingToken>
}

/** Makes a call outside any request. */
export type LayerCall = <T>(
  store: string,
  method: string,
  run: (context: CallContext) => Await<T>,
) => Promise<T>
