import {
  DATA,
  MAX_TOTAL_CHARACTERS,
  type Outcome,
  type Patch,
  type Refusal,
  sumOf,
} from '../session/patch.ts'

/** A store's working form of a dictionary: a text for each entry name. */
export type Texts = ReadonlyMap<string, string>

/** What applying a patch comes to. */
export interface Difference {
  readonly ok: true
  /** The entries afterwards. */
  readonly after: Texts
  /** The names whose text differs from before, or is gone. */
  readonly changed: readonly string[]
  readonly outcome: Outcome
}

const NO_CHANGES = { expect: [], clear: undefined, delete: [], take: [], increment: [], set: [] }

/** What a patch makes of these entries, which stay as they are until the store has saved the difference. */
export function differenceOf(before: Texts, patch: Patch): Difference | Refusal {
  const { expect, clear, delete: dropped, take, increment, set } = { ...NO_CHANGES, ...patch }
  const textOf = (name: string): string | null => after.get(name) ?? null
  const after = new Map(before)
  if (expect.some(([name, text]) => textOf(name) !== text)) {
    return { ok: false, why: 'conflict', current: expect.map(([name]) => textOf(name)) }
  }
  const kept = new Set(clear ?? before.keys())
  const cleared = [...before.keys()].filter((name) => name.startsWith(DATA) && !kept.has(name))
  for (const name of [...cleared, ...dropped]) after.delete(name)
  const taken = take.map(textOf)
  for (const name of take) after.delete(name)
  const counts = increment.map(([name, by]) => {
    const sum = sumOf(textOf(name), by)
    after.set(name, String(sum))
    return sum
  })
  if (!counts.every(Number.isFinite)) return { ok: false, why: 'not-a-number' }
  for (const [name, text] of set) after.set(name, text)
  if (charactersOf(after) > MAX_TOTAL_CHARACTERS) return { ok: false, why: 'too-large' }
  const named = [...increment, ...set].map(([name]) => name)
  const changed = [...new Set([...cleared, ...dropped, ...take, ...named])].filter(
    (name) => after.get(name) !== before.get(name),
  )
  return { ok: true, after, changed, outcome: { taken, counts } }
}

function charactersOf(texts: Texts): number {
  let characters = 0
  for (const [name, text] of texts) characters += name.length + text.length
  return characters
}
