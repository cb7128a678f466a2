/** A map that forgets all before it holds more than so many: for what is quickly worked out again. */
export class BoundedMap<Value> {
  readonly #max: number
  readonly #values = new Map<string, Value>()

  constructor(max: number) {
    this.#max = max
  }

  get(key: string): Value | undefined {
    return this.#values.get(key)
  }

  /** Holds the value, and gives it back. */
  set(key: string, value: Value): Value {
    if (this.#values.size >= this.#max) this.#values.clear()
    this.#values.set(key, value)
    return value
  }
}
