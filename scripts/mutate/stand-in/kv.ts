interface Item {
  readonly value: string
  readonly metadata: unknown
  readonly until: number
}

interface PutOptions {
  readonly expirationTtl?: number
  readonly metadata?: unknown
}

/** Workers KV in memory: no staleness, and no rate. */
export class Kv {
  readonly #items = new Map<string, Item>()

  #live(key: string): Item | undefined {
    const item = this.#items.get(key)
    return item === undefined || item.until <= Date.now() ? undefined : item
  }

  async get(key: string): Promise<string | null> {
    return this.#live(key)?.value ?? null
  }

  async getWithMetadata(key: string): Promise<{ value: string | null; metadata: unknown }> {
    const item = this.#live(key)
    return { value: item?.value ?? null, metadata: item?.metadata ?? null }
  }

  async put(key: string, value: string, options: PutOptions = {}): Promise<void> {
    const { expirationTtl = Infinity, metadata } = options
    if (expirationTtl < 60) throw new Error('KV PUT failed: 400 Invalid expiration_ttl')
    if (expirationTtl >= 2 ** 31 && expirationTtl !== Infinity) throw new TypeError('Out of range')
    if (value.length > 26_214_400) throw new Error('KV PUT failed: 413 Value length exceeds limit')
    this.#items.set(key, { value, metadata, until: Date.now() + expirationTtl * 1000 })
  }

  async delete(key: string): Promise<void> {
    this.#items.delete(key)
  }

  async list({ prefix = '' }: { readonly prefix?: string } = {}): Promise<object> {
    const keys = Array.from(this.#items)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, { until, metadata }]) => ({
        name,
        expiration: Math.ceil(until / 1000),
        metadata,
      }))
    return { keys, list_complete: true }
  }
}
