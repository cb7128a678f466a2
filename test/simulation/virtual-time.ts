import type { Random } from './random.ts'

interface Event {
  readonly at: number
  readonly order: number
  readonly run: () => void
}

/** More than the events of any run that comes to rest. */
const MAX_EVENTS = 20_000

const immediate = setImmediate
/** How many steps are handed to Node together. */
const AT_ONCE = 8

/**
 * Time that passes only when nothing is left to do. Events of the same time happen in an order that follows from the
 * seed, and everything that an event leads to without waiting is over before the next one.
 */
export class VirtualTime {
  /** Milliseconds since 1970. */
  now: number
  readonly #random: Random
  readonly #events = new Map<number, Event>()
  #last = 0
  #left = MAX_EVENTS

  constructor(random: Random, start: number) {
    this.#random = random
    this.now = start
  }

  /** Runs something after so many milliseconds. Returns the number by which it can be cancelled. */
  after(milliseconds: number, run: () => void): number {
    this.#last += 1
    const at = this.now + Math.max(0, milliseconds)
    this.#events.set(this.#last, { at, order: this.#random.next(), run })
    return this.#last
  }

  cancel(id: number | undefined): void {
    if (id !== undefined) this.#events.delete(id)
  }

  /** Resolves after so many milliseconds. */
  wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => void this.after(milliseconds, resolve))
  }

  /** Lets everything happen that is to happen, or what does until the time `end`. */
  run(end = Infinity): Promise<void> {
    return new Promise((resolve, reject) => {
      let isOver = false
      const step = (): void => {
        if (isOver) return
        try {
          isOver = !this.#step(end)
          if (isOver) resolve()
        } catch (error) {
          isOver = true
          reject(error)
        }
      }
      const go = (): void => {
        if (isOver) return
        // Node settles all promises between two of them, and asks the system for input only after the last.
        for (let left = AT_ONCE; left > 0; left -= 1) immediate(step)
        immediate(go)
      }
      go()
    })
  }

  /** Lets the next thing happen. Returns false if there is none until the time `end`. */
  #step(end: number): boolean {
    const next = this.#next()
    if (next === undefined || next[1].at > end) return false
    this.#left -= 1
    if (this.#left < 0) throw new Error('The run does not come to rest.')
    const [id, { at, run }] = next
    this.#events.delete(id)
    this.now = Math.max(this.now, at)
    run()
    return true
  }

  #next(): [id: number, event: Event] | undefined {
    let first: [number, Event] | undefined
    for (const entry of this.#events) {
      if (first === undefined || isBefore(entry[1], first[1])) first = entry
    }
    return first
  }
}

function isBefore(one: Event, other: Event): boolean {
  return one.at === other.at ? one.order < other.order : one.at < other.at
}
