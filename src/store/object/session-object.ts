import { DurableObject } from 'cloudflare:workers'

import { deadlineOf } from '../../record/meta.ts'
import { PROTOCOL } from '../../record/session-cell.ts'
import { SessionCell } from '../../record/session-cell.ts'
import type { State } from '../../record/step.ts'
import { SessionRows } from './session-rows.ts'

/**
 * One session, in one SQLite-backed Durable Object. Export it from the Worker's main module and bind it;
 * `durableObjectStore` is its only caller.
 *
 * A reply waits for the writes before it to be durable, and writes without an await in between are one transaction
 * (Cloudflare: Durable Object storage, output gates and write coalescing).
 */
export class SessionObject extends DurableObject {
  #cell: SessionCell | undefined

  /** One call of the store: a JSON text in, a JSON text out. Throws for a version of the protocol that it can't speak. */
  call(request: string, version: number = 1): string | Promise<string> {
    if (version > PROTOCOL + 1)
      throw new TypeError(`Protocol ${version} is newer than this object's.`)
    return this.#loadedCell().call(request)
  }

  /** Frees the storage of an expired session. Whether one has expired is decided at each use, not here. */
  override async alarm(): Promise<void> {
    const deadline = await this.#loadedCell().sweep(Date.now())
    if (deadline !== undefined) await this.ctx.storage.setAlarm(deadline)
  }

  #loadedCell(): SessionCell {
    if (this.#cell === undefined) {
      const rows = new SessionRows(this.ctx.storage.kv)
      this.#cell = new SessionCell(rows.load(), (...change) => this.#save(rows, ...change))
    }
    return this.#cell
  }

  /** Not async: what storage refuses is thrown before the cell takes the change over. */
  #save(
    rows: SessionRows,
    state: State | undefined,
    changed: readonly string[],
    isNew: boolean,
  ): Promise<void> | undefined {
    const { storage } = this.ctx
    if (state === undefined) {
      // deleteAll leaves no row, so that nothing is billed; before 2026-02-24 it left the alarm.
      void storage.deleteAlarm()
      rows.clear()
      return storage.deleteAll()
    }
    try {
      rows.save(state, changed)
    } catch (error) {
      // Nothing of a change is kept; a transaction of its own would do the same, and cost each write more than a row.
      this.ctx.abort(String(error))
      throw error
    }
    return isNew ? storage.setAlarm(deadlineOf(state.meta)) : undefined
  }
}

/** A session's object as its callers see it: its answers come over RPC. */
export interface SessionObjectStub {
  call(request: string, version: number): Promise<string>
}
