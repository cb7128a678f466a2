import type { CodecSession, DataCodec, DataEvent } from './codec.ts'
import type { Applied, Entries, Patch, Refusal } from './patch.ts'

/**
 * What a session needs of its request. It is one visitor's record: found by the token, made by the first write. Methods
 * that ask the store throw `ERR_SESSION_ENDED` once the session is over, and `ERR_STORE` when the store fails.
 */
export interface SessionPort {
  readonly id: string
  /** True if the visitor came without a session, as far as is known. */
  readonly isNew: boolean
  /** When the session began and when it ends if it is not used again, in milliseconds; `undefined` without one. */
  readonly times: { readonly createdAt: number; readonly expiresAt: number } | undefined
  readonly store: { readonly name: string; readonly can: { readonly atomic: boolean } }
  readonly codec: DataCodec
  /** False when nothing can be kept, on plain http: then every change stays in this request. */
  readonly canKeep: boolean
  /** True if a copy has answered and the store has not been asked. */
  readonly isCopied: boolean
  /**
   * The stored entries, or `undefined` without a store call where the visitor has no session. Unless it is to be fresh, a
   * copy may answer.
   */
  read(isFresh: boolean): Promise<Entries | undefined>
  /** Applies the patch, creating the session where there is none. */
  write(patch: Patch): Promise<Applied | Refusal>
  /** Gives the session a new secret, at once or with the next write; does nothing where there is no session. */
  regenerate(): Promise<void>
  destroy(): Promise<void>
  /** Notes that the answer depends on the visitor's session. */
  markUsed(): void
  /** The same. Throws `ERR_SESSION_ENDED` if this request has destroyed the session. */
  use(): void
  report(event: DataEvent): void
}

/** What the codec may do for this session. */
export function codecSessionOf(port: SessionPort): CodecSession {
  return {
    id: port.id,
    isAtomic: port.store.can.atomic,
    write: (patch) => port.write(patch),
    reload: () => port.read(true),
    report: (event) => port.report(event),
  }
}
