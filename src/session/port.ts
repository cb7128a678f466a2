import type { CodecSession, DataCodec, DataEvent } from './codec.ts'
import type { Applied, Entries, Patch, Refusal } from './patch.ts'

/**
 * A session's interface to its request. The session belongs to one visitor: it is found by the token, and created by
 * the first write. Methods that ask the store throw `ERR_SESSION_ENDED` if the session is over, and `ERR_STORE` if the
 * store fails.
 */
export interface SessionPort {
  readonly id: string
  /** True if the visitor came without a session, as far as this request knows. */
  readonly isNew: boolean
  /**
   * When the session began, and when it ends if it is not used again, in milliseconds since 1970, or `undefined` if
   * there is none. `expiresAt` is infinite if only the store knows it.
   */
  readonly times: { readonly createdAt: number; readonly expiresAt: number } | undefined
  readonly store: { readonly name: string; readonly can: { readonly atomic: boolean } }
  readonly codec: DataCodec
  /** False if no cookie can be set, as on plain http. Then every change is kept in this request only. */
  readonly canKeep: boolean
  /** The purpose of the request. Only a `view` spends flash messages, and a `speculative` one takes nothing. */
  readonly purpose: 'view' | 'head' | 'speculative'
  /**
   * Makes the request not count as use, so that it does not extend the idle timeout, unless it has already made a call.
   */
  poll(): void
  /** True if a copy has answered and the store has not been asked. */
  readonly isCopied: boolean
  /**
   * Returns the stored entries, or `undefined` without a store call if the visitor has no session. A copy may answer,
   * unless `isFresh` is true.
   */
  read(isFresh: boolean): Promise<Entries | undefined>
  /** Applies the patch. Creates the session if there is none. */
  write(patch: Patch): Promise<Applied | Refusal>
  /** Replaces the secret of the session, immediately or with the next write. Does nothing if there is no session. */
  regenerate(): Promise<void>
  destroy(): Promise<void>
  /** Lets the next write create a new session, if this request destroyed the previous one. */
  restart(): void
  /** Records that the response depends on the session of the visitor. */
  markUsed(): void
  /** Does the same as `markUsed`. Throws `ERR_SESSION_ENDED` if this request has destroyed the session. */
  use(): void
  report(event: DataEvent): void
}

/** Returns the access of the codec to this session. */
export function codecSessionOf(port: SessionPort): CodecSession {
  return {
    id: port.id,
    isAtomic: port.store.can.atomic,
    write: (patch) => port.write(patch),
    reload: () => port.read(true),
    report: (event) => port.report(event),
  }
}
