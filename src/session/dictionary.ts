import { commitLast, notAtomicError, sealedError } from './changes.ts'
import { Operations } from './operations.ts'
import { DATA, type Entries, keyOf } from './patch.ts'
import { codecSessionOf, type SessionPort } from './port.ts'
import { type Recorded, rolledBack, type Savepoint, savepointOf, type Texts } from './savepoint.ts'

/** The dictionary in one request: the stored entries once loaded, and the request's changes on top. */
export class Dictionary {
  readonly port: SessionPort
  readonly changes: Recorded = {
    unsaved: undefined,
    saved: undefined,
    isCleared: false,
    mustClear: false,
    patch: undefined,
    writing: undefined,
    shown: undefined,
  }
  #loading: Promise<Entries | undefined> | undefined
  /** The entries that the last load returned, `{}` if there is no session, or `undefined` before it. */
  #loaded: Entries | undefined
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
  toChange(operation?: 'increment' | 'update' | 'take' | 'flash'): this {
    if (this.#isSealed) throw sealedError()
    const { name, can } = this.port.store
    if (operation === 'flash') this.port.restart()
    else if (operation !== undefined && !can.atomic) throw notAtomicError(name, operation)
    return this.toRead()
  }

  /** Returns this dictionary, and marks the session as used. Throws if this request has destroyed the session. */
  toRead(): this {
    this.port.use()
    return this
  }

  /** Returns the frozen value of an entry's text, for the application. A change in place fails the commit. */
  decode(text: string | null, name: string): unknown {
    const value = this.peek(text)
    const watch =
      text === null || value === undefined ? undefined : this.port.codec.watch?.(text, value)
    if (watch !== undefined) (this.#watched ??= []).push(() => watch(this.own(name)))
    return value
  }

  /**
   * Returns the value of a text, frozen as far as possible, without a check for changes in place. A text that cannot be
   * read back is reported, and counts as absent.
   */
  peek(text: string | null): unknown {
    if (text === null) return undefined
    try {
      return this.port.codec.decode(text)
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

  /** Loads the entries before a change, for a codec that completes stored data. */
  async prepare(): Promise<Entries | undefined> {
    const entries = await this.load()
    if (entries !== undefined) await this.port.codec.prepare?.(entries, codecSessionOf(this.port))
    return entries
  }

  /** Loads the store's own data, again if a copy has answered. */
  async loadFresh(): Promise<void> {
    await this.load(true)
    if (!this.port.isCopied) return
    this.#loading = undefined
    await this.load(true)
  }

  /** Makes the next read load the stored entries again, since another request may have changed them. */
  outdate(): void {
    this.#loading = undefined
  }

  #read(isFresh: boolean): Promise<Entries | undefined> {
    const { port } = this
    const { codec } = port
    const read = port.read(isFresh)
    const reading =
      codec.admit === undefined
        ? read
        : read.then((entries) => entries && codec.admit?.(entries, codecSessionOf(port)))
    reading.then(
      (entries) => {
        if (this.#loading === reading) this.#loaded = entries ?? {}
        return undefined
      },
      () => {
        // The next call must ask the store again.
        if (this.#loading === reading) this.#loading = undefined
      },
    )
    return reading
  }

  /** Returns the text of an entry as this request sees it, or `null`. */
  text(name: string): string | null | Promise<string | null> {
    const own = this.own(name)
    return own === undefined ? this.load().then((entries) => entries?.[name] ?? null) : own
  }

  /** Returns an entry's text after this request's own changes, or `undefined` if there are none. */
  own(name: string): string | null | undefined {
    const unsaved = this.unsaved(name)
    if (unsaved !== undefined) return unsaved
    const saved = this.changes.saved?.get(name)
    return saved === undefined && this.changes.isCleared && name.startsWith(DATA) ? null : saved
  }

  /** Returns an entry's recorded text that is not written yet, or `undefined` if there is none. */
  unsaved(name: string): string | null | undefined {
    const unsaved = this.changes.unsaved?.get(name)
    if (unsaved !== undefined) return unsaved
    const saved = this.changes.saved?.get(name)
    const isDropped = this.changes.mustClear && name.startsWith(DATA) && saved === undefined
    return isDropped || !this.port.canKeep ? (saved ?? null) : undefined
  }

  /** Returns the entries of a space that have a text. */
  async texts(space: string): Promise<[name: string, text: string][]> {
    return this.#textsOver((await this.load()) ?? {}, space)
  }

  /** Returns the keys that have a value, as far as known without a call, or `undefined` if nothing is known. */
  knownKeys(): string[] | undefined {
    const texts = this.#textsOver(this.#loaded ?? {}, DATA)
    return this.#loaded !== undefined || texts.length > 0
      ? texts.map(([name]) => keyOf(name))
      : undefined
  }

  #textsOver(stored: Entries, space: string): [name: string, text: string][] {
    const names = new Set(Object.keys(stored))
    for (const texts of [this.changes.saved, this.changes.unsaved])
      for (const [name] of texts ?? []) names.add(name)
    return [...names].flatMap((name) => {
      const own = this.own(name)
      const text = own === undefined ? stored[name] : own
      return text == null || !name.startsWith(space) ? [] : [[name, text]]
    })
  }

  /** Records a new text, or `null` for a deletion. */
  record(name: string, text: string | null): void {
    this.changes.patch = undefined
    this.#operations?.forget(name)
    this.changes.unsaved ??= new Map()
    this.changes.unsaved.set(name, text)
  }

  /** Records the deletion of all the application's keys. */
  clear(): void {
    this.changes.patch = undefined
    this.#operations?.forget()
    this.changes.unsaved = withoutData(this.changes.unsaved)
    this.changes.saved = withoutData(this.changes.saved)
    this.changes.isCleared = true
    this.changes.mustClear = true
  }

  /** Makes every further change throw. */
  seal(): void {
    this.#isSealed = true
  }

  /** Drops the changes that are recorded and not written. Later reads load the dictionary again. */
  discard(): void {
    this.changes.patch = undefined
    this.changes.unsaved = undefined
    this.empty()
    this.#loading = undefined
    this.#watched = undefined
  }

  /** Drops the changes that were recorded after the savepoint and are not written. */
  rollback(to: Savepoint): void {
    const { changes } = this
    Object.assign(changes, { ...rolledBack(savepointOf(changes), to), patch: undefined })
  }

  /** Treats the stored dictionary as empty. Recorded changes are still written. */
  empty(): void {
    this.changes.saved = undefined
    this.changes.isCleared = false
    this.changes.mustClear = false
    this.#loading = Promise.resolve(undefined)
    this.#loaded = {}
  }

  /** True if something is recorded and not written. */
  get isDirty(): boolean {
    const { mustClear, unsaved } = this.changes
    return mustClear || (unsaved !== undefined && unsaved.size > 0)
  }

  /** The texts that operations have written. After a `clear()` it is another map, so take it before the operation. */
  get saved(): Texts {
    return (this.changes.saved ??= new Map())
  }

  /**
   * Waits for the pending operations, then writes all recorded changes. From this call on, every change throws. Rejects
   * with the first error of either. Changes that were not written are kept, and can be retried. Returns `undefined` if
   * there is nothing to wait for.
   */
  finish(): Promise<void> | undefined {
    this.#isSealed = true
    return this.#watched === undefined ? this.#finish() : this.#finishWatched(this.#watched)
  }

  async #finishWatched(checks: readonly (() => void)[]): Promise<void> {
    for (const check of checks) check()
    await this.#finish()
  }

  #finish(): Promise<void> | undefined {
    const settled = this.#operations?.settled()
    if (settled !== undefined) return settled.then(() => commitLast(this))
    return this.isDirty ? commitLast(this) : undefined
  }
}

/** Returns a new map without the data entries, so that a pending write settles in the old one. */
function withoutData(texts: Texts | undefined): Texts {
  return new Map([...(texts ?? [])].filter(([name]) => !name.startsWith(DATA)))
}
