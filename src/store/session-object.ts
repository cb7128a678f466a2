import { DurableObject } from 'cloudflare:workers'

import { deadlineOf, parseMeta } from './meta.ts'
import { SessionCell } from './session-cell.ts'
import type { State } from './step.ts'

/** The row of everything but the entries, whose names begin with another character. */
const META = '$'

/**
 * One session, in one SQLite-backed Durable Object. Export it from the Worker's main module and bind it;
 * `durableObjectStore` is its only caller.
 *
 * A reply waits for the writes before it to be durable, and writes without an await in between are one transaction
 * (Cloudflare: Durable Object storage, output gates and write coalescing).
 */
export class SessionObject extends DurableObject {
  #cell: SessionCell | undefined

  /** One call of the store: a JSON text in, a JSON text out. */
  call(request: string): string | Promise<string> {
    return this.#loadedCell().call(request)
  }

  /** Frees the storage of an expired session. Whether one has expired is decided at each use, not here. */
  override async alarm(): Promise<void> {
    const deadline = await this.#loadedCell().sweep(Date.now())
    if (deadline !== undefined) await this.ctx.storage.setAlarm(deadline)
  }

  #loadedCell(): SessionCell {
    this.#cell ??= new SessionCell(this.#load(), (...change) => this.#save(...change))
    return this.#cell
  }

  #load(): State | 'corrupt' | undefined {
    const rows = new Map(this.ctx.storage.kv.list<string>())
    if (!rows.has(META)) return undefined
    const meta = parseMeta(rows.get(META))
    rows.delete(META)
    return meta === undefined ? 'corrupt' : { meta, entries: rows }
  }

  /** Not async: what storage refuses is thrown before the cell takes the change over. */
  #save(
    state: State | undefined,
    changed: readonly string[],
    isNew: boolean,
  ): Promise<void> | undefined {
    const { storage } = this.ctx
    if (state === undefined) {
      // deleteAll leaves no row, so that nothing is billed; before 2026-02-24 it left the alarm.
      void storage.deleteAlarm()
      return storage.deleteAll()
    }
    try {
      for (const name of changed) {
        const text = state.entries.get(name)
        if (text === undefined) storage.kv.delete(name)
        else storage.kv.put(name, text)
      }
      storage.kv.put(META, JSON.stringify(state.meta))
    } catch (error) {
      // Nothing of a change is kept; a transaction of its own would do the same, and cost each write more than a row.
      this.ctx.abort(`The session could not be stored: ${String(error)}`)
      throw error
    }
    return isNew ? storage.setAlarm(deadlineOf(state.meta)) : undefined
  }
}

/** A session's object as its callers see it: its answers come over RPC. */
export interface SessionObjectStub {
  call(request: string): Promise<string>
}
