import type { AnyData } from './data.ts'
import type { Entries, Patch, Refusal } from './patch.ts'

/** A recorded change: an entry's new text, or `null` for a deletion. */
export type Change = readonly [name: string, text: string | null]

/** What a codec may do for the session that it reads. */
export interface CodecSession {
  readonly id: string
  /** Whether the store applies a patch in one step. */
  readonly isAtomic: boolean
  /** Writes to the session that is there. A patch with `expect` is refused where another request was quicker. */
  write(patch: Patch): Promise<{ readonly ok: true } | Refusal>
  /** The entries that the store itself has now. */
  reload(): Promise<Entries | undefined>
  report(event: DataEvent): void
}

/** What can be wrong with stored data, for `onEvent`. */
export type DataEvent =
  | { readonly type: 'corrupt' | 'migration-failed'; readonly id: string }
  | {
      readonly type: 'invalid' | 'migrated'
      readonly keys: readonly string[]
      readonly id: string
    }

/**
 * Turns values into the texts that are stored, and back: the one place where that happens. `createSessions` takes one as
 * `data`; `json` is the default. One codec serves all requests, so it keeps nothing of a request.
 */
export interface DataCodec<Data extends object = AnyData, Flash extends object = AnyData> {
  /** The codec's name, which is also how `createSessions` tells a codec from anything else. */
  readonly codec: string
  /** Carries the types of the dictionary and of the messages; has no value. */
  readonly types?: { readonly data: Data; readonly flash: Flash }
  /** The stored text of a value. Throws `ERR_VALUE` for a value that it would not give back, `ERR_TOO_LARGE` past the limit. */
  encode(key: string, value: unknown): string
  /** The value of a stored text, frozen where that is possible. Throws for a text that it can't read. */
  decode(text: string): unknown
  /** The same, not frozen, for an application that changes values in place. Default `JSON.parse`. */
  thaw?(text: string): unknown
  /**
   * For values that can't be frozen: a check, made right before the commit, that throws `ERR_VALUE` if the value was changed
   * in place. `undefined` for a text whose value is frozen.
   */
  watch?(text: string, value: unknown): (() => void) | undefined
  /** What is wrong with a value of the dictionary, as the cause of an error; `undefined` for one that may be stored. */
  check?(key: string, value: unknown): unknown
  /** What of the stored entries counts, once for each reading. It may write, for a migration. */
  admit?(entries: Entries, session: CodecSession): Promise<Entries>
  /** The changes of a commit over these entries. With it, a session is read before it is changed. */
  complete?(entries: Entries, recorded: Iterable<Change>, session: CodecSession): Iterable<Change>
}
