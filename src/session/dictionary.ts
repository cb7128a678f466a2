import {
  changesOf,
  newPatch,
  notAtomicError,
  orThrow,
  sealedError,
  textsOf,
  unlessStoreFailed,
} from './changes.ts'
import { Operations } from './operations.ts'
import { DATA, type Entries, type Patch } from './patch.ts'
import { codecSessionOf, type SessionPort } from './port.ts'
import { recordedSince, rolledBack, type Savepoint, type Texts } from './savepoint.ts'
import { StoredEntries } from './stored-entries.ts'

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
  readonly stored: StoredEntries
  #isSealed = false
  /** The messages that a store without `take` has shown, and whose deletion is recorded. */
  shown: Set<string> | undefined
  #operations: Operations | undefined

  constructor(port: SessionPort) {
    this.port = port
    this.stored = new StoredEntries(port)
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

  /** Returns the frozen value of an entry's text, for the application. A change in place fails the commit. */
  decode(text: string | null, name: string): unknown {
    return this.stored.decode(text, () => this.own(name))
  }

  /** Returns the text of an entry as this request sees it, or `null`. */
  text(name: string): string | null | Promise<string | null> {
    const own = this.own(name)
    return own === undefined ? this.stored.load().then((entries) => entries?.[name] ?? null) : own
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
    const stored = (await this.stored.load()) ?? {}
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
    this.empty()
    this.stored.forget()
  }

  /** Returns the changes so far, for `rollback` and `commit`. */
  savepoint(): Savepoint {
    const [isCleared, mustClear] = [this.#isCleared, this.#mustClear]
    return { unsaved: new Map(this.#unsaved), saved: new Map(this.#saved), isCleared, mustClear }
  }

  /** Drops the changes that were recorded after the savepoint and are not written. */
  rollback(to: Savepoint): void {
    const { unsaved, saved, isCleared, mustClear } = rolledBack(this.savepoint(), to)
    this.#patch = undefined
    this.#unsaved = unsaved
    this.#saved = saved
    this.#isCleared = isCleared
    this.#mustClear = mustClear
  }

  /** Treats the stored dictionary as empty. Recorded changes are still written. */
  empty(): void {
    this.#saved = undefined
    this.#isCleared = false
    this.#mustClear = false
    this.stored.empty()
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

  /** Writes all recorded changes, or those recorded after a savepoint. Returns `undefined` if there are none. */
  commit(since?: Savepoint): Promise<void> | undefined {
    const recorded = this.#recordedSince(since)
    if (recorded === undefined) return undefined
    if (recorded === this.#unsaved && this.#patch !== undefined) return this.#write(this.#patch)
    if (this.port.codec.complete === undefined) return this.#write(this.#newPatch(recorded))
    return this.stored.prepare().then((entries) => this.#write(this.#newPatch(recorded, entries)))
  }

  /** Returns the changes to write; `undefined` if there are none. */
  #recordedSince(since: Savepoint | undefined): Texts | undefined {
    if (!this.isDirty) return undefined
    const unsaved = (this.#unsaved ??= new Map())
    const isWhole = since === undefined || (this.#mustClear && !since.mustClear)
    return isWhole ? unsaved : recordedSince(unsaved, since)
  }

  #newPatch(recorded: Texts, entries?: Entries): Patch {
    const isWhole = recorded === this.#unsaved
    // The clear must keep the texts that an awaited operation wrote after it.
    if (this.#mustClear && isWhole) {
      const clear = [...(this.#saved?.keys() ?? [])]
      return (this.#patch = { ...newPatch(changesOf(recorded)), clear })
    }
    const changes =
      entries && this.port.codec.complete?.(entries, recorded, codecSessionOf(this.port))
    const patch = newPatch(changesOf(changes ?? recorded))
    if (isWhole) this.#patch = patch
    return patch
  }

  /**
   * Waits for the pending operations, then writes all recorded changes. From this call on, every change throws. Rejects
   * with the first error of either. Changes that were not written are kept, and can be retried. Returns `undefined` if
   * there is nothing to wait for.
   */
  finish(): Promise<void> | undefined {
    this.#isSealed = true
    this.stored.check()
    return this.#operations?.settled()?.then(() => this.#commitLast()) ?? this.#commitLast()
  }

  /**
   * Writes the recorded changes. If they only delete messages that were shown, and the store fails, the messages stay:
   * they are then shown once more (Workers KV refuses a second write within a second).
   */
  #commitLast(): Promise<void> | undefined {
    const names = [...(this.#unsaved?.keys() ?? [])]
    const mayFail = !this.#mustClear && names.every((name) => this.shown?.has(name) === true)
    return mayFail ? this.commit()?.catch(unlessStoreFailed) : this.commit()
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
