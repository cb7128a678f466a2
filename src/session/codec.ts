import type { AnyData } from './data.ts'
import type { Entries, Patch, Refusal } from './patch.ts'

/** A recorded change: an entry's new text, or `null` for a deletion. */
export type Change = readonly [name: string, text: string | null]

/** A codec's access to the session that it reads. */
export interface CodecSession {
  readonly id: string
  /** True if the store applies a patch atomically. */
  readonly isAtomic: boolean
  /** Writes to the existing session. A patch with `expect` is refused if another request wrote first. */
  write(patch: Patch): Promise<{ readonly ok: true } | Refusal>
  /** Returns the current entries of the store itself. */
  reload(): Promise<Entries | undefined>
  report(event: DataEvent): void
}

/** An event about stored data, for `onEvent`. */
export type DataEvent =
  | { readonly type: 'corrupt' | 'migration-failed'; readonly id: string }
  | {
      readonly type: 'invalid' | 'migrated'
      readonly keys: readonly string[]
      readonly id: string
    }

/**
 * Turns values into stored text, and back. No other part of the library does. `createSessions` takes a codec as `data`;
 * the default is `json`. One codec serves all requests, so it must not keep a request's data.
 */
export interface DataCodec<Data extends object = AnyData, Flash extends object = AnyData> {
  /** The name of the codec. `createSessions` recognizes a codec by it. */
  readonly codec: string
  /** The types of the dictionary and of the messages. It has no value. */
  readonly types?: { readonly data: Data; readonly flash: Flash }
  /**
   * Returns the stored text of a value. Throws `ERR_VALUE` if the value could not be read back, and `ERR_TOO_LARGE` if
   * it exceeds the limit.
   */
  encode(key: string, value: unknown): string
  /** Returns the value of a stored text, frozen if possible; never `undefined`. Throws if the text cannot be read. */
  decode(text: string): unknown
  /** Returns the value without freezing it, for an application that changes values in place. Default `JSON.parse`. */
  thaw?(text: string): unknown
  /**
   * Returns a check for a value that cannot be frozen, or `undefined` if the value is frozen. The check runs right
   * before the commit. It throws `ERR_VALUE` if the value was changed in place, unless its new text is the one that the
   * request has written for the key.
   */
  watch?(text: string, value: unknown): ((written: string | null | undefined) => void) | undefined
  /** Returns the cause for an error if the value must not be stored, otherwise `undefined`. */
  check?(key: string, value: unknown): unknown
  /** Returns the valid entries of the stored ones, once per read. May write, for a migration. */
  admit?(entries: Entries, session: CodecSession): Promise<Entries>
  /** Returns the changes of a commit to these entries. With this method, a session is read before it is changed. */
  complete?(entries: Entries, recorded: Iterable<Change>, session: CodecSession): Iterable<Change>
  /**
   * Finishes the work that the read of these entries has left, before they are changed. Only called for a codec with
   * `complete`.
   */
  prepare?(entries: Entries, session: CodecSession): Promise<void> | undefined
}

/** True if the codec's check refuses the value, or throws. */
export function isRefused(codec: DataCodec, key: string, value: unknown): boolean {
  try {
    return codec.check?.(key, value) !== undefined
  } catch {
    return true
  }
}
