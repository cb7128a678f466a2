/** Runs what is asked for one after the other, in the order of asking. */
export class Turns {
  #last: Promise<unknown> | undefined

  /** Runs it at once if nothing was before; gives what it gives. A failure is its own, and not that of the next. */
  take<T>(run: () => Promise<T>): Promise<T> {
    const result = this.#last === undefined ? run() : this.#last.then(run, run)
    this.#last = result
    return result
  }
}
