/** A map that is cleared when it is full, for values that are quick to compute again. */
export class BoundedMap<Value> {
  readonly #max: number
  readonly #values = new Map<string, Value>()

  constructor(max: number) {
    this.#max = max
  }

  /** Returns the value, or `undefined`. */
  get(key: string): Value | undefined {
    return this.#values.get(key)
  }

  /** Stores the value, and returns it. */
  set(key: string, value: Value): Value {
    if (this.#values.size >= this.#max) this.#values.clear()
    this.#values.set(key, value)
    return value
  }
}
