import { randomBytes } from 'node:crypto'

import type { SessionStore } from '../../src/index.ts'
import { ROOT, sourceNamed, sourceOf } from './sources.ts'

/** Holds one session and answers a JSON text with another: `SessionCell`, wherever it is in this tree. */
interface Cell {
  call(text: string): string | Promise<string>
}

type CellClass = new (state: undefined, save: () => undefined) => Cell
type StoreOver = (namespace: object) => SessionStore

/**
 * Returns the object store of this tree's sources over cells in this process. It stands for a Durable Object namespace:
 * each call resolves later, as over RPC, and what the object itself does to keep rows is left out.
 */
export async function inProcessStore(): Promise<SessionStore> {
  const SessionCell = await exportOf<CellClass>(await sourceNamed('session-cell.ts'), 'SessionCell')
  const store = sourceOf('edge-session/store/durable-object', 'node')
  const durableObjectStore = await exportOf<StoreOver>(store, 'durableObjectStore')
  const cells = new Map<string, { readonly call: (text: string) => Promise<string> }>()

  function cellOf(id: string): { readonly call: (text: string) => Promise<string> } {
    const known = cells.get(id)
    if (known !== undefined) return known
    const cell = new SessionCell(undefined, () => undefined)
    // Async, since a stub's method always gives a promise.
    const stub = { call: async (text: string) => cell.call(text) }
    cells.set(id, stub)
    return stub
  }

  return durableObjectStore({
    newUniqueId: () => randomBytes(32).toString('hex'),
    idFromString: (id: string) => id,
    idFromName: (name: string) => Buffer.from(name).toString('hex').padEnd(64, '0').slice(0, 64),
    get: cellOf,
  })
}

async function exportOf<Export>(path: string, name: string): Promise<Export> {
  const module = (await import(ROOT + path)) as Readonly<Record<string, unknown>>
  const value = module[name]
  if (typeof value !== 'function') throw new Error(`${path} does not export ${name}.`)
  // The two types above say what is used of it; a change there fails in the first request.
  return value as Export
}
