import { DurableObject } from 'cloudflare:workers'

import { deadlineOf } from '../../record/meta.ts'
import { PROTOCOL } from '../../record/session-cell.ts'
import { SessionCell } from '../../record/session-cell.ts'
import type { State } from '../../record/step.ts'
import { alarmAt } from './alarm.ts'
import type { SessionPart } from './session-part.ts'
import { SessionRows } from './session-rows.ts'

let cellIn: (object: SessionObject) => SessionCell

/**
 * One session, in one SQLite-backed Durable Object. Export it from the Worker's main module and bind it. Only
 * `durableObjectStore` calls it.
 *
 * A reply waits until earlier writes are durable. Writes without an await in between are one transaction (Cloudflare:
 * Durable Object storage, output gates and write coalescing).
 */
export class SessionObject extends DurableObject {
  #cell: SessionCell | undefined

  static {
    cellIn = (object: SessionObject): SessionCell => object.#loadedCell()
  }

  /** Handles one call of the store: a JSON text in, a JSON text out. Throws for an unsupported version of the protocol. */
  call(request: string, version: number = 1): string | Promise<string> {
    if (version > PROTOCOL + 1)
      throw new TypeError(`Protocol ${version} is newer than this object's.`)
    return this.#loadedCell().call(request)
  }

  /** Frees the storage of an expired session. Each use decides if a session has expired, not the alarm. */
  override async alarm(): Promise<void> {
    const deadline = await this.#loadedCell().sweep(Date.now())
    if (deadline !== undefined) await this.ctx.storage.setAlarm(alarmAt(deadline))
  }

  #loadedCell(): SessionCell {
    if (this.#cell === undefined) {
      const rows = new SessionRows(this.ctx.storage.kv)
      this.#cell = new SessionCell(rows.load(), (...change) => this.#save(rows, ...change))
    }
    return this.#cell
  }

  /** Not async: an error of storage is thrown before the cell applies the change. */
  #save(
    rows: SessionRows,
    state: State | undefined,
    changed: readonly string[],
    isNew: boolean,
  ): Promise<void> | undefined {
    const { storage } = this.ctx
    if (state === undefined) {
      // deleteAll leaves no row, so nothing is billed. Before 2026-02-24 it left the alarm.
      void storage.deleteAlarm()
      rows.clear()
      return storage.deleteAll()
    }
    try {
      rows.save(state, changed)
    } catch (error) {
      // Drops the whole change. A separate transaction would do the same, but cost each write more than a row. Without
      // changed entries there was one row only.
      if (changed.length > 0) this.ctx.abort(String(error))
      throw error
    }
    return isNew ? storage.setAlarm(alarmAt(deadlineOf(state.meta))) : undefined
  }
}

/** The object as seen by its callers, over RPC. */
export interface SessionObjectStub {
  call(request: string, version: number): Promise<string>
}

/**
 * Returns a `SessionObject` with the parts of optional features, to be exported: `export class SessionObject extends
 * extendSessionObject(leases) {}`. The stored sessions are the same, so a Worker may change from one class to the other.
 */
export function extendSessionObject(...parts: readonly SessionPart[]): typeof SessionObject {
  return class extends SessionObject {
    #wasLive = false

    override call(request: string, version: number = 1): string | Promise<string> {
      const reply = this.#partsReply(request, version) ?? super.call(request, version)
      return typeof reply === 'string' ? this.#told(reply) : reply.then((text) => this.#told(text))
    }

    override async alarm(): Promise<void> {
      const swept = super.alarm()
      // Before the storage is empty: calls that wait would be left hanging.
      this.#told('')
      await swept
    }

    #partsReply(request: string, version: number): string | Promise<string> | undefined {
      const cell = cellIn(this)
      this.#wasLive ||= cell.isLive
      if (version > PROTOCOL + 1) return undefined
      for (const part of parts) {
        const reply = part.call(cell, request)
        if (reply !== undefined) return reply
      }
      return undefined
    }

    /** Tells the parts if the session has ended, and returns the reply. */
    #told(reply: string): string {
      const cell = cellIn(this)
      if (this.#wasLive && !cell.isLive) for (const part of parts) part.ended?.(cell)
      this.#wasLive = cell.isLive
      return reply
    }
  }
}
