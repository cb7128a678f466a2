import type { CodecSession, DataCodec, DataEvent } from './codec.ts'
import type { Applied, Entries, Patch, Refusal } from './patch.ts'

/**
 * The interface of a session to its request. It is the record of one visitor: found by the token, created by the first
 * write. Methods that ask the store throw `ERR_SESSION_ENDED` if the session is over, and `ERR_STORE` if the store
 * fails.
 */
export interface SessionPort {
  readonly id: string
  /** True if the visitor came without a session, as far as is known. */
  readonly isNew: boolean
  /**
   * The times the session began and will end if it is not used again, in milliseconds; `undefined` if there is none.
   * `expiresAt` is infinite if only the store knows it.
   */
  readonly times: { readonly createdAt: number; readonly expiresAt: number } | undefined
  readonly store: { readonly name: string; readonly can: { readonly atomic: boolean } }
  readonly codec: DataCodec
  /** False if no cookie can be set, on plain http. Then every change stays in this request. */
  readonly canKeep: boolean
  /** The purpose of the request. Only a `view` spends flash messages, and a `speculative` one takes nothing. */
  readonly purpose: 'view' | 'head' | 'speculative'
  /** Makes the request not count as use, so that it does not move the idle timeout, unless it has made a call. */
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
  /** Lets the next write create a new session, if this request has destroyed the one before. */
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
