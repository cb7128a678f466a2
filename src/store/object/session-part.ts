import type { DurableObject } from 'cloudflare:workers'

import type { CellHost } from '../../record/cell-part.ts'
import type { EndReason } from '../../record/end-reason.ts'
import type { Meta } from '../../record/meta.ts'
import type { Method } from '../../record/session-cell.ts'
import type { State } from '../../record/step.ts'

/** A session's object, as its parts see it. */
export interface SessionHost extends CellHost {
  readonly ctx: ConstructorParameters<typeof DurableObject>[0]
  readonly env: object
  /** Returns the stored record, which may be a tombstone, or `undefined` if there is none. */
  meta(): Meta | undefined
  /** Deletes everything, unless there is a record. For a part that kept rows of an ended session. */
  empty(): Promise<void>
}

/** A saved change. */
export interface SavedChange extends State {
  /** The names of the changed entries: `=` or `!`, and the key. Empty if only the use or the token changed. */
  readonly names: readonly string[]
  readonly method: Method | undefined
}

/** The object's side of an optional feature. Each hook is optional; the session's own rules run in any case. */
export interface SessionPart {
  /** Answers a call that belongs to the part. Returns `undefined` for any other. */
  call?(host: SessionHost, request: string): string | Promise<string> | undefined
  fetch?(host: SessionHost, request: Request): Response | Promise<Response> | undefined
  webSocketMessage?(host: SessionHost, socket: WebSocket, message: string | ArrayBuffer): void
  webSocketClose?(host: SessionHost, socket: WebSocket): void
  /**
   * Runs in the same turn in which a change is saved. Messages sent here over a socket leave once the change is durable
   * (Cloudflare: output gates).
   */
  changed?(host: SessionHost, change: SavedChange): void
  /**
   * Runs in the turn in which the session ends, and again in an alarm as long as rows are kept. Returns true to keep
   * the part's own rows; the part then calls `host.empty()` when it is done.
   */
  ended?(host: SessionHost, reason: EndReason): boolean
  /** Runs after the session's own alarm. */
  alarm?(host: SessionHost): Promise<void> | undefined
}
