import { decodeHandle, encodeHex } from '../codec/base64url.ts'
import { newRandomText } from '../codec/random.ts'
import type { CellPart } from '../record/cell-part.ts'
import { cellStore, type Send } from '../record/session-cell.ts'
import { SessionCell } from '../record/session-cell.ts'
import type { SessionStore } from '../record/store.ts'

/** The number of new sessions after which expired ones are removed, so that only sessions in use take memory. */
const SWEEP_EVERY = 1000

/**
 * Returns a store in this process's memory, for tests and for servers with one process. On Workers the next request may
 * run in another isolate, which does not have the session. For `once()`, pass its `leases` of
 * `edge-session/once/leases`: `memoryStore(leases)`.
 */
export function memoryStore(...parts: readonly CellPart[]): SessionStore {
  const cells = new Map<string, SessionCell>()
  let untilSweep = SWEEP_EVERY

  function newCell(handle: string): SessionCell {
    const cell = new SessionCell(undefined, (state, _changed, isNew) => {
      if (state !== undefined) cells.set(handle, cell)
      if (isNew) untilSweep -= 1
      return undefined
    })
    // Stored at once, so that another call for this handle uses the same cell.
    cells.set(handle, cell)
    return cell
  }

  const send: Send = async (handle, request, { now }) => {
    const cell = cells.get(handle) ?? newCell(handle)
    const reply = await (parts.length === 0 ? cell.call(request) : callWith(parts, cell, request))
    if (cell.deadline === 0 && cells.get(handle) === cell) cells.delete(handle)
    if (untilSweep <= 0) {
      untilSweep = SWEEP_EVERY
      for (const [name, each] of cells) {
        void each.sweep(now)
        if (each.deadline === 0) cells.delete(name)
      }
    }
    return reply
  }

  const idOf = (handle: string): string => encodeHex(decodeHandle(handle))
  const store = cellStore(
    { name: 'memory', newHandle: newRandomText, handleFor: (key) => key, idOf },
    send,
  )
  return parts.length === 0 ? { ...store, part: undefined } : store
}

async function callWith(
  parts: readonly CellPart[],
  cell: SessionCell,
  request: string,
): Promise<string> {
  let answer: string | Promise<string> | undefined
  for (const part of parts) answer ??= part.call(cell, request)
  const reply = await (answer ?? cell.call(request))
  if (!cell.isLive) for (const part of parts) part.ended(cell)
  return reply
}
