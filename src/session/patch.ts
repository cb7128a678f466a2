/**
 * A stored dictionary: a text for each entry name. An entry's name is the space it lies in (`=` the application's own
 * keys, `!` flash messages) and its key, so that no name is ever one of an object's inherited members.
 */
export type Entries = Readonly<Record<string, string>>

/** The spaces that keep an application's keys and its flash messages apart. */
export const DATA = '='
export const FLASH = '!'

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
}

/** What a patch that was applied answers with, in the order of its `take` and `increment`. */
export interface Outcome {
  readonly taken: readonly (string | null)[]
  readonly counts: readonly number[]
}

/** Why a patch was not applied, though the session is there. Nothing of it has been. */
export type Refusal =
  | { readonly ok: false; readonly why: 'conflict'; readonly current: readonly (string | null)[] }
  | { readonly ok: false; readonly why: 'not-a-number'; readonly name: string }
  | { readonly ok: false; readonly why: 'too-large' }

export type Applied = { readonly ok: true } & Outcome

/** The changes that give one entry this text, or delete it. */
export function changeOf(name: string, text: string | null): Changes {
  return text === null ? { delete: [name] } : { set: [[name, text]] }
}
