/** The operations under way, which the response waits for even when the handler does not. */
export class Running {
  readonly #operations = new Set<Promise<unknown>>()

  run<T>(operation: () => Promise<T>): Promise<T> {
    const running = operation()
    const forget = (): void => void this.#operations.delete(running)
    this.#operations.add(running)
    running.then(forget, forget)
    return running
  }

  /** Waits for all; rejects with the first error. There is nothing to wait for where there is none. */
  settled(): Promise<unknown> | undefined {
    return this.#operations.size === 0 ? undefined : Promise.all(this.#operations)
  }
}
