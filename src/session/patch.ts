import type { Account } from './account.ts'

/**
 * A stored dictionary: a text for each entry name. An entry's name is the space it lies in and its key, so that no name
 * is ever that of an object's inherited member.
 */
export type Entries = Readonly<Record<string, string>>

/** The space of the application's own keys. */
export const DATA = '='
/** The space of flash messages. */
export const FLASH = '!'

/** The key of an entry, by the entry's name. */
export function keyOf(name: string): string {
  return name.slice(DATA.length)
}

/**
 * The changes of one write, applied by a store in this order and in one transaction: all of them or, when `expect`
 * does not hold, none. Names are entry names; a text is a value's stored form.
 */
export interface Changes {
  /** What each of these entries must be for the patch to apply: its text, or `null` for absent. */
  readonly expect?: readonly (readonly [name: string, text: string | null])[]
  /** Present: drop the application's keys, all but these. Flash messages stay. */
  readonly clear?: readonly string[]
  readonly delete?: readonly string[]
  /** Delete these, and answer with what they were. */
  readonly take?: readonly string[]
  /** Add to these numbers, an absent one counting as 0, and answer with what they became. */
  readonly increment?: readonly (readonly [name: string, by: number])[]
  readonly set?: readonly (readonly [name: string, text: string])[]
}

/** Changes with an operation id: a store that has applied an id already repeats its answer, not the changes. */
export interface Patch extends Changes {
  readonly id: string
  /**
   * In `create` and `regenerate` only: signs this user in. Both timeouts begin anew at that moment, and what another user
   * has left is deleted before the changes are applied.
   */
  readonly signIn?: Account | undefined
  /**
   * In `create` only: the session is the one that its handle ever has, and the store remembers that until then, in
   * milliseconds since 1970, after the session's end too.
   */
  readonly onceUntil?: number
}

/** What a patch that was applied answers with, in the order of its `take` and `increment`. */
export interface Outcome {
  readonly taken: readonly (string | null)[]
  readonly counts: readonly number[]
}

export type Applied = { readonly ok: true } & Outcome

/** Why a patch was not applied, though the session is there. Nothing of it has been. */
export type Refusal =
  /** `expect` does not hold; what these entries are instead. */
  | { readonly ok: false; readonly why: 'conflict'; readonly current: readonly (string | null)[] }
  /** An entry to increment is no number, or the sum is not finite. */
  | { readonly ok: false; readonly why: 'not-a-number' }
  /** The session would hold more than `MAX_TOTAL_CHARACTERS`, or more than the store's own limit, such as `1000000 bytes`. */
  | { readonly ok: false; readonly why: 'too-large'; readonly limit?: string }

/** So that the whole dictionary, escaped and in UTF-8, fits one RPC (32 MiB) and one KV value (25 MiB). */
export const MAX_TOTAL_CHARACTERS = 8_000_000

/** The sum of a stored number and another one; not finite where either is no number. */
export function sumOf(text: string | null, by: number): number {
  // Only a JSON number begins like one; what a serializer wrote begins with its mark.
  return (text === null ? 0 : Number(/^[-\d]/.test(text) ? text : Number.NaN)) + by
}

/** What a patch comes to where there is no session, or `undefined` if it has something to keep. */
export function appliedToNothing({
  set = [],
  increment = [],
  take = [],
  signIn,
}: Patch): Applied | undefined {
  if (set.length + increment.length > 0 || signIn !== undefined) return undefined
  return { ok: true, taken: take.map(() => null), counts: [] }
}
