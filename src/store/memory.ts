import { decodeBase64url, encodeHex } from '../codec/base64url.ts'
import { newRandomText } from '../codec/random.ts'
import { deadlineOf } from './meta.ts'
import { cellStore, SessionCell } from './session-cell.ts'
import type { State } from './step.ts'
import type { SessionStore } from './store.ts'

/** After this many new sessions the expired ones are swept out, so that memory is bounded by the sessions in use. */
const SWEEP_EVERY = 1000

interface Place {
  readonly cell: SessionCell
  readonly deadline: number
}

/**
 * Sessions in this process's memory: for tests, and for servers of one process. On Workers the next request may meet
 * another isolate, where the session is unknown.
 */
export function memoryStore(): SessionStore {
  const places = new Map<string, Place>()
  let untilSweep = SWEEP_EVERY

  function keep(handle: string, cell: SessionCell, state: State | undefined): void {
    if (state === undefined) places.delete(handle)
    else places.set(handle, { cell, deadline: deadlineOf(state.meta) })
  }

  function sweep(): void {
    untilSweep = SWEEP_EVERY
    for (const [handle, { deadline }] of places) if (deadline <= Date.now()) places.delete(handle)
  }

  async function send(handle: string, request: string): Promise<string> {
    const cell: SessionCell =
      places.get(handle)?.cell ??
      new SessionCell(undefined, (state, _changed, isNew) => {
        keep(handle, cell, state)
        untilSweep -= isNew ? 1 : 0
        if (untilSweep === 0) sweep()
        return undefined
      })
    return cell.call(request)
  }

  const idOf = (handle: string): string => encodeHex(decodeBase64url(handle))
  return cellStore({ name: 'memory', newHandle: newRandomText, idOf }, send)
}
