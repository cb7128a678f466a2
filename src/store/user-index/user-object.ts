import { DurableObject } from 'cloudflare:workers'

import { alarmAt } from '../object/alarm.ts'
import { reachThrough } from './reach.ts'
import { UserCell } from './user-cell.ts'
import type { UserRows } from './user-rows.ts'

/** The prefixes of row names: the owner, a listed session, a reserved place, and a session to end. */
const USER = '$'
const LISTED = '='
const RESERVED = '?'
const ENDING = '!'

/**
 * One user's list of sessions, in one SQLite-backed Durable Object. Export it from the Worker's main module, which must
 * also have the bindings of the sessions. Only `userIndex` calls it. A revocation that has begun is completed, even
 * after a crash.
 */
export class UserObject extends DurableObject {
  #cell: UserCell | undefined

  /** Handles one call of the index: a JSON text in, a JSON text out. */
  async call(request: string): Promise<string> {
    return this.#loadedCell().call(request)
  }

  override async alarm(): Promise<void> {
    await this.#loadedCell().wake(Date.now())
  }

  #loadedCell(): UserCell {
    const storage = {
      save: (rows: UserRows, ids: readonly string[]) => this.#save(rows, ids),
      wakeAt: (time: number) => void this.ctx.storage.setAlarm(alarmAt(time)),
    }
    this.#cell ??= new UserCell(this.#load(), storage, reachThrough(this.env))
    return this.#cell
  }

  #load(): UserRows {
    const { kv } = this.ctx.storage
    const rowsOf = <Row>(kind: string): Map<string, Row> => {
      const rows = new Map<string, Row>()
      for (const [name, text] of kv.list<string>({ prefix: kind })) {
        const row = parsed(text)
        if (row !== undefined) rows.set(name.slice(1), row as Row)
      }
      return rows
    }
    return {
      userId: kv.get<string>(USER) ?? '',
      listed: rowsOf(LISTED),
      reserved: rowsOf(RESERVED),
      ending: rowsOf(ENDING),
    }
  }

  #save({ userId, listed, reserved, ending }: UserRows, ids: readonly string[]): void {
    const { storage } = this.ctx
    if (listed.size + reserved.size + ending.size === 0) {
      // deleteAll leaves no row, so nothing is billed. Before 2026-02-24 it left the alarm.
      void storage.deleteAlarm()
      void storage.deleteAll()
      return
    }
    storage.transactionSync(() => {
      if (storage.kv.get(USER) !== userId) storage.kv.put(USER, userId)
      for (const id of ids) {
        this.#put(LISTED + id, listed.get(id))
        this.#put(RESERVED + id, reserved.get(id))
        this.#put(ENDING + id, ending.get(id))
      }
    })
  }

  #put(name: string, row: object | undefined): void {
    const { kv } = this.ctx.storage
    if (row === undefined) kv.delete(name)
    else kv.put(name, JSON.stringify(row))
  }
}

/** Returns a stored row, or `undefined` if it is damaged. A damaged row must not hide the others. */
function parsed(text: unknown): unknown {
  try {
    return JSON.parse(String(text))
  } catch {
    return undefined
  }
}
