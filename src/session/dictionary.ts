import { changesOf, newPatch, notAtomicError, orThrow, sealedError, textsOf } from './changes.ts'
import { Operations } from './operations.ts'
import { DATA, type Entries, type Patch } from './patch.ts'
import { codecSessionOf, type SessionPort } from './port.ts'

/** Texts by entry name; `null` is an entry known to be absent. */
type Texts = Map<string, string | null>

/** One request's view of the dictionary: the stored entries once loaded, and over them what the request changes. */
export class Dictionary {
  readonly port: SessionPort
  /** Recorded, and not written yet. `clear` replaces both maps, so that what is under way settles in the old ones. */
  #unsaved: Texts | undefined
  /** Written by this request, so that its own later reads see it. */
  #saved: Texts | undefined
  #isCleared = false
  #mustClear = false
  /** What `commit` writes; kept with its id until something else is recorded, so that a repeated commit is known. */
  #patch: Patch | undefined
  #writing: Promise<unknown> | undefined
  #loading: Promise<Entries | undefined> | undefined
  #isSealed = false
  #operations: Operations | undefined
  /** The codec's checks of values that can't be frozen. */
  #watched: (() => void)[] | undefined

  constructor(port: SessionPort) {
    this.port = port
  }

  get operations(): Operations {
    return (this.#operations ??= new Operations(this.port))
  }

  /** Returns this dictionary. Throws if it must not be changed any more, or if the operation needs an atomic store. */
  toChange(operation?: 'increment' | 'update' | 'take'): this {
    if (this.#isSealed) throw sealedError()
    const { name, can } = this.port.store
    if (operation !== undefined && !can.atomic) throw notAtomicError(name, operation)
    return this.toRead()
  }

  /** Returns this dictionary, and notes that the answer depends on it. Throws if this request has destroyed the session. */
  toRead(): this {
    this.port.use()
    return this
  }

  /** The frozen value of a text. A text that can't be read back counts as absent, and is reported. */
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

  /** The stored entries, loaded by the first call. */
  load(isFresh = false): Promise<Entries | undefined> {
    this.#loading ??= this.#read(isFresh)
    return this.#loading
  }

  /** Loads what the store itself has, again if a copy has answered. */
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
      // So that the next one asks again.
      if (this.#loading === reading) this.#loading = undefined
    })
    return reading
  }

  /** An entry's text as this request sees it, or `null`. */
  text(name: string): string | null | Promise<string | null> {
    const own = this.own(name)
    return own === undefined ? this.load().then((entries) => entries?.[name] ?? null) : own
  }

  /** An entry's text by this request's own changes; `undefined` if it made none. */
  own(name: string): string | null | undefined {
    const unsaved = this.unsaved(name)
    if (unsaved !== undefined) return unsaved
    const saved = this.#saved?.get(name)
    return saved === undefined && this.#isCleared && name.startsWith(DATA) ? null : saved
  }

  /** What is recorded of an entry and not written yet; `undefined` for nothing. */
  unsaved(name: string): string | null | undefined {
    const unsaved = this.#unsaved?.get(name)
    if (unsaved !== undefined) return unsaved
    const saved = this.#saved?.get(name)
    const isDropped = this.#mustClear && name.startsWith(DATA) && saved === undefined
    return isDropped || !this.port.canKeep ? (saved ?? null) : undefined
  }

  /** The entries of a space that have a text. */
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
    this.#unsaved ??= new Map()
    this.#unsaved.set(name, text)
  }

  /** Records that the application's keys are to be deleted. */
  clear(): void {
    this.#patch = undefined
    this.#unsaved = withoutData(this.#unsaved)
    this.#saved = withoutData(this.#saved)
    this.#isCleared = true
    this.#mustClear = true
  }

  /** Lets no further change happen. */
  seal(): void {
    this.#isSealed = true
  }

  /** Forgets what is recorded and not written; what is read afterwards is loaded again. */
  discard(): void {
    this.#patch = undefined
    this.#unsaved = undefined
    this.empty()
    this.#loading = undefined
  }

  /** Takes it that nothing is stored. What is recorded is to be written all the same. */
  empty(): void {
    this.#saved = undefined
    this.#isCleared = false
    this.#mustClear = false
    this.#loading = Promise.resolve(undefined)
  }

  /** A write of recorded changes that is under way: until it has settled, the stored text is unknown. */
  get writing(): Promise<unknown> | undefined {
    return this.#writing
  }

  /** Notes what an operation has written, and returns it. */
  noteSaved(name: string, text: string | null): string | null {
    this.#saved ??= new Map()
    this.#saved.set(name, text)
    return text
  }

  /** Writes one recorded entry; if that fails the record is as before, so that a repeated operation begins there again. */
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

  /** Writes all that is recorded; `undefined` if that is nothing. */
  commit(): Promise<void> | undefined {
    if (!this.isDirty) return undefined
    return this.#patch === undefined && this.port.codec.complete !== undefined
      ? this.load().then((entries) => this.#write((this.#patch = this.#newPatch(entries))))
      : this.#write((this.#patch ??= this.#newPatch()))
  }

  #newPatch(entries?: Entries): Patch {
    const recorded = this.#unsaved ?? []
    // What an awaited operation wrote after the clear was recorded outlives it.
    if (this.#mustClear) {
      return { ...newPatch(changesOf(recorded)), clear: [...(this.#saved?.keys() ?? [])] }
    }
    const changes =
      entries && this.port.codec.complete?.(entries, recorded, codecSessionOf(this.port))
    return newPatch(changesOf(changes ?? recorded))
  }

  /**
   * Waits for the operations under way, then writes all that is recorded; from its call on every change throws. Rejects
   * with the first error of either; what is not written then is kept, and can be tried again. `undefined` if there is
   * nothing to wait for.
   */
  finish(): Promise<void> | undefined {
    this.#isSealed = true
    for (const check of this.#watched ?? []) check()
    return this.#operations?.settled()?.then(() => this.commit()) ?? this.commit()
  }

  async #write(patch: Patch): Promise<void> {
    if (!this.port.canKeep) return
    const unsaved = this.#unsaved
    const saved = (this.#saved ??= new Map())
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
      // Unless it was recorded again meanwhile.
      if (unsaved?.get(name) === text) unsaved.delete(name)
    }
  }
}

/** New, so that what is under way settles in the old ones. */
function withoutData(texts: Texts | undefined): Texts {
  return new Map([...(texts ?? [])].filter(([name]) => !name.startsWith(DATA)))
}
