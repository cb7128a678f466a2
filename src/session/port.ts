import type { DataSchema, Dictionary } from '../schema/standard-schema.ts'
import type { Account, SignInDetails } from './account.ts'
import type { Applied, Entries, Patch, Refusal } from './patch.ts'
import type { Serializer } from './value.ts'

/** What can be wrong with stored data. */
type DataEvent =
  | { readonly type: 'corrupt' | 'migration-failed'; readonly id: string }
  | {
      readonly type: 'invalid' | 'migrated'
      readonly keys: readonly string[]
      readonly id: string
    }

/**
 * What a session needs of the request that it belongs to. It is one visitor's record: found by the token, made by the
 * first write. Every method throws `ERR_SESSION_ENDED` once the session is over, and `ERR_STORE` when the store fails.
 */
export interface SessionPort {
  readonly id: string
  readonly isNew: boolean
  /** When the session began and when it ends if it is not used again, in milliseconds; `undefined` without one. */
  readonly times: { readonly createdAt: number; readonly expiresAt: number } | undefined
  /** Who is signed in. Throws `ERR_NOT_LOADED` while that is not known. */
  readonly account: Account | undefined
  /** The store's name, for messages, and whether it can increment, update and take. */
  readonly store: { readonly name: string; readonly isAtomic: boolean }
  readonly settings: {
    /** The application's own way to write values. */
    readonly serializer: Serializer | undefined
    /** What the dictionary has to be; `undefined` where it may be anything. */
    readonly schema: DataSchema | undefined
    /** Makes a dictionary of the present shape out of an older one. */
    readonly migrate: ((stored: Dictionary) => unknown) | undefined
    /** Reports a stored text that cannot be read back, and what the schema has found. */
    readonly emit: (event: DataEvent) => void
  }
  /** False when nothing can be kept, on plain http: then every change stays in this request. */
  readonly canKeep: boolean
  /** Whether what has been read is a copy's, and the store has not been asked. */
  readonly isCopied: boolean
  /**
   * The stored entries, or `undefined` without a store call where the visitor has no session. Unless it is to be fresh, a
   * copy may answer.
   */
  read(isFresh: boolean): Promise<Entries | undefined>
  /** Applies the patch, creating the session where there is none. */
  write(patch: Patch): Promise<Applied | Refusal>
  /** Gives the session a new secret, at once or with the next write; nothing happens where there is none. */
  regenerate(): Promise<void>
  /** Signs a user in, making the session where there is none; gives whether another user's dictionary was deleted. */
  signIn(userId: string, details: SignInDetails): Promise<boolean>
  destroy(): Promise<void>
  /** The same, as the visitor's own wish. */
  signOut(): Promise<void>
  /** Takes note that the answer depends on the visitor's session. */
  markUsed(): void
  /** The same, and throws when this request has destroyed the session. */
  use(): void
}
