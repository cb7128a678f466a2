import type { Entries } from './patch.ts'
import { codecSessionOf, type SessionPort } from './port.ts'

/** The stored entries of one request, loaded once. */
export class StoredEntries {
  readonly #port: SessionPort
  #loading: Promise<Entries | undefined> | undefined

  constructor(port: SessionPort) {
    this.#port = port
  }

  /** Returns the stored entries. The first call loads them. */
  load(isFresh = false): Promise<Entries | undefined> {
    this.#loading ??= this.#read(isFresh)
    return this.#loading
  }

  /** Loads them before a change, for a codec that completes stored data. */
  async prepare(): Promise<Entries | undefined> {
    const entries = await this.load()
    if (entries !== undefined) await this.#port.codec.prepare?.(entries, codecSessionOf(this.#port))
    return entries
  }

  /** Loads the store's own data, again if a copy has answered. */
  async loadFresh(): Promise<void> {
    await this.load(true)
    if (!this.#port.isCopied) return
    this.#loading = undefined
    await this.load(true)
  }

  /** Makes the next call load them again. */
  forget(): void {
    this.#loading = undefined
  }

  /** Treats them as none. */
  empty(): void {
    this.#loading = Promise.resolve(undefined)
  }

  #read(isFresh: boolean): Promise<Entries | undefined> {
    const port = this.#port
    const { codec } = port
    const read = port.read(isFresh)
    const reading =
      codec.admit === undefined
        ? read
        : read.then((entries) => entries && codec.admit?.(entries, codecSessionOf(port)))
    reading.catch(() => {
      // The next call must ask the store again.
      if (this.#loading === reading) this.#loading = undefined
    })
    return reading
  }
}
