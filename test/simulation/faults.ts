import type { Random } from './random.ts'

export type Fate = 'arrives' | 'lost request' | 'lost reply' | 'late reply' | 'doubled'

/** What goes wrong in a run, and how long things take. Decided before the library sees anything of it. */
export class Faults {
  /** False when all is to go well from now on. */
  isOn = true
  readonly #random: Random
  readonly #rate: number

  /** `rate` is the share of calls to which something happens. */
  constructor(random: Random, rate: number) {
    this.#random = random
    this.#rate = rate
  }

  /** The milliseconds that a message is under way. Most are fast, and some slow. */
  latency(): number {
    return this.#random.chance(0.9) ? this.#random.below(20) : this.#random.below(2000)
  }

  /** The milliseconds by which a late reply misses the time limit. */
  lateness(): number {
    return 5000 + this.#random.below(30_000)
  }

  flushTime(): number {
    return this.#random.below(10)
  }

  fateOfCall(): Fate {
    if (!this.#happens()) return 'arrives'
    return this.#random.weighted({
      'lost request': 1,
      'lost reply': 2,
      'late reply': 1,
      doubled: 1,
    })
  }

  /** True if a response never reaches its browser. */
  losesResponse(): boolean {
    return this.#happens()
  }

  /** True if the object is reset while it handles a call. */
  resets(): boolean {
    return this.isOn && this.#random.chance(this.#rate * 0.5)
  }

  /** True if the object has left memory since its last call. */
  evicts(): boolean {
    return this.#random.chance(0.1)
  }

  #happens(): boolean {
    return this.isOn && this.#random.chance(this.#rate)
  }
}
