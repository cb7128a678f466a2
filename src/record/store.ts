import type { SessionErrorCode } from '../errors.ts'
import type { Account } from '../session/account.ts'
import type { Applied, Entries, Patch, Refusal } from '../session/patch.ts'

/** The session's address from a verified token, and the secret that proves that the token is current. */
export interface Credential {
  /** A handle from `newHandle` of this kind of store, perhaps from another namespace or a previous configuration. */
  readonly handle: string
  /** The token's rotating secret, of base64url characters. A store keeps only its SHA-256. */
  readonly secret: string
  /** The largest `bookmark` issued to the token's holder; absent if there is none. */
  readonly bookmark?: number
  /** The time the token was issued or last sent again, in milliseconds since 1970; absent if it is unknown. */
  readonly usedAt?: number
}

/** The time of a call by the caller's clock, and the timeouts in force, all in milliseconds. */
export interface CallContext {
  readonly now: number
  readonly idle: number
  readonly absolute: number
  /** The minimum time between two recorded uses. */
  readonly touch: number
  /**
   * Returns false if the request does not count as use, such as a prefetch: then no use is recorded. A function,
   * because the check takes time and a copy does not need it. If absent, it is a use.
   */
  readonly isUse?: () => boolean
  /** The age at which a token's secret is due for renewal. Absent if secrets are not renewed. */
  readonly renew?: number
  /** True if the store itself must answer, not a copy. */
  readonly fresh?: boolean
  /**
   * Defers work until after the response. The last deferred work of a request replaces the previous one. The function
   * is the same for all calls of a request.
   */
  readonly defer?: (work: () => Promise<void>) => void
  /**
   * Returns the signal that is aborted when the caller gives up this call, after `storeTimeout`. The store then ends
   * the call: it closes a connection that does not answer, and starts no further write. Created on first use, so that
   * stores without connections pay nothing.
   */
  readonly signal?: () => AbortSignal
  /** Called before each further try of the same call, for traces. */
  readonly tried?: () => void
}

/** A value, or a promise of it: a copy answers immediately, which saves a timer. */
export type Await<T> = T | Promise<T>

/** A store's capabilities, as data. A store that wraps another passes on those that it does not change. */
export interface Capabilities {
  /**
   * True if `write` applies a patch in one step. Otherwise patches with `expect`, `take` or `increment` never reach the
   * store.
   */
  readonly atomic: boolean
  /** True if the store records when a session was used. Otherwise the time in the token counts. */
  readonly recordUse: boolean
  /** True if each answer has a `revision`, which orders copies by age. */
  readonly revise: boolean
  /** True if `handleFor` exists, and `create` supports `onceUntil`. */
  readonly adopt: boolean
  /** True if `addressOf` exists: a user's object can reach the sessions. */
  readonly address: boolean
}

/** The reason that a credential has no session. */
export type Gone =
  /**
   * The session was never created, was destroyed or cleaned up, or the handle is not from this store. `at` is the time
   * of the end, in milliseconds since 1970: the `now` of the `destroy`, or of the user's object's call, that ended the
   * session. A store reports it for a minute where that costs nothing: Durable Objects while they are in memory.
   * Without `at`, the session ended long ago, or the store does not know when. A repeated `destroy` is still `ok`, and
   * does not change the time. `isSpent` is only in the answer to a `write` with `onceUntil`.
   */
  | {
      readonly ok: false
      readonly gone: 'ended'
      readonly at?: number
      readonly isSpent?: true
    }
  /** The store does not return the session, perhaps because the token is so recent that it cannot be seen yet. */
  | { readonly ok: false; readonly gone: 'unseen' }
  /** The session is past its idle or absolute timeout, although the record may still exist. */
  | { readonly ok: false; readonly gone: 'expired' }
  /** The stored data cannot be read as a session. */
  | { readonly ok: false; readonly gone: 'corrupt' }
  /** The session has had a newer secret since this time. */
  | { readonly ok: false; readonly gone: 'rotated'; readonly at: number }

/** A session's status, part of each answer of the store. */
export interface Status {
  /** The last recorded use, which may be this one; absent if the store records none. */
  readonly usedAt?: number
  /** The first use under the current absolute timeout. Absent if that has not changed, or the store does not know. */
  readonly absoluteSince?: number
  /** The signed-in account; absent if there is none. */
  readonly account?: Account
  /**
   * The number of changes to the data that a read returns, including this one; it never decreases. Absent without
   * `can.revise`.
   */
  readonly revision?: number
  /**
   * A number that the token sends back with the next request, for read-your-writes. Only the store that issued it knows
   * what it means. Absent if the store needs none.
   */
  readonly bookmark?: number
  /** When the store ends the session, if that is earlier than the timeouts say. Milliseconds since 1970. */
  readonly expiresAt?: number
  /** True if a copy answered, which may be older than the store's data. */
  readonly isCopy?: boolean
  /** `due` if the secret is old enough to be renewed. `done` if it was just renewed and this is the previous one. */
  readonly renewal?: 'due' | 'done' | undefined
}

export type ReadReply = ({ readonly ok: true; readonly entries: Entries } & Status) | Gone

export type WriteReply = (Applied & Status & Joined) | (Refusal & Status) | Gone

/** The creation time of a session that `create` found. The patch was not applied. */
interface Joined {
  readonly createdAt?: number
}

export type RegenerateReply =
  | ({ readonly ok: true; readonly handle: string } & Status)
  | Refusal
  | Gone

export type DestroyReply = ({ readonly ok: true } & Pick<Status, 'account'>) | Gone

/** A call to the part of a feature that runs where the session is stored, such as `leases` and `bindings`. */
export type PartCall = LeaseCall | BindingCall

/**
 * A call for a lease: of all requests that ask for the same name, one holds it. `attempt` identifies one caller. A
 * repeated call of the same attempt has the same effect. Durations are in milliseconds.
 */
export interface LeaseCall {
  readonly method: 'lease' | 'release'
  readonly about: LeaseRequest
  /** In `release` with a result: the changes to write in the same transaction. */
  readonly patch?: Patch | undefined
}

/**
 * A call about the device that a session is bound to. It finds the session by its handle alone, since the device's
 * proof counts, not the secret. The caller has checked that it made the challenge itself.
 */
export interface BindingCall {
  readonly method: 'bind' | 'prove'
  readonly about: BindRequest | ProveRequest
  readonly patch?: undefined
}

/** Binds the session to a key, once for each sign-in. */
export interface BindRequest {
  /** The time of the sign-in for which the key was registered. Milliseconds since 1970. */
  readonly signedInAt: number
  readonly key: DeviceKey
}

/** Presents a proof of the key. Without `proof`, it only asks for the status. */
export interface ProveRequest {
  readonly proof?: {
    /** The time of the challenge, in milliseconds since 1970. Each is accepted once, and none after a later one. */
    readonly at: number
    readonly alg: string
    /** The signed text, and its signature as base64url. */
    readonly text: string
    readonly signature: string
  }
}

/** A public key with its required members (RFC 7518 section 6). */
export type DeviceKey =
  | { readonly alg: 'ES256'; readonly x: string; readonly y: string }
  | { readonly alg: 'RS256'; readonly n: string; readonly e: string }

export interface LeaseRequest {
  /** The name of the lease, in the space `LEASE`. */
  readonly name: string
  readonly attempt: string
  /** How long the caller may hold the lease. */
  readonly lease: number
  /** How long a result is kept for later requests. */
  readonly keep: number
  /** In `lease`: how long the call may wait for the holder. */
  readonly wait?: number | undefined
  /** In `release`: the result for the waiting requests. Without it, another caller gets the lease. */
  readonly result?: string | undefined
}

export type LeaseReply =
  | ({
      readonly ok: true
      /**
       * The answer to `lease`; absent if the object has no leases.
       * - `yours`: the caller holds the lease, until it releases it or the time is up.
       * - `kept`: another caller held it; `result` is its result.
       * - `free`: the holder gave it up. The next caller that asks gets it.
       */
      readonly lease?: 'yours' | 'kept' | 'free'
      readonly result?: string
    } & Status)
  /** The caller did not get the lease, or no longer holds it. The message says why. */
  | { readonly ok: false; readonly code: SessionErrorCode; readonly message: string }
  /** The patch was refused, and the lease released. */
  | (Refusal & Status)
  | Gone

export type BindingReply =
  | ({
      readonly ok: true
      /**
       * The time of the last accepted challenge, or of the sign-in if there was none. Absent if the object has no
       * bindings.
       */
      readonly provenAt?: number
      /**
       * Why the call was refused. `taken`: the sign-in already has its key, or is not the last one. `late`: the
       * challenge, or a later one, was used. `key`: another key made the signature. `none`: there was no proof.
       */
      readonly refused?: 'taken' | 'late' | 'key' | 'none'
    } & Status)
  /** There is no such session, or it is not bound. */
  | Gone

export type PartReply = LeaseReply | BindingReply

/** The new secret, with its options. */
export interface Regeneration {
  readonly secret: string
  /** The milliseconds for which the previous secret stays valid beside the new one. Only with `can.atomic`. */
  readonly grace?: number
  /** True if no response has sent the previous token, so that no other request can have it. */
  readonly isUnsent?: boolean
  /** The patch to apply in the same write. It has changes only without `can.atomic`. */
  readonly patch?: Patch | undefined
}

/**
 * The store of the sessions. The comments are the contract, and `edge-session/testing/store-contract` tests a store
 * against it.
 *
 * A missing session, an invalid handle and a wrong secret are answers, not errors. A store throws only if it failed,
 * and then the outcome of a write is unknown.
 */
export interface SessionStore {
  /** The name for messages, such as `durable-object`. */
  readonly name: string
  readonly can: Capabilities

  /** Returns a new unguessable handle, of at most 64 base64url characters. Makes no call. */
  newHandle(): string

  /**
   * Returns the handle for this key, a SHA-256 in base64url; the same each time. For the single session of an old
   * cookie. Makes no call. Only with `can.adopt`.
   */
  readonly handleFor?: ((key: string) => string) | undefined

  /** Returns the id of the session for logs and lists: the same for every handle of the session. */
  idOf(handle: string): string

  /**
   * Creates the session and applies the patch. The handle is new, from this request. With `can.atomic`, it only
   * inserts: an existing session with another secret is not changed. If repeated with the same secret after a failure,
   * it acts as a `write`.
   *
   * With `onceUntil`, the handle is one of `handleFor`. An existing session with the same secret is joined, and the
   * patch is not applied. Joining is possible for a minute after the session began, so that parallel requests share it.
   * If the store records uses, it is also possible until the first recorded use, since the browser may not have
   * received the cookie yet. Otherwise the answer is `ended`. It is also `ended` until `onceUntil` if the session was
   * destroyed or has expired.
   */
  create(credential: Credential, context: CallContext, patch: Patch): Await<WriteReply>

  /**
   * Returns all entries. Records the use if the last recorded one is at least `touch` ago, and changes nothing else.
   */
  read(credential: Credential, context: CallContext): Await<ReadReply>

  /**
   * Applies the patch to an existing session, and never creates one. Applies all of it or nothing, and stores it before
   * the reply. With `can.atomic`, a patch that changed something is not applied again if its id is repeated: at any
   * time after up to 15 other changes, and within a minute after up to 64, unless these took 128,000 characters or the
   * object left memory in between. The reply is then the first one, without `moved` and with the current status. Taken
   * texts over 8,000 characters are not kept.
   *
   * With `onceUntil`, it changes nothing, and answers as `create` with it would. If that would create the session, the
   * answer is `ended`; if the handle has had its session, `isSpent` is also true.
   */
  write(credential: Credential, context: CallContext, patch: Patch): Await<WriteReply>

  /**
   * Replaces the secret, so that the old one is refused immediately, or after the grace period. Returns the new handle.
   * If repeated with the same new secret after a failure, it returns the same answer. A secret in its grace period
   * cannot be replaced with another grace period.
   */
  regenerate(
    credential: Credential,
    context: CallContext,
    regeneration: Regeneration,
  ): Await<RegenerateReply>

  /** Permanently deletes the session and all its data. Returns the account that was signed in. */
  destroy(credential: Credential, context: CallContext): Await<DestroyReply>

  /**
   * Makes a call to the part of a feature. Only in a store that can have parts.
   *
   * A `lease` waits while another caller holds it. A `release` with a result writes the patch as `write` does, together
   * with the result. Both are safe to repeat. A session that is over has no leases.
   *
   * A `bind` or a `prove` is applied once; if repeated after a failure, it may be refused.
   */
  readonly part?:
    | ((credential: Credential, context: CallContext, call: PartCall) => Await<PartReply>)
    | undefined

  /**
   * Returns the session's address for a user's object: `object:` and its id, or `kv:` and its key. Only with
   * `can.address`.
   */
  readonly addressOf?: ((handle: string) => string) | undefined
}
