import { DATA, type Outcome, type Patch, type Refusal } from '../session/patch.ts'

/** What applying a patch comes to: entries to put, entries to drop, and the answer. */
export interface Difference {
  readonly ok: true
  readonly put: ReadonlyMap<string, string>
  readonly drop: ReadonlySet<string>
  readonly outcome: Outcome
}

/** So that the whole dictionary, escaped and in UTF-8, fits one RPC (32 MiB) and one KV value (25 MiB). */
const MAX_TOTAL_CHARACTERS = 8_000_000

const NO_CHANGES = { expect: [], delete: [], take: [], increment: [], set: [] }

/**
 * What a patch would change in these entries. The entries themselves stay as they are: a store takes the change over
 * only when its storage has it.
 */
export function differenceOf(
  entries: ReadonlyMap<string, string>,
  patch: Patch,
): Difference | Refusal {
  const { expect, clear, delete: dropped, take, increment, set } = { ...NO_CHANGES, ...patch }
  const draft = new Draft(entries)
  if (expect.some(([name, text]) => draft.get(name) !== text)) {
    return { ok: false, why: 'conflict', current: expect.map(([name]) => draft.get(name)) }
  }
  if (clear !== undefined) draft.clear(new Set(clear))
  for (const name of dropped) draft.drop(name)
  const taken = take.map((name) => draft.take(name))
  const counts: number[] = []
  const faulty = increment.find(([name, by]) => {
    const sum = sumOf(draft.get(name), by)
    draft.set(name, String(sum))
    counts.push(sum)
    return !Number.isFinite(sum)
  })
  if (faulty !== undefined) return { ok: false, why: 'not-a-number', name: faulty[0] }
  for (const [name, text] of set) draft.set(name, text)
  if (draft.isTooLarge()) return { ok: false, why: 'too-large' }
  return { ok: true, put: draft.put, drop: draft.dropped, outcome: { taken, counts } }
}

/** Entries with changes laid over them. Only what really differs is a change. */
class Draft {
  readonly put = new Map<string, string>()
  readonly dropped = new Set<string>()
  readonly #entries: ReadonlyMap<string, string>

  constructor(entries: ReadonlyMap<string, string>) {
    this.#entries = entries
  }

  get(name: string): string | null {
    return this.put.get(name) ?? (this.dropped.has(name) ? null : (this.#entries.get(name) ?? null))
  }

  set(name: string, text: string): void {
    this.dropped.delete(name)
    if (this.#entries.get(name) === text) this.put.delete(name)
    else this.put.set(name, text)
  }

  drop(name: string): void {
    this.put.delete(name)
    if (this.#entries.has(name)) this.dropped.add(name)
  }

  take(name: string): string | null {
    const text = this.get(name)
    this.drop(name)
    return text
  }

  clear(kept: ReadonlySet<string>): void {
    for (const name of this.#entries.keys()) {
      if (name.startsWith(DATA) && !kept.has(name)) this.drop(name)
    }
  }

  isTooLarge(): boolean {
    if (this.put.size === 0) return false
    let characters = 0
    for (const [name, text] of this.put) characters += name.length + text.length
    for (const [name, text] of this.#entries) {
      if (!this.put.has(name) && !this.dropped.has(name)) characters += name.length + text.length
    }
    return characters > MAX_TOTAL_CHARACTERS
  }
}

/** The sum, or no finite number. */
function sumOf(text: string | null, by: number): number {
  // Only a JSON number begins like one; what a serializer wrote begins with its mark.
  return (text === null ? 0 : Number(/^[-\d]/.test(text) ? text : Number.NaN)) + by
}
