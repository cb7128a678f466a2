/** With more changes than this, it is another word. */
const MAX_CHANGES = 2

/** Returns the word that was probably meant, or `undefined`. */
export function nearest(word: string, words: readonly string[]): string | undefined {
  const [best] = words
    .map((known) => ({ known, changes: known.startsWith(word) ? 1 : changesBetween(word, known) }))
    .filter(({ changes }) => changes <= MAX_CHANGES)
    .toSorted((one, other) => one.changes - other.changes)
  return best?.known
}

/** Returns how many letters must be inserted, deleted or replaced (Levenshtein). */
function changesBetween(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (const [at, letter] of Array.from(from).entries()) {
    const next = [at + 1]
    for (const [index, other] of Array.from(to).entries()) {
      const replaced = (row[index] ?? 0) + (letter === other ? 0 : 1)
      next.push(Math.min(replaced, (row[index + 1] ?? 0) + 1, (next[index] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
