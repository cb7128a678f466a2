import {
  DATA,
  MAX_JSON_CHARACTERS,
  MAX_TOTAL_CHARACTERS,
  isSum,
  type Outcome,
  type Patch,
  type Refusal,
  sumOf,
} from '../session/patch.ts'

/** The working form of a dictionary in a store: a text for each entry name. */
export type Texts = ReadonlyMap<string, string>

/** The result of applying a patch. */
export interface Difference {
  readonly ok: true
  /** The entries after the patch. */
  readonly after: Texts
  /** The names whose text was changed or deleted. */
  readonly changed: readonly string[]
  readonly outcome: Outcome
}

const NONE: readonly never[] = []

/**
 * Returns the result of applying a patch to these entries. They stay unchanged until the store has saved the
 * difference.
 */
export function differenceOf(before: Texts, patch: Patch): Difference | Refusal {
  const { expect = NONE, take = NONE, set = NONE } = patch
  const after = new Map(before)
  const textOf = (name: string): string | null => after.get(name) ?? null
  if (expect.some(([name, text]) => textOf(name) !== text)) {
    return { ok: false, why: 'conflict', current: expect.map(([name]) => textOf(name)) }
  }
  const dropped = drop(patch, after)
  const taken = take.map(textOf)
  for (const name of take) after.delete(name)
  const counts = add(patch, after)
  if (!counts.every(isSum)) return { ok: false, why: 'not-a-number' }
  for (const [name, text] of set) after.set(name, text)
  if (isTooLarge(after)) return { ok: false, why: 'too-large' }
  const named = [...(patch.increment ?? NONE), ...set].map(([name]) => name)
  const changed = [...new Set([...dropped, ...take, ...named])].filter(
    (name) => after.get(name) !== before.get(name),
  )
  return { ok: true, after, changed, outcome: { taken, counts } }
}

/** Deletes the entries that a patch clears and deletes. Returns their names. */
function drop({ clear, delete: dropped = NONE }: Patch, after: Map<string, string>): string[] {
  const kept = clear && new Set(clear)
  const cleared =
    kept === undefined
      ? NONE
      : [...after.keys()].filter((name) => name.startsWith(DATA) && !kept.has(name))
  const names = [...cleared, ...dropped]
  for (const name of names) after.delete(name)
  return names
}

/** Adds the increments of a patch. Returns the sums. */
function add({ increment = NONE }: Patch, after: Map<string, string>): number[] {
  return increment.map(([name, by]) => {
    const sum = sumOf(after.get(name) ?? null, by)
    after.set(name, String(sum))
    return sum
  })
}

/** True if the entries have too many characters, or would not fit into a call of an object as JSON. */
function isTooLarge(texts: Texts): boolean {
  let characters = 0
  for (const [name, text] of texts) characters += name.length + text.length
  if (characters <= MAX_TOTAL_CHARACTERS / 4) return false
  const isTooMany = characters > MAX_TOTAL_CHARACTERS
  return isTooMany || JSON.stringify(Object.fromEntries(texts)).length > MAX_JSON_CHARACTERS
}
