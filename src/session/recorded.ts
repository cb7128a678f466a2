import { newRandomText } from '../codec/random.ts'
import { DATA, type Entries, type Patch } from './patch.ts'

/** A stored text, `null` for an entry known to be absent, or `undefined` where this request knows nothing of it. */
export type Look = string | null | undefined

/** What one request has changed: recorded here first, and remembered after it has been written. */
export class Recorded {
  readonly #unsaved = new Map<string, string | null>()
  /** What this request has written already, so that its own later reads see it. */
  readonly #saved = new Map<string, string | null>()
  #mustClear = false
  #clears = 0
  #patch: Patch | undefined

  /** How often `clear` was called: what a write from before a clear answers is of no more interest after it. */
  get clears(): number {
    return this.#clears
  }

  /** What this request would read, as far as its own changes say. */
  look(name: string): Look {
    const unsaved = this.unsaved(name)
    if (unsaved !== undefined) return unsaved
    if (this.#saved.has(name)) return this.#saved.get(name) ?? null
    return this.#clears > 0 && name.startsWith(DATA) ? null : undefined
  }

  /** What is recorded for an entry and not written yet. */
  unsaved(name: string): Look {
    if (this.#unsaved.has(name)) return this.#unsaved.get(name) ?? null
    const isDropped = this.#mustClear && name.startsWith(DATA) && !this.#saved.has(name)
    return isDropped ? null : undefined
  }

  /** Records a new text, or `null` for a deletion. */
  record(name: string, text: string | null): void {
    this.#patch = undefined
    this.#unsaved.set(name, text)
  }

  /** Records the deletion of all the application's keys; flash messages stay. */
  clear(): void {
    this.#patch = undefined
    this.#mustClear = true
    this.#clears += 1
    for (const names of [this.#unsaved, this.#saved]) {
      for (const name of names.keys()) if (name.startsWith(DATA)) names.delete(name)
    }
  }

  /** Forgets what has not been written. */
  discard(): void {
    this.#patch = undefined
    this.#mustClear = false
    this.#unsaved.clear()
  }

  /**
   * All that is not written yet as one patch, or `undefined`. It keeps its id until something else is recorded, so
   * that a commit repeated after a store error is recognised.
   */
  patch(): Patch | undefined {
    if (this.#unsaved.size === 0 && !this.#mustClear) return undefined
    this.#patch ??= this.#newPatch()
    return this.#patch
  }

  #newPatch(): Patch {
    const set: [string, string][] = []
    const dropped: string[] = []
    for (const [name, text] of this.#unsaved) {
      if (text === null) dropped.push(name)
      else set.push([name, text])
    }
    // What an awaited operation wrote after the clear was recorded outlives it.
    const clear = this.#mustClear ? { clear: [...this.#saved.keys()] } : {}
    return { id: newRandomText(), ...clear, delete: dropped, set }
  }

  /** Takes note that what `patch()` gave when `clears` was this number is written; later records stay. */
  markPatchSaved(patch: Patch, clears: number): void {
    if (clears !== this.#clears) return
    this.#mustClear = false
    for (const name of patch.delete ?? []) this.markSaved(name, null, clears)
    for (const [name, text] of patch.set ?? []) this.markSaved(name, text, clears)
  }

  /** Takes note of what an entry is in the store by a write of this request that began at this number of clears. */
  markSaved(name: string, text: string | null, clears: number): void {
    if (clears !== this.#clears) return
    this.#saved.set(name, text)
    if (this.#unsaved.get(name) === text) {
      this.#unsaved.delete(name)
      this.#patch = undefined
    }
  }

  /** The names in a space that have a text, by the stored entries and this request's changes to them. */
  names(stored: Entries | undefined, space: string): string[] {
    const names = new Set([
      ...Object.keys(stored ?? {}),
      ...this.#saved.keys(),
      ...this.#unsaved.keys(),
    ])
    return [...names].filter((name) => {
      const own = this.look(name)
      return name.startsWith(space) && (own === undefined || own !== null)
    })
  }
}
