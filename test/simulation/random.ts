/** Random numbers that follow from a seed (mulberry32), so that a run can be repeated. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** Returns a number from 0 to 1, without 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /** Returns a whole number from 0 to `end`, without `end`. */
  below(end: number): number {
    return Math.floor(this.next() * end)
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.next() < probability
  }

  pick<T>(list: readonly [T, ...T[]] | readonly T[]): T {
    const picked = list[this.below(list.length)]
    if (picked === undefined) throw new RangeError('There is nothing to pick from.')
    return picked
  }

  /** Picks a name by its weight. */
  weighted<Name extends string>(weights: Readonly<Record<Name, number>>): Name {
    const { entries, sum } = listed(weights) as Listed<Name>
    let rest = this.next() * sum
    for (const [name, weight] of entries) {
      rest -= weight
      if (rest < 0) return name
    }
    throw new RangeError('There is nothing to pick from.')
  }

  /** Fills an array with random bytes. */
  fill<T extends ArrayBufferView>(view: T): T {
    const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
    for (let index = 0; index < bytes.length; index += 1) bytes[index] = this.below(256)
    return view
  }
}

interface Listed<Name extends string> {
  readonly entries: readonly [Name, number][]
  readonly sum: number
}

const lists = new WeakMap<object, Listed<string>>()

function listed(weights: Readonly<Record<string, number>>): Listed<string> {
  const known = lists.get(weights)
  if (known !== undefined) return known
  const entries = Object.entries(weights)
  const list = { entries, sum: entries.reduce((sum, [, weight]) => sum + weight, 0) }
  lists.set(weights, list)
  return list
}
