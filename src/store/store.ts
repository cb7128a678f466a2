import type { Applied, Entries, Patch, Refusal } from '../session/patch.ts'

/** What a verified token says of where the session rests, and the secret that proves it is the latest token. */
export interface Credential {
  /** Minted by `newHandle` of this kind of store; but perhaps of another namespace, or a former configuration. */
  readonly handle: string
  /** The token's rotating secret. A store keeps its SHA-256 only. */
  readonly secret: string
}

/** The moment of a call, by the caller's clock, and the timeouts in force; all in milliseconds. */
export interface Moment {
  readonly now: number
  readonly idle: number
  readonly absolute: number
  /** A use is recorded when the last recorded one is this long ago. */
  readonly touch: number
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

/** The last use on record, this one included if it was recorded; absent where the store records none. */
interface Used {
  readonly usedAt?: number
}

export type ReadReply = ({ readonly ok: true; readonly entries: Entries } & Used) | Gone

export type WriteReply = (Applied & Used) | Refusal | Gone

export type RegenerateReply = { readonly ok: true; readonly handle: string } | Refusal | Gone

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

  /** The session's id for logs and lists: the same for every handle that the session ever has. */
  idOf(handle: string): string

  /**
   * Makes the session and applies the patch. It comes only under a handle that this very request has minted. Where
   * `isAtomic`, it is insert-only: a session that is there under another secret is left alone; repeated with the same
   * secret after a failure, it is a `write`.
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
   * Replaces the secret, so that the old one is refused from now on; gives the handle from now on. Repeated with the
   * same new secret after a failure, it answers as the first time. Where `isAtomic` is false it may come with a patch,
   * to be applied in the same write.
   */
  regenerate(
    credential: Credential,
    moment: Moment,
    newSecret: string,
    patch?: Patch,
  ): Promise<RegenerateReply>

  /** Forgets the session and all its data for good. */
  destroy(credential: Credential, moment: Moment): Promise<{ readonly ok: true } | Gone>
}
