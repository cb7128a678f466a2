import { DurableObject } from 'cloudflare:workers'

import { sha256 } from '../codec/mac.ts'
import type { Patch } from '../session/patch.ts'
import { deadlineOf, type Meta } from './meta.ts'
import { type Save, SessionRecord } from './session-record.ts'
import type { Gone, Moment } from './store.ts'

/** What every call brings, as JSON. */
export interface Call {
  readonly secret: string
  readonly moment: Moment
}

/** Entry names begin with another character. */
const META = '$'
const ENDED: Gone = { ok: false, why: 'ended' }

/**
 * One session, in one SQLite-backed Durable Object. Export it from the Worker's main module and bind it; the store
 * `durableObjectStore` is its only caller. Every call carries one JSON text each way, and answers with a tagged result.
 *
 * Between storage and reply there is no await: the runtime holds a reply back until what was written before it is
 * durable (Cloudflare: output gates), and no other call comes in between.
 */
export class SessionObject extends DurableObject {
  #record: SessionRecord | undefined
  #isLoaded = false
  /** The last secret that came, and its hash, so that a session in use hashes once. */
  #hashed: { readonly secret: string; readonly hash: string } | undefined

  async create(text: string): Promise<string> {
    const { secret, moment, patch } = JSON.parse(text) as Call & { patch: Patch }
    const hash = await this.#hash(secret)
    const present = this.#load()
    if (present !== undefined) return JSON.stringify(present.write(hash, moment, patch))
    const [record, reply] = SessionRecord.create(hash, moment, patch, (change) =>
      this.#save(change),
    )
    this.#record = record
    if (record !== undefined) void this.ctx.storage.setAlarm(deadlineOf(record.meta))
    return JSON.stringify(reply)
  }

  async read(text: string): Promise<string> {
    const { secret, moment } = JSON.parse(text) as Call
    const hash = await this.#hash(secret)
    const record = this.#load()
    const gone = record === undefined ? ENDED : record.gone(hash, moment)
    if (record === undefined || gone !== undefined) return JSON.stringify(gone)
    record.touch(moment)
    return `{"ok":true,"usedAt":${record.meta.usedAt},"entries":${record.entriesJson}}`
  }

  async write(text: string): Promise<string> {
    const { secret, moment, patch } = JSON.parse(text) as Call & { patch: Patch }
    const hash = await this.#hash(secret)
    return JSON.stringify(this.#load()?.write(hash, moment, patch) ?? ENDED)
  }

  async regenerate(text: string): Promise<string> {
    const { secret, moment, newSecret } = JSON.parse(text) as Call & { newSecret: string }
    const hash = await this.#hash(secret)
    const newHash = await sha256(newSecret)
    const record = this.#load()
    const gone = record === undefined ? ENDED : record.regenerate(hash, moment, newHash)
    return JSON.stringify(gone ?? { ok: true })
  }

  async destroy(text: string): Promise<string> {
    const { secret, moment } = JSON.parse(text) as Call
    const hash = await this.#hash(secret)
    const record = this.#load()
    const gone = record?.gone(hash, moment)
    if (gone?.why === 'rotated') return JSON.stringify(gone)
    if (record !== undefined) await this.#empty()
    return JSON.stringify({ ok: true })
  }

  /** Frees the storage of an expired session. It decides nothing: whether a session has expired is asked at each use. */
  override async alarm(): Promise<void> {
    const record = this.#load()
    const deadline = record === undefined ? 0 : deadlineOf(record.meta)
    if (deadline > Date.now()) await this.ctx.storage.setAlarm(deadline)
    else await this.#empty()
  }

  async #hash(secret: string): Promise<string> {
    if (this.#hashed?.secret === secret) return this.#hashed.hash
    const hash = await sha256(secret)
    this.#hashed = { secret, hash }
    return hash
  }

  #load(): SessionRecord | undefined {
    if (!this.#isLoaded) {
      const { kv } = this.ctx.storage
      const meta = kv.get<string>(META)
      if (meta !== undefined) {
        const entries = new Map(kv.list<string>())
        entries.delete(META)
        this.#record = new SessionRecord(JSON.parse(meta) as Meta, entries, (change) => {
          this.#save(change)
        })
      }
      this.#isLoaded = true
    }
    return this.#record
  }

  #save({ meta, put, drop }: Save): void {
    const { kv } = this.ctx.storage
    this.ctx.storage.transactionSync(() => {
      kv.put(META, JSON.stringify(meta))
      for (const name of drop) kv.delete(name)
      for (const [name, text] of put) kv.put(name, text)
    })
  }

  /** Leaves no row and no alarm, so that nothing is billed. */
  async #empty(): Promise<void> {
    this.#record = undefined
    // Before 2026-02-24 deleteAll kept the alarm.
    void this.ctx.storage.deleteAlarm()
    await this.ctx.storage.deleteAll()
  }
}
