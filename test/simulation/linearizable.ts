/** An operation on a state, from its invocation to its response. */
export interface Operation<State> {
  readonly what: string
  /** The place of the invocation and of the response in the order of all of them. */
  readonly start: number
  /** `Infinity` if the outcome is unknown: it may take effect at any time after `start`, or never. */
  readonly end: number
  /** Returns the next state; `IMPOSSIBLE` if its result cannot be the result of it in this state. */
  readonly apply: (state: State) => State | typeof IMPOSSIBLE
}

export const IMPOSSIBLE = Symbol('impossible')

/**
 * True if the operations can be put in one order, in which each takes effect between its invocation and its response,
 * and each result follows from those before (Herlihy and Wing 1990). The search is Wing and Gong's, with Lowe's memory
 * of the states that were tried, as in porcupine. A history of many keys is checked key by key.
 */
export function isLinearizable<State>(
  operations: readonly Operation<State>[],
  initial: State,
): boolean {
  const sorted = operations.toSorted((one, other) => one.start - other.start)
  const tried = new Set<string>()

  /** Tries each operation that may come next: one that began before the end of every other that is left. */
  function search(done: bigint, certain: number, state: State): boolean {
    if (certain === 0) return true
    const place = `${done} ${JSON.stringify(state)}`
    if (tried.has(place)) return false
    tried.add(place)
    const left = sorted.flatMap((operation, index) =>
      (done & (1n << BigInt(index))) === 0n ? [{ operation, bit: 1n << BigInt(index) }] : [],
    )
    const firstEnd = Math.min(...left.map(({ operation: { end } }) => end))
    return left.some(({ operation: { start, end, apply }, bit }) => {
      if (start > firstEnd) return false
      const next = apply(state)
      return next !== IMPOSSIBLE && search(done | bit, end < Infinity ? certain - 1 : certain, next)
    })
  }

  return search(0n, sorted.filter(({ end }) => end < Infinity).length, initial)
}
