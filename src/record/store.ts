import type { Account } from '../session/account.ts'
import type { Applied, Entries, Patch, Refusal } from '../session/patch.ts'

/** What a verified token says of where the session is stored, and the secret that proves it is the latest token. */
export interface Credential {
  /** Minted by `newHandle` of this kind of store; but perhaps of another namespace, or a former configuration. */
  readonly handle: string
  /** The token's rotating secret, of base64url characters. A store keeps only its SHA-256. */
  readonly secret: string
  /** The largest `bookmark` that the token's holder has been given; absent if that is none. */
  readonly bookmark?: number
}

/** The time of a call, by the caller's clock, and the timeouts in force; all in milliseconds. */
export interface CallContext {
  readonly now: number
  readonly idle: number
  readonly absolute: number
  /** A use is recorded when the last recorded one is this long ago. */
  readonly touch: number
  /** A token's secret is due for renewal when it is this old; absent if secrets are not renewed. */
  readonly renew?: number
  /** True if only the store's own answer will do, not a copy's. */
  readonly fresh?: boolean
  /** Has work done after the response: of a request's calls, the last one's. The same function for all calls of a request. */
  readonly defer?: (work: () => Promise<void>) => void
}

/** A value, or a promise of it: a copy answers at once, which saves a timer. */
export type Await<T> = T | Promise<T>

/** What a store can do, as data. A store around a store passes on what it does not change. */
export interface Capabilities {
  /** `write` applies a patch in one step. If not, patches with `expect`, `take` or `increment` never reach the store. */
  readonly atomic: boolean
  /** The store records when a session was used. If not, the token's own time counts. */
  readonly recordUse: boolean
  /** Each answer has a `revision`, so that copies of it can be told apart by age. */
  readonly revise: boolean
  /** `handleFor` is there, and `create` does what it says of `onceUntil`. */
  readonly adopt: boolean
  /** `addressOf` is there: a user's object can reach the sessions. */
  readonly address: boolean
}

/** Why there is no session for a credential. */
export type Gone =
  /** Never made, destroyed, or cleaned away; or a handle that can't be one of this store's. */
  | { readonly ok: false; readonly gone: 'ended' }
  /** Past its idle or absolute timeout, though the record may still be there. */
  | { readonly ok: false; readonly gone: 'expired' }
  /** What is stored can't be read as a session. */
  | { readonly ok: false; readonly gone: 'corrupt' }
  /** The session lives on under a newer secret, given at this time. */
  | { readonly ok: false; readonly gone: 'rotated'; readonly at: number }

/** What a store says of a session with each answer. */
export interface Status {
  /** The last use on record, this one included if it was recorded; absent where the store records none. */
  readonly usedAt?: number
  /** Who is signed in; absent where nobody is. */
  readonly account?: Account
  /** How often what a read shows has been changed, this change included; it never goes back. Absent without `can.revise`. */
  readonly revision?: number
  /**
   * A number that the token brings back with its next request, for read-your-writes: only the store that gives it knows
   * what it means. Absent if the store needs none.
   */
  readonly bookmark?: number
  /** True if a copy has answered, which may be behind the store. */
  readonly isCopy?: boolean
  /** Whether the secret is so old that it is to be renewed, or has just been and this is the former one. */
  readonly renewal?: 'due' | 'done' | undefined
}

export type ReadReply = ({ readonly ok: true; readonly entries: Entries } & Status) | Gone

export type WriteReply = (Applied & Status & Joined) | (Refusal & Status) | Gone

/** What `create` says where the session was there already, and the patch was not applied: when it began. */
interface Joined {
  readonly createdAt?: number
}

export type RegenerateReply =
  | ({ readonly ok: true; readonly handle: string } & Status)
  | Refusal
  | Gone

export type DestroyReply = ({ readonly ok: true } & Pick<Status, 'account'>) | Gone

/** What goes with a new secret. */
export interface Regeneration {
  readonly secret: string
  /** Milliseconds for which the former secret is good beside the new one; only where `can.atomic`. */
  readonly grace?: number
  /** Where `can.atomic` is false it may have changes, to be applied in the same write. */
  readonly patch?: Patch | undefined
}

/**
 * Where sessions rest. The comments are the contract; `test/store/contract.ts` holds every store to it.
 *
 * Nothing here throws for a session that is not there, for a handle that is none, or for a wrong secret: those are
 * answers. A store throws only when it failed, and then the outcome of a write is unknown.
 */
export interface SessionStore {
  /** For messages, such as `durable-object`. */
  readonly name: string
  readonly can: Capabilities

  /** A new handle of base64url characters, 64 at most, that nobody can guess. Makes no call. */
  newHandle(): string

  /**
   * The handle that stands for this key, a SHA-256 in base64url, the same each time; for the one session that is made of an
   * old cookie. Makes no call. Only with `can.adopt`.
   */
  readonly handleFor?: ((key: string) => string) | undefined

  /** The session's id for logs and lists: the same for every handle that the session ever has. */
  idOf(handle: string): string

  /**
   * Makes the session and applies the patch. It comes only under a handle that this very request has minted. Where
   * `can.atomic`, it is insert-only: a session that is there under another secret is left alone; repeated with the same
   * secret after a failure, it is a `write`.
   *
   * With `onceUntil`, it comes under a handle of `handleFor`. A session that is there under the same secret is joined, the patch
   * not applied: for a minute after it began, so that parallel requests share it, and where uses are recorded as
   * long as none is, since then the browser may never have got its cookie. Otherwise it has ended, and so it has until `onceUntil`
   * once it was destroyed or has expired.
   */
  create(credential: Credential, context: CallContext, patch: Patch): Await<WriteReply>

  /** All entries. Records the use when the last recorded one is `touch` ago, and changes nothing else. */
  read(credential: Credential, context: CallContext): Await<ReadReply>

  /**
   * Applies the patch to a session that is there, and never makes one. All of it or nothing; when it was applied it is
   * stored before the reply. A patch that changed something is not applied again when its id comes again soon: the reply
   * is the first one's, but for taken texts past 8,000 characters, which are not kept for it.
   */
  write(credential: Credential, context: CallContext, patch: Patch): Await<WriteReply>

  /**
   * Replaces the secret, so that the old one is refused from now on, or after the grace; gives the handle from now on.
   * Repeated with the same new secret after a failure, it answers as the first time. A secret that is good for its grace
   * only is not replaced by another one with grace.
   */
  regenerate(
    credential: Credential,
    context: CallContext,
    regeneration: Regeneration,
  ): Await<RegenerateReply>

  /** Forgets the session and all its data for good; says who was signed in. */
  destroy(credential: Credential, context: CallContext): Await<DestroyReply>

  /**
   * Where a user's own object finds the session: `object:` and its id, or `kv:` and its key. Only with `can.address`.
   */
  readonly addressOf?: ((handle: string) => string) | undefined
}
