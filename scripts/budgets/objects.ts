import { createHash, randomBytes } from 'node:crypto'

import type { UserIndex } from '../../src/accounts.ts'
import type { SessionStore } from '../../src/index.ts'
import { ROOT, sourceNamed, sourceOf } from './sources.ts'

/** Holds one session, or one user's list, and answers a JSON text with another. */
interface Cell {
  call(text: string): string | Promise<string>
}

type SessionCellClass = new (state: undefined, save: () => undefined) => Cell
type UserCellClass = new (rows: object, storage: object, reach: object) => Cell
type StoreOver = (namespace: object) => SessionStore
type IndexOver = (namespace: object) => UserIndex

/** Returns the object store of this tree's sources over `SessionCell`s in this process. */
export async function inProcessStore(): Promise<SessionStore> {
  const SessionCell = await exportOf<SessionCellClass>(
    await sourceNamed('session-cell.ts'),
    'SessionCell',
  )
  const entry = sourceOf('edge-session/store/durable-object', 'node')
  const durableObjectStore = await exportOf<StoreOver>(entry, 'durableObjectStore')
  return durableObjectStore(namespaceOf(() => new SessionCell(undefined, () => undefined)))
}

/** Returns the index of users of this tree's sources over `UserCell`s in this process. */
export async function inProcessIndex(): Promise<UserIndex> {
  const UserCell = await exportOf<UserCellClass>(await sourceNamed('user-cell.ts'), 'UserCell')
  const entry = sourceOf('edge-session/store/user-index', 'node')
  const userIndex = await exportOf<IndexOver>(entry, 'userIndex')
  const storage = { save: () => undefined, wakeAt: () => undefined }
  const newRows = (): object => ({ userId: '', listed: new Map(), ending: new Map() })
  // Sessions of its own user are reached only to be ended, which no sign-in here does.
  return userIndex(namespaceOf(() => new UserCell(newRows(), storage, {})))
}

/**
 * Stands for a Durable Object namespace: each call resolves later, as over RPC, and what an object itself does to keep
 * rows is left out.
 */
function namespaceOf(newCell: () => Cell): object {
  const stubs = new Map<string, object>()

  function stubOf(id: string): object {
    const known = stubs.get(id)
    if (known !== undefined) return known
    const cell = newCell()
    // Async, since a stub's method always gives a promise.
    const stub = { call: async (text: string) => cell.call(text) }
    stubs.set(id, stub)
    return stub
  }

  return {
    newUniqueId: () => randomBytes(32).toString('hex'),
    idFromString: (id: string) => id,
    idFromName: (name: string) => createHash('sha256').update(name).digest('hex'),
    get: stubOf,
  }
}

async function exportOf<Export>(path: string, name: string): Promise<Export> {
  const module = (await import(ROOT + path)) as Readonly<Record<string, unknown>>
  const value = module[name]
  if (typeof value !== 'function') throw new Error(`${path} does not export ${name}.`)
  // The types above say what is used of it; a change there fails in the first request.
  return value as Export
}
