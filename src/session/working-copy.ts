import { newRandomText } from '../codec/random.ts'
import { SessionError } from '../errors.ts'
import {
  type Applied,
  type Changes,
  changeOf,
  type Entries,
  type Patch,
  type Refusal,
} from './patch.ts'
import type { SessionPort } from './port.ts'
import { type Look, Recorded } from './recorded.ts'
import { decodeValue, encodeValue, type Serializer } from './value.ts'

/** One request's copy of the dictionary: the stored entries once loaded, and what the request changes. */
export class WorkingCopy {
  readonly recorded: Recorded = new Recorded()
  readonly #port: SessionPort
  readonly #serializer: Serializer | undefined
  readonly #running = new Set<Promise<unknown>>()
  /** Patches with an unknown outcome after a store error: to repeat an operation is to send its patch again. */
  readonly #unsure = new Map<string, Patch[]>()
  /** What a serializer made of a text: freezing can't hold a Map or a Date. */
  readonly #serialized: (readonly [value: unknown, text: string])[] = []
  #loading: Promise<Entries | undefined> | undefined

  constructor(port: SessionPort, serializer: Serializer | undefined) {
    this.#port = port
    this.#serializer = serializer
  }

  /** The stored entries, loaded by the first call. */
  load(): Promise<Entries | undefined> {
    this.#loading ??= this.#port.read().catch((error: unknown) => {
      this.#loading = undefined
      throw error
    })
    return this.#loading
  }

  /** An entry's text as this request sees it, or `null`. */
  async text(name: string): Promise<string | null> {
    const own = this.recorded.look(name)
    return own === undefined ? ((await this.load())?.[name] ?? null) : own
  }

  /** What an awaited operation has to work on instead of the store: a text not written yet, or `undefined`. */
  unsaved(name: string): Look {
    const unsaved = this.recorded.unsaved(name)
    return unsaved === undefined && !this.#port.canKeep
      ? (this.recorded.look(name) ?? null)
      : unsaved
  }

  encode(key: string, value: unknown): string {
    return encodeValue(key, value, this.#serializer)
  }

  /** The frozen value of a text. A text that cannot be read back counts as absent, and is reported. */
  decode(text: string | null): unknown {
    if (text === null) return undefined
    try {
      const value = decodeValue(text, this.#serializer)
      if (this.#serializer !== undefined) this.#serialized.push([value, text])
      return value
    } catch {
      this.#port.reportCorrupt()
      return undefined
    }
  }

  /** The patch of this operation that an earlier store error left without an answer. */
  unanswered(operation: string): Patch | undefined {
    return this.#unsure.get(operation)?.shift()
  }

  /** Writes changes under an operation id, which they keep if the store fails and the operation is repeated. */
  async write(operation: string, changes: Changes): Promise<Applied | Refusal> {
    return this.send(operation, this.unanswered(operation) ?? { id: newRandomText(), ...changes })
  }

  async send(operation: string, patch: Patch): Promise<Applied | Refusal> {
    try {
      return orTooLarge(await this.#port.write(patch))
    } catch (error) {
      if (error instanceof SessionError && error.code === 'ERR_STORE') {
        this.#unsure.set(operation, [...(this.#unsure.get(operation) ?? []), patch])
      }
      throw error
    }
  }

  /** Writes one recorded entry at once, and no other. */
  async saveNow(name: string, text: string | null): Promise<void> {
    this.recorded.record(name, text)
    if (!this.#port.canKeep) return
    const clears = this.recorded.clears
    await this.write(`save ${name} ${text}`, changeOf(name, text))
    this.recorded.markSaved(name, text, clears)
  }

  /** Writes all that is recorded. */
  async commit(): Promise<void> {
    const patch = this.recorded.patch()
    if (patch === undefined || !this.#port.canKeep) return
    const clears = this.recorded.clears
    orTooLarge(await this.#port.write(patch))
    this.recorded.markPatchSaved(patch, clears)
  }

  /** Runs an operation that the response waits for, even when the handler does not. */
  run<T>(operation: () => Promise<T>): Promise<T> {
    const running = operation()
    const forget = (): void => void this.#running.delete(running)
    this.#running.add(running)
    running.then(forget, forget)
    return running
  }

  /** Waits for the operations under way, then writes all that is recorded. Rejects with the first error of either. */
  async finish(): Promise<void> {
    this.#checkUnchanged()
    await Promise.all(this.#running)
    await this.commit()
  }

  #checkUnchanged(): void {
    for (const [value, text] of this.#serialized) {
      if (this.encode('', value) === text) continue
      throw new SessionError(
        'ERR_VALUE',
        'A value from session.get() was changed in place, which stores nothing. Copy it, change the copy, and session.set() it.',
      )
    }
  }
}

function orTooLarge(result: Applied | Refusal): Applied | Refusal {
  if (result.ok || result.why !== 'too-large') return result
  throw new SessionError(
    'ERR_TOO_LARGE',
    'The session would hold more than 8,000,000 characters in all. Keep large data elsewhere, and its name in the session.',
  )
}
