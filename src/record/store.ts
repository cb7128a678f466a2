import type { Account } from '../session/account.ts'
import type { Applied, Entries, Patch, Refusal } from '../session/patch.ts'

/** What a verified token says of where the session rests, and the secret that proves it is the latest token. */
export interface Credential {
  /** Minted by `newHandle` of this kind of store; but perhaps of another namespace, or a former configuration. */
  readonly handle: string
  /** The token's rotating secret, of base64url characters. A store keeps its SHA-256 only. */
  readonly secret: string
}

/** The moment of a call, by the caller's clock, and the timeouts in force; all in milliseconds. */
export interface Moment {
  readonly now: number
  readonly idle: number
  readonly absolute: number
  /** A use is recorded when the last recorded one is this long ago. */
  readonly touch: number
  /** A token's secret is due for renewal when it is this old; absent where secrets are not renewed. */
  readonly renew?: number
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
export interface Seen {
  /** The last use on record, this one included if it was recorded; absent where the store records none. */
  readonly usedAt?: number
  /** Who is signed in; absent where nobody is. */
  readonly account?: Account
  /**
   * How often what a read shows has been changed, this change included; it never goes back. Absent where the store does
   * not count, or forgets: then no read cache works over it.
   */
  readonly revision?: number
  /** Whether the secret is so old that it is to be renewed, or has just been and this is the former one. */
  readonly renewal?: 'due' | 'done'
}

export type ReadReply = ({ readonly ok: true; readonly entries: Entries } & Seen) | Gone

export type WriteReply = (Applied & Seen & Joined) | (Refusal & Seen) | Gone

/** What `create` says where the session was there already, and the patch was not applied: when it began. */
interface Joined {
  readonly createdAt?: number
}

export type RegenerateReply =
  | ({ readonly ok: true; readonly handle: string } & Seen)
  | Refusal
  | Gone

export type DestroyReply = ({ readonly ok: true } & Pick<Seen, 'account'>) | Gone

/** What goes with a new secret. */
export interface Regeneration {
  readonly secret: string
  /** Milliseconds for which the former secret is good beside the new one; only where `isAtomic`. */
  readonly grace?: number
  /** Where `isAtomic` is false it may have changes, to be applied in the same write. */
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
  /**
   * Whether `write` applies a patch as one step that no other write divides. Where not, patches with `expect`, `take`
   * or `increment` never reach it.
   */
  readonly isAtomic: boolean
  /** Whether the store records when a session was used. Where not, the token's own time counts. */
  readonly recordsUse: boolean

  /** A new handle of base64url characters, 64 at most, that nobody can guess. Makes no call. */
  newHandle(): string

  /**
   * The handle that stands for this key, a SHA-256 in base64url, the same each time; for the one session that is made of an
   * old cookie. Makes no call. Absent where the store can't do what `create` says of `onceUntil`.
   */
  readonly handleFor?: ((key: string) => string) | undefined

  /** The session's id for logs and lists: the same for every handle that the session ever has. */
  idOf(handle: string): string

  /**
   * Makes the session and applies the patch. It comes only under a handle that this very request has minted. Where
   * `isAtomic`, it is insert-only: a session that is there under another secret is left alone; repeated with the same
   * secret after a failure, it is a `write`.
   *
   * With `onceUntil`, it comes under a handle of `handleFor`. A session that is there under the same secret is joined, the patch
   * not applied: for a minute after it began, so that parallel requests share it, and where uses are recorded as
   * long as none is, since then the browser may never have got its cookie. Otherwise it has ended, and so it has until `onceUntil`
   * once it was destroyed or has expired.
   */
  create(credential: Credential, moment: Moment, patch: Patch): Promise<WriteReply>

  /** All entries. Records the use when the last recorded one is `touch` ago, and changes nothing else. */
  read(credential: Credential, moment: Moment): Promise<ReadReply>

  /**
   * Applies the patch to a session that is there, and never makes one. All of it or nothing; when it was applied it is
   * stored before the reply. A patch that changed something is not applied again when its id comes again soon: the reply
   * is the first one's, but for taken texts past 8,000 characters, which are not kept for it.
   */
  write(credential: Credential, moment: Moment, patch: Patch): Promise<WriteReply>

  /**
   * Replaces the secret, so that the old one is refused from now on, or after the grace; gives the handle from now on.
   * Repeated with the same new secret after a failure, it answers as the first time. A secret that is good for its grace
   * only is not replaced by another one with grace.
   */
  regenerate(
    credential: Credential,
    moment: Moment,
    regeneration: Regeneration,
  ): Promise<RegenerateReply>

  /** Forgets the session and all its data for good; says who was signed in. */
  destroy(credential: Credential, moment: Moment): Promise<DestroyReply>

  /**
   * Where a user's own object finds the session: `object:` and its id, or `kv:` and its key. Absent where sessions are
   * out of its reach.
   */
  readonly addressOf?: (handle: string) => string
}
