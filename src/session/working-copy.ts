import { SessionError } from '../errors.ts'
import { readChecked, withMigration } from '../schema/checked-entries.ts'
import { changesOf, newPatch, orThrow } from './changes.ts'
import { Operations } from './operations.ts'
import { DATA, type Entries, type Patch } from './patch.ts'
import type { SessionPort } from './port.ts'
import { Values } from './values.ts'

/** Texts by entry name; `null` is an entry known to be absent. */
type Texts = Map<string, string | null>

/** One request's copy of the dictionary: the stored entries once loaded, and over them what the request changes. */
export class WorkingCopy {
  /** Recorded, and not written yet. `clear` replaces both maps, so that what is under way settles in the old ones. */
  #unsaved: Texts | undefined
  /** Written by this request, so that its own later reads see it. */
  #saved: Texts | undefined
  #isCleared = false
  #mustClear = false
  /** What `commit` writes; kept with its id until something else is recorded, so that a repeated commit is known. */
  #patch: Patch | undefined
  /** A write of recorded changes that is under way: until it has settled, nobody knows what is in the store. */
  #writing: Promise<unknown> | undefined
  #loading: Promise<Entries | undefined> | undefined
  #isSealed = false
  readonly port: SessionPort
  readonly values: Values
  readonly operations: Operations

  constructor(port: SessionPort) {
    this.port = port
    this.values = new Values(port)
    this.operations = new Operations(port)
  }

  /** What there is to see without reading; the answer depends on it. */
  toLook(): SessionPort {
    this.port.markUsed()
    return this.port
  }

  /** This copy, as one that the answer depends on. Throws when this request has destroyed its session. */
  toRead(): this {
    this.port.use()
    return this
  }

  /** This copy, as one that may still be changed, and by this operation if it needs a store that is atomic. */
  toChange(operation?: 'increment' | 'update' | 'take'): this {
    if (this.#isSealed) {
      throw new SessionError(
        'ERR_RESPONSE_SENT',
        'The session was changed after its response was made. Change it, and await what is to be awaited, before the handler returns.',
      )
    }
    const { name, isAtomic } = this.port.store
    if (operation !== undefined && !isAtomic) {
      throw new SessionError(
        'ERR_NOT_ATOMIC',
        `The ${name} store cannot ${operation} atomically. Use durableObjectStore; or get() and set(), where a lost update does no harm.`,
      )
    }
    return this.toRead()
  }

  /** The stored entries, loaded by the first call. */
  load(): Promise<Entries | undefined> {
    this.#loading ??= this.#read(false)
    return this.#loading
  }

  /** Loads what the store itself has, once more where a copy has answered. */
  async loadFresh(): Promise<void> {
    this.#loading ??= this.#read(true)
    await this.#loading
    if (!this.port.isCopied) return
    this.#loading = this.#read(true)
    await this.#loading
  }

  #read(isFresh: boolean): Promise<Entries | undefined> {
    return readChecked(this, isFresh).catch((error: unknown) => {
      this.#loading = undefined
      throw error
    })
  }

  /** An entry's text as this request sees it, or `null`. */
  text(name: string): string | null | Promise<string | null> {
    const own = this.own(name)
    return own === undefined ? this.load().then((entries) => entries?.[name] ?? null) : own
  }

  /** An entry's text by this request's own changes; `undefined` where it made none. */
  own(name: string): string | null | undefined {
    const unsaved = this.unsaved(name)
    if (unsaved !== undefined) return unsaved
    const saved = this.#saved?.get(name)
    return saved === undefined && this.#isCleared && name.startsWith(DATA) ? null : saved
  }

  /** What is recorded of an entry and not written yet; `undefined` where that is nothing. */
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
    const changed = [...(this.#saved ?? []), ...(this.#unsaved ?? [])].map(([name]) => name)
    const names = [...new Set([...Object.keys(stored), ...changed])]
    return names.flatMap((name) => {
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

  /** Records that the application's keys are to go. */
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

  /** Forgets what is recorded and not written; what is read afterwards is loaded anew. */
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

  /**
   * An awaited operation on one entry: on what is recorded of it, which is then written, but nothing else that is
   * recorded; or else in the store. Gives the entry's new text.
   */
  async change(
    name: string,
    recorded: (text: string | null) => string | null | Promise<string | null>,
    stored: () => Promise<string | null>,
  ): Promise<string | null> {
    if (this.#writing !== undefined) {
      await this.#writing
      return this.change(name, recorded, stored)
    }
    const unsaved = this.unsaved(name)
    const saved = (this.#saved ??= new Map())
    if (unsaved === undefined) {
      const text = await stored()
      saved.set(name, text)
      return text
    }
    const made = recorded(unsaved)
    // Only what has to be awaited is, so that what the handler does next is done after it.
    const text = made instanceof Promise ? await made : made
    if (this.unsaved(name) !== unsaved) return this.change(name, recorded, stored)
    await this.#writeNow(name, text, unsaved)
    return text
  }

  /** Writes one recorded entry; if that fails the record is as before, so that a repeated operation begins there again. */
  async #writeNow(name: string, text: string | null, before: string | null): Promise<void> {
    this.record(name, text)
    const unsaved = this.#unsaved
    try {
      await this.#write(newPatch(changesOf([[name, text]])))
    } catch (error) {
      if (unsaved?.get(name) === text) unsaved.set(name, before)
      throw error
    }
  }

  get #isDirty(): boolean {
    return (this.#unsaved?.size ?? 0) > 0 || this.#mustClear
  }

  /** Writes all that is recorded. */
  async commit(): Promise<void> {
    if (!this.#isDirty) return
    const loaded = this.port.settings.migrate && (await this.load())
    const recorded = this.#unsaved ?? []
    this.#patch ??= newPatch({
      ...changesOf(this.#mustClear ? recorded : withMigration(this.port, loaded, recorded)),
      // What an awaited operation wrote after the clear was recorded outlives it.
      ...(this.#mustClear ? { clear: [...(this.#saved?.keys() ?? [])] } : {}),
    })
    await this.#write(this.#patch)
  }

  /**
   * Waits for the operations under way, then writes all that is recorded; from its call on every change throws. Rejects
   * with the first error of either; what is not written then is kept, and can be tried again. `undefined` where there is
   * nothing to wait for.
   */
  finish(): Promise<void> | undefined {
    this.seal()
    this.values.check()
    const settled = this.operations.settled()
    if (settled !== undefined) return settled.then(() => this.commit())
    return this.#isDirty ? this.commit() : undefined
  }

  async #write(patch: Patch): Promise<void> {
    if (!this.port.canKeep) return
    const writing = this.#writeAndNote(patch)
    const settled = writing.catch(() => undefined)
    this.#writing = settled
    try {
      await writing
    } finally {
      if (this.#writing === settled) this.#writing = undefined
    }
  }

  async #writeAndNote(patch: Patch): Promise<void> {
    const unsaved = this.#unsaved
    const saved = (this.#saved ??= new Map())
    orThrow(await this.port.write(patch))
    if (patch.clear !== undefined && unsaved === this.#unsaved) this.#mustClear = false
    const dropped = (patch.delete ?? []).map((name) => [name, null] as const)
    for (const [name, text] of [...(patch.set ?? []), ...dropped]) {
      saved.set(name, text)
      // Unless it was recorded anew meanwhile.
      if (unsaved?.get(name) === text) unsaved.delete(name)
    }
  }
}

/** New, so that what is under way settles in the old ones. */
function withoutData(texts: Texts | undefined): Texts {
  return new Map([...(texts ?? [])].filter(([name]) => !name.startsWith(DATA)))
}
