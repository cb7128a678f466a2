import type { Patch } from '../session/patch.ts'
import { type Difference, differenceOf } from './difference.ts'
import { goneReason, type Meta, newMeta, outcomeOf, touched, withOperation } from './meta.ts'
import type { Gone, Moment, WriteReply } from './store.ts'

/** What is to be stored: the whole meta, and the entries that differ. */
export interface Save extends Pick<Difference, 'put' | 'drop'> {
  readonly meta: Meta
}

const NO_ENTRIES = { put: new Map<string, string>(), drop: new Set<string>() }

/**
 * One session in a store's hands, and the rules by which it is read and changed; the same for every store. `save`
 * makes a change durable, or throws, before the record itself changes.
 */
export class SessionRecord {
  #meta: Meta
  readonly #entries: Map<string, string>
  readonly #save: (change: Save) => void
  #entriesJson: string | undefined

  constructor(meta: Meta, entries: Map<string, string>, save: (change: Save) => void) {
    this.#meta = meta
    this.#entries = entries
    this.#save = save
  }

  /** The first write of a session that is not there yet. Nothing is made when the patch is refused. */
  static create(
    hash: string,
    moment: Moment,
    patch: Patch,
    save: (change: Save) => void,
  ): [SessionRecord | undefined, WriteReply] {
    const record = new SessionRecord(newMeta(hash, moment), new Map(), save)
    const reply = record.write(hash, moment, patch)
    return [reply.ok ? record : undefined, reply]
  }

  get meta(): Meta {
    return this.#meta
  }

  /** All entries as one JSON object, kept until the next change. */
  get entriesJson(): string {
    this.#entriesJson ??= JSON.stringify(Object.fromEntries(this.#entries))
    return this.#entriesJson
  }

  gone(hash: string, moment: Moment): Gone | undefined {
    return goneReason(this.#meta, hash, moment)
  }

  /** Records the use, when the last one is `touch` ago. */
  touch(moment: Moment): void {
    const meta = touched(this.#meta, moment)
    if (meta !== this.#meta) this.#change({ meta, ...NO_ENTRIES })
  }

  write(hash: string, moment: Moment, patch: Patch): WriteReply {
    const gone = this.gone(hash, moment)
    if (gone !== undefined) return gone
    const before = outcomeOf(this.#meta, patch.id)
    if (before !== undefined) return { ok: true, ...before }
    const difference = differenceOf(this.#entries, patch)
    if (!difference.ok) return difference
    const { put, drop, outcome } = difference
    const meta = touched(this.#meta, moment)
    if (put.size + drop.size > 0)
      this.#change({ meta: withOperation(meta, patch.id, outcome), put, drop })
    else if (meta !== this.#meta) this.#change({ meta, put, drop })
    return { ok: true, ...outcome }
  }

  regenerate(hash: string, moment: Moment, newHash: string): Gone | undefined {
    // A repeated call finds the new hash in place already.
    const gone = this.#meta.hash === newHash ? undefined : this.gone(hash, moment)
    if (gone !== undefined) return gone
    const meta = { ...touched(this.#meta, moment), hash: newHash, rotatedAt: moment.now }
    this.#change({ meta, ...NO_ENTRIES })
    return undefined
  }

  #change(change: Save): void {
    this.#save(change)
    this.#meta = change.meta
    for (const name of change.drop) this.#entries.delete(name)
    for (const [name, text] of change.put) this.#entries.set(name, text)
    if (change.put.size + change.drop.size > 0) this.#entriesJson = undefined
  }
}
