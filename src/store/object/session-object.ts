import { DurableObject } from 'cloudflare:workers'

import type { EndReason } from '../../record/end-reason.ts'
import { deadlineOf, isTombstone, parseMeta } from '../../record/meta.ts'
import { type Method, PROTOCOL } from '../../record/session-cell.ts'
import { SessionCell } from '../../record/session-cell.ts'
import type { State } from '../../record/step.ts'
import { alarmAt } from './alarm.ts'
import type { SessionHost, SessionPart } from './session-part.ts'
import { SESSION, SessionRows } from './session-rows.ts'

type Saved = (
  state: State | undefined,
  changed: readonly string[],
  method: Method | undefined,
) => Promise<void> | undefined

/** Gives `extendSessionObject` access to an object's cell. Callers over RPC could reach a method. */
let cellIn: (object: SessionObject) => SessionCell
let tellSaved: (object: SessionObject, saved: Saved) => void

/**
 * One session, in one SQLite-backed Durable Object. Export it from the Worker's main module and bind it. Only
 * `durableObjectStore` calls it.
 *
 * A reply waits until earlier writes are durable. Writes without an await in between are one transaction (Cloudflare:
 * Durable Object storage, output gates and write coalescing).
 */
export class SessionObject extends DurableObject {
  #cell: SessionCell | undefined
  #saved: Saved | undefined

  static {
    cellIn = (object: SessionObject): SessionCell => object.#loadedCell()
    tellSaved = (object: SessionObject, saved: Saved): void => {
      object.#saved = saved
    }
  }

  /** Handles one call of the store: a JSON text in, a JSON text out. Throws for an unsupported version of the protocol. */
  call(request: string, version: number = 1): string | Promise<string> {
    if (version > PROTOCOL + 1)
      throw new TypeError(`Protocol ${version} is newer than this object supports.`)
    return this.#loadedCell().call(request)
  }

  /** Frees the storage of an expired session. The alarm does not decide if a session has expired; each use does. */
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
    method?: Method,
  ): Promise<void> | undefined {
    const { storage } = this.ctx
    if (state === undefined) {
      rows.clear()
      return this.#saved?.(state, changed, method) ?? empty(storage)
    }
    try {
      rows.save(state, changed)
    } catch (error) {
      // Drops the whole change. A separate transaction would do the same, but would cost each write more than a row.
      // Without changed entries there was only one row.
      if (changed.length > 0) this.ctx.abort(String(error))
      throw error
    }
    const alarm = isNew ? storage.setAlarm(alarmAt(deadlineOf(state.meta))) : undefined
    void this.#saved?.(state, changed, method)
    return alarm
  }
}

function empty(storage: DurableObjectStorage): Promise<void> {
  // deleteAll leaves no row, so nothing is billed. Before 2026-02-24 it left the alarm.
  void storage.deleteAlarm()
  return storage.deleteAll()
}

/** The object as its callers see it, over RPC. */
export interface SessionObjectStub {
  call(request: string, version: number): Promise<string>
}

/**
 * Returns a class to export as `SessionObject`, with the object's side of these optional features: `class SessionObject
 * extends extendSessionObject(sockets) {}`. The name of the exported class stays the same.
 */
export function extendSessionObject(...parts: readonly SessionPart[]): typeof SessionObject {
  return class extends SessionObject {
    readonly #host: SessionHost = {
      ctx: this.ctx,
      env: this.env,
      call: (request, rules) => cellIn(this).call(request, rules),
      meta: () => parseMeta(this.ctx.storage.kv.get(SESSION)),
      empty: async () => {
        if (this.ctx.storage.kv.get(SESSION) === undefined) await empty(this.ctx.storage)
      },
    }

    constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
      super(ctx, env)
      tellSaved(this, (...change) => this.#told(...change))
    }

    override call(request: string, version: number = 1): string | Promise<string> {
      for (const part of version > PROTOCOL + 1 ? [] : parts) {
        const reply = part.call?.(this.#host, request)
        if (reply !== undefined) return reply
      }
      return super.call(request, version)
    }

    override async fetch(request: Request): Promise<Response> {
      for (const part of parts) {
        const response = part.fetch?.(this.#host, request)
        if (response !== undefined) return response
      }
      return new Response(null, { status: 404 })
    }

    override async webSocketMessage(
      socket: WebSocket,
      message: string | ArrayBuffer,
    ): Promise<void> {
      for (const part of parts) part.webSocketMessage?.(this.#host, socket, message)
    }

    override async webSocketClose(socket: WebSocket): Promise<void> {
      for (const part of parts) part.webSocketClose?.(this.#host, socket)
    }

    override async alarm(): Promise<void> {
      await super.alarm()
      // One after the other, so that each sees the alarm set by the previous one.
      // oxlint-disable-next-line no-await-in-loop
      for (const part of parts) await part.alarm?.(this.#host)
    }

    #told(...[state, names, method]: Parameters<Saved>): ReturnType<Saved> {
      if (state !== undefined && !isTombstone(state.meta)) {
        for (const part of parts) part.changed?.(this.#host, { ...state, names, method })
        return undefined
      }
      const kept = parts.filter((part) => part.ended?.(this.#host, reasonOf(method)) === true)
      return state === undefined && kept.length > 0 ? withoutRows(this.ctx.storage) : undefined
    }
  }
}

function reasonOf(method: Method | undefined): EndReason {
  if (method === undefined) return 'expired'
  return method === 'end' ? 'revoked' : 'destroyed'
}

/** Deletes the session's rows, but not those of its parts. */
function withoutRows(storage: DurableObjectStorage): Promise<void> {
  // The list is read before anything is deleted.
  const names = Array.from(storage.kv.list(), ([name]) => name)
  for (const name of names) storage.kv.delete(name)
  return storage.sync()
}
