import type { Entries } from './patch.ts'
import { codecSessionOf, type SessionPort } from './port.ts'

/** The stored entries of one request, loaded once, and the values of their texts. */
export class StoredEntries {
  readonly #port: SessionPort
  #loading: Promise<Entries | undefined> | undefined
  /** The checks of the codec for values that cannot be frozen. */
  #watched: (() => void)[] | undefined

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

  /** Makes the next call load them again. Values in use are no longer checked. */
  forget(): void {
    this.#watched = undefined
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

  /** Returns the frozen value of a text. A change in place fails `check`, unless `own` is the changed text. */
  decode(text: string | null, own: () => string | null | undefined): unknown {
    const value = this.peek(text)
    const watch =
      text === null || value === undefined ? undefined : this.#port.codec.watch?.(text, value)
    if (watch !== undefined) (this.#watched ??= []).push(() => watch(own()))
    return value
  }

  /**
   * Returns the frozen value of a text, which may be changed in place as far as freezing allows. A text that cannot be
   * read back is reported, and counts as absent.
   */
  peek(text: string | null): unknown {
    if (text === null) return undefined
    try {
      return this.#port.codec.decode(text)
    } catch {
      this.#port.report({ type: 'corrupt', id: this.#port.id })
      return undefined
    }
  }

  /** Throws `ERR_VALUE` if a value was changed in place. */
  check(): void {
    for (const check of this.#watched ?? []) check()
  }
}
