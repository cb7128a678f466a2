import type { SessionKvNamespace } from '../../src/store/kv.ts'

interface Entry {
  readonly value: string
  readonly expiresAt: number
}

interface Cached {
  readonly at: number
  readonly entry: Entry | undefined
}

/**
 * Workers KV as its documentation promises it and no better, because miniflare's KV is consistent at once and takes any
 * number of writes: staleness and 429 are simulated here. One central store; each location remembers hits and misses
 * alike for `cacheTtl`, 60 s by default; a write reaches the central store at once and the other locations' memory never; one write a
 * second for each key. An entry's expiry counts even where it is remembered.
 */
export class StaleKv {
  readonly #central = new Map<string, Entry>()
  readonly #writtenAt = new Map<string, number>()
  readonly #now: () => number
  readonly #seesOwnWrites: boolean
  readonly #isAwaited: boolean

  /**
   * A location usually sees its own writes, which is not promised: `seesOwnWrites: false` takes that away. With
   * `isAwaited`, the rate goes by the system's clock besides, so that who waits for a second is in time.
   */
  constructor(
    now: () => number,
    {
      seesOwnWrites = true,
      isAwaited = false,
    }: { seesOwnWrites?: boolean; isAwaited?: boolean } = {},
  ) {
    this.#now = now
    this.#isAwaited = isAwaited
    this.#seesOwnWrites = seesOwnWrites
  }

  /** The namespace as one location sees it. */
  location(): SessionKvNamespace {
    const cache = new Map<string, Cached>()

    const write = (key: string, entry: Entry | undefined): void => {
      this.#write(key, entry)
      if (this.#seesOwnWrites) cache.set(key, { at: this.#now(), entry })
    }

    return {
      get: async (key, { cacheTtl = 60 }) => {
        if (!(cacheTtl >= 30))
          throw new Error(`KV GET failed: 400 Invalid cache_ttl of ${cacheTtl}`)
        const cached = cache.get(key)
        const isFresh = cached !== undefined && this.#now() - cached.at < cacheTtl * 1000
        const entry = isFresh ? cached.entry : this.#central.get(key)
        if (!isFresh) cache.set(key, { at: this.#now(), entry })
        return entry !== undefined && entry.expiresAt > this.#now() ? entry.value : null
      },
      put: async (key, value, { expirationTtl }) => {
        if (!(expirationTtl >= 60)) {
          throw new Error(`KV PUT failed: 400 Invalid expiration_ttl of ${expirationTtl}`)
        }
        write(key, { value, expiresAt: this.#now() + expirationTtl * 1000 })
      },
      delete: async (key) => write(key, undefined),
    }
  }

  #write(key: string, entry: Entry | undefined): void {
    const last = this.#writtenAt.get(key) ?? Number.NEGATIVE_INFINITY
    const now = this.#now() + (this.#isAwaited ? performance.now() : 0)
    if (now - last < 1000) throw new Error('KV PUT failed: 429 Too Many Requests')
    this.#writtenAt.set(key, now)
    if (entry === undefined) this.#central.delete(key)
    else this.#central.set(key, entry)
  }
}
