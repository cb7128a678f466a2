import type { Account } from './account.ts'

/**
 * A stored dictionary: a text for each entry name. An entry's name is its space and its key, so it is never the name of
 * an inherited member of an object.
 */
export type Entries = Readonly<Record<string, string>>

/** The space of the keys of the application. */
export const DATA = '='
/** The space of flash messages. */
export const FLASH = '!'
/** The space of leases. It belongs to the store: reads return nothing from here on. */
export const LEASE = '~'
/**
 * The entry that says that the session is bound to a device: the time of the sign-in, and the earlier of sign-in and
 * registration.
 */
export const BOUND = '#bound'
/** The entry with that device's key. It comes after `LEASE`, so reads do not return it. */
export const BINDING = '§bound'

/** Returns the key of an entry name. */
export function keyOf(name: string): string {
  return name.slice(DATA.length)
}

/**
 * The changes of one write, which a store applies in this order and in one transaction. If `expect` does not match,
 * none is applied. Names are entry names. A text is a value's stored form.
 */
export interface Changes {
  /** The required text of each of these entries, or `null` for absent. */
  readonly expect?: readonly (readonly [name: string, text: string | null])[]
  /** If present, deletes all keys of the application except these. Flash messages stay. */
  readonly clear?: readonly string[]
  readonly delete?: readonly string[]
  /** Deletes these, and returns their texts. */
  readonly take?: readonly string[]
  /** Adds to these numbers, and returns the sums, from -(2^53 - 1) to 2^53 - 1. An absent number counts as 0. */
  readonly increment?: readonly (readonly [name: string, by: number])[]
  readonly set?: readonly (readonly [name: string, text: string])[]
}

/** The changes with an operation id. A store that has already applied an id repeats its answer, not the changes. */
export interface Patch extends Changes {
  readonly id: string
  /**
   * In `create` and `regenerate` only: signs this user in. Both timeouts restart at that moment. Another user's data is
   * deleted before the changes are applied.
   */
  readonly signIn?: Account | undefined
  /**
   * In `regenerate`, only without `can.atomic`: true if this sign-in replaces another user's pending one. The stored
   * data is deleted before the changes are applied.
   */
  readonly replacesAnothers?: boolean
  /**
   * In `create`: the handle never gets another session. The store remembers that until this time, in milliseconds since
   * 1970, even after the session has ended. In `write`, only asks if it had one.
   */
  readonly onceUntil?: number
}

/** The results of an applied patch, in the order of its `take` and `increment`. */
export interface Outcome {
  readonly taken: readonly (string | null)[]
  readonly counts: readonly number[]
}

export type Applied = { readonly ok: true } & Outcome & {
    /**
     * True if this call increased the session's revision by one. Absent if it changed nothing, if the patch had been
     * applied before, or if the store does not tell.
     */
    readonly moved?: true
  }

/** The reason that a patch was not applied to an existing session. No part of it was applied. */
export type Refusal =
  /** `expect` does not match; `current` has the texts of these entries. */
  | { readonly ok: false; readonly why: 'conflict'; readonly current: readonly (string | null)[] }
  /** An entry to increment is not a number, or the sum is not between -(2^53 - 1) and 2^53 - 1. */
  | { readonly ok: false; readonly why: 'not-a-number' }
  /** The session would exceed `MAX_TOTAL_CHARACTERS`, or the store's own limit, such as `1000000 bytes`. */
  | { readonly ok: false; readonly why: 'too-large'; readonly limit?: string }

/** The maximum size of a dictionary. */
export const MAX_TOTAL_CHARACTERS = 8_000_000
/** The maximum size of a dictionary as JSON. With two bytes per character, it fits into one RPC (32 MiB). */
export const MAX_JSON_CHARACTERS = 16_500_000

/** Returns the sum of a stored number and another one. It is NaN if either is not a number. */
export function sumOf(text: string | null, by: number): number {
  // JSON turns a number that is not finite into null.
  if (typeof by !== 'number') return Number.NaN
  // Only a JSON number starts like this. A serializer's text starts with its mark.
  return (text === null ? 0 : Number(/^[-\d]/.test(text) ? text : Number.NaN)) + by
}

/** True if a sum may be stored. Above 2^53 - 1, adding 1 may change nothing, so counts would be lost. */
export function isSum(sum: number): boolean {
  return Math.abs(sum) <= Number.MAX_SAFE_INTEGER
}

/** Returns the outcome of a patch if there is no session, or `undefined` if the patch stores anything. */
export function appliedToNothing({
  set = [],
  increment = [],
  take = [],
  signIn,
}: Patch): Applied | undefined {
  if (set.length + increment.length > 0 || signIn !== undefined) return undefined
  return { ok: true, taken: take.map(() => null), counts: [] }
}
