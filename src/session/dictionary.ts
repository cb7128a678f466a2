import { changesOf, newPatch, notAtomicError, orThrow, sealedError, textsOf } from './changes.ts'
import { Operations } from './operations.ts'
import { DATA, type Entries, type Patch } from './patch.ts'
import { codecSessionOf, type SessionPort } from './port.ts'

/** The texts by entry name; `null` is an entry known to be absent. */
type Texts = Map<string, string | null>

/** The dictionary in one request: the stored entries once loaded, and the changes of the request on top. */
export class Dictionary {
  readonly port: SessionPort
  /**
   * The recorded changes that are not written yet. `clear` replaces both maps, so that a pending write settles in the
   * old ones.
   */
  #unsaved: Texts | undefined
  /** The texts that this request has written, for its own later reads. */
  #saved: Texts | undefined
  #isCleared = false
  #mustClear = false
  /**
   * The patch of `commit`. It keeps its id until something else is recorded, so that a repeated commit is recognized.
   */
  #patch: Patch | undefined
  #writing: Promise<unknown> | undefined
  #loading: Promise<Entries | undefined> | undefined
  #isSealed = false
  #operations: Operations | undefined
  /** The checks of the codec for values that cannot be frozen. */
  #watched: (() => void)[] | undefined

  constructor(port: SessionPort) {
    this.port = port
  }

  get operations(): Operations {
    return (this.#operations ??= new Operations(this.port))
  }

  /** Returns this dictionary. Throws if it must no longer be changed, or if the operation needs an atomic store. */
  toChange(operation?: 'increment' | 'update' | 'take'): this {
    if (this.#isSealed) throw sealedError()
    const { name, can } = this.port.store
    if (operation !== undefined && !can.atomic) throw notAtomicError(name, operation)
    return this.toRead()
  }

  /** Returns this dictionary, and marks the session as used. Throws if this request has destroyed the session. */
  toRead(): this {
    this.port.use()
    return this
  }

  /** Returns the frozen value of a text. A text that cannot be read back is reported, and counts as absent. */
  decode(text: string | null): unknown {
    if (text === null) return undefined
    const { codec } = this.port
    try {
      const value = codec.decode(text)
      const watch = codec.watch?.(text, value)
      if (watch !== undefined) (this.#watched ??= []).push(watch)
      return value
    } catch {
      this.port.report({ type: 'corrupt', id: this.port.id })
      return undefined
    }
  }

  /** Returns the stored entries. The first call loads them. */
  load(isFresh = false): Promise<Entries | undefined> {
    this.#loading ??= this.#read(isFresh)
    return this.#loading
  }

  /** Loads the store's own data, again if a copy has answered. */
  async loadFresh(): Promise<void> {
    await this.load(true)
    if (!this.port.isCopied) return
    this.#loading = undefined
    await this.load(true)
  }

  #read(isFresh: boolean): Promise<Entries | undefined> {
    const { port } = this
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

  /** Returns the text of an entry as this request sees it, or `null`. */
  text(name: string): string | null | Promise<string | null> {
    const own = this.own(name)
    return own === undefined ? this.load().then((entries) => entries?.[name] ?? null) : own
  }

  /** Returns the text of an entry after this request's own changes; `undefined` if there are none. */
  own(name: string): string | null | undefined {
    const unsaved = this.unsaved(name)
    if (unsaved !== undefined) return unsaved
    const saved = this.#saved?.get(name)
    return saved === undefined && this.#isCleared && name.startsWith(DATA) ? null : saved
  }

  /** Returns the recorded text of an entry that is not written yet; `undefined` if there is none. */
  unsaved(name: string): string | null | undefined {
    const unsaved = this.#unsaved?.get(name)
    if (unsaved !== undefined) return unsaved
    const saved = this.#saved?.get(name)
    const isDropped = this.#mustClear && name.startsWith(DATA) && saved === undefined
    return isDropped || !this.port.canKeep ? (saved ?? null) : undefined
  }

  /** Returns the entries of a space that have a text. */
  async texts(space: string): Promise<[name: string, text: string][]> {
    const stored = (await this.load()) ?? {}
    const names = new Set(Object.keys(stored))
    for (const texts of [this.#saved, this.#unsaved])
      for (const [name] of texts ?? []) names.add(name)
    return [...names].flatMap((name) => {
      const own = this.own(name)
      const text = own === undefined ? stored[name] : own
      return text == null || !name.startsWith(space) ? [] : [[name, text]]
    })
  }

  /** Records a new text, or `null` for a deletion. */
  record(name: string, text: string | null): void {
    this.#patch = undefined
    this.#operations?.forget(name)
    this.#unsaved ??= new Map()
    this.#unsaved.set(name, text)
  }

  /** Records the deletion of all the application's keys. */
  clear(): void {
    this.#patch = undefined
    this.#operations?.forget()
    this.#unsaved = withoutData(this.#unsaved)
    this.#saved = withoutData(this.#saved)
    this.#isCleared = true
    this.#mustClear = true
  }

  /** Makes every further change throw. */
  seal(): void {
    this.#isSealed = true
  }

  /** Drops the changes that are recorded and not written. Later reads load the dictionary again. */
  discard(): void {
    this.#patch = undefined
    this.#unsaved = undefined
    this.#watched = undefined
    this.empty()
    this.#loading = undefined
  }

  /** Treats the stored dictionary as empty. Recorded changes are still written. */
  empty(): void {
    this.#saved = undefined
    this.#isCleared = false
    this.#mustClear = false
    this.#loading = Promise.resolve(undefined)
  }

  /** The pending write of recorded changes. Until it has settled, the stored text is unknown. */
  get writing(): Promise<unknown> | undefined {
    return this.#writing
  }

  /** The texts that operations have written. After a `clear()` it is another map, so take it before the operation. */
  get saved(): Texts {
    return (this.#saved ??= new Map())
  }

  /** Writes one recorded entry. If that fails, restores the record, so that a repeated operation starts from it. */
  async writeEntry(name: string, text: string | null, before: string | null): Promise<void> {
    this.record(name, text)
    const unsaved = this.#unsaved
    try {
      await this.#write(newPatch(changesOf([[name, text]])))
    } catch (error) {
      if (unsaved?.get(name) === text) unsaved.set(name, before)
      throw error
    }
  }

  /** True if something is recorded and not written. */
  get isDirty(): boolean {
    return this.#mustClear || (this.#unsaved !== undefined && this.#unsaved.size > 0)
  }

  /** Writes all recorded changes. Returns `undefined` if there are none. */
  commit(): Promise<void> | undefined {
    if (!this.isDirty) return undefined
    return this.#patch === undefined && this.port.codec.complete !== undefined
      ? this.load().then((entries) => this.#write((this.#patch = this.#newPatch(entries))))
      : this.#write((this.#patch ??= this.#newPatch()))
  }

  #newPatch(entries?: Entries): Patch {
    const recorded = this.#unsaved ?? []
    // The clear must keep the texts that an awaited operation wrote after it.
    if (this.#mustClear) {
      return { ...newPatch(changesOf(recorded)), clear: [...(this.#saved?.keys() ?? [])] }
    }
    const changes =
      entries && this.port.codec.complete?.(entries, recorded, codecSessionOf(this.port))
    return newPatch(changesOf(changes ?? recorded))
  }

  /**
   * Waits for the pending operations, then writes all recorded changes. From this call on, every change throws. Rejects
   * with the first error of either. Changes that were not written are kept, and can be retried. Returns `undefined` if
   * there is nothing to wait for.
   */
  finish(): Promise<void> | undefined {
    this.#isSealed = true
    for (const check of this.#watched ?? []) check()
    return this.#operations?.settled()?.then(() => this.commit()) ?? this.commit()
  }

  async #write(patch: Patch): Promise<void> {
    if (!this.port.canKeep) return
    const unsaved = this.#unsaved
    const { saved } = this
    const writing = this.port.write(patch)
    this.#writing = writing
    try {
      orThrow(await writing)
    } finally {
      if (this.#writing === writing) this.#writing = undefined
    }
    if (patch.clear !== undefined && unsaved === this.#unsaved) this.#mustClear = false
    for (const [name, text] of textsOf(patch)) {
      saved.set(name, text)
      // The change is kept if it was recorded again in the meantime.
      if (unsaved?.get(name) === text) unsaved.delete(name)
    }
  }
}

/** Returns a new map without the data entries, so that a pending write settles in the old one. */
function withoutData(texts: Texts | undefined): Texts {
  return new Map([...(texts ?? [])].filter(([name]) => !name.startsWith(DATA)))
}
