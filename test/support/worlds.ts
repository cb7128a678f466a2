import { afterEach, beforeEach, describe } from 'vitest'

import type { Session, SessionStore } from '../../src/index.ts'
import { cached } from '../../src/store/cached.ts'
import { kvStore, type SessionKvNamespace } from '../../src/store/kv.ts'
import { objectIndex } from '../../src/store/user-index/object-index.ts'
import { reachThrough } from '../../src/store/user-index/reach.ts'
import { UserCell } from '../../src/store/user-index/user-cell.ts'
import type { UserIndex } from '../../src/store/user-index/user-list.ts'
import type { AppOptions } from './app.ts'
import { StaleKv } from './stale-kv.ts'

/** The circumstances in which the scenes of a suite are played. */
export interface World {
  readonly name: string
  /** Something in the same request has read the session before the handler runs, as a middleware's `get` does. */
  readonly isReading: boolean
  /** Copies answer reads: `cached()` around every store that keeps revisions. */
  readonly isCached: boolean
  /**
   * Workers KV as documented, with one write a second for each key (simulated: `StaleKv`). A second passes between the
   * requests of a browser. A store that a scene itself gives stays.
   */
  readonly isKv: boolean
}

/** The world of a suite that is run by itself: real Durable Objects, unless a scene gives another store. */
const PLAIN: World = { name: 'plain', isReading: false, isCached: false, isKv: false }

export const READING: World = { ...PLAIN, name: 'after a read', isReading: true }
export const CACHED: World = { ...READING, name: 'after a read from a copy', isCached: true }
export const KV: World = { ...PLAIN, name: 'on KV, one write a second for a key,', isKv: true }
export const KV_READING: World = { ...KV, name: 'on KV after a read', isReading: true }

let current = PLAIN

/**
 * Returns the world that the scenes are played in. A suite asks for it at the top of its module, to say what is
 * different there.
 */
export function world(): World {
  return current
}

/** Plays all scenes of these suites in a world. Suites are named by their path under `test/`. */
export function play(there: World, suites: readonly string[]): void {
  describe.for([...suites])(`${there.name} %s`, async (suite) => {
    beforeEach(() => void (current = there))
    afterEach(() => void (current = PLAIN))
    current = there
    // The query makes it another module, whose tests are registered here.
    const path = `/test/${suite}.test.ts?${encodeURIComponent(there.name)}`
    await import(/* @vite-ignore */ path).finally(() => (current = PLAIN))
  })
}

/** Returns the stores of a suite's list that differ in this world; `undefined` is the world's own. */
export function storesHere<T>(
  stores: Readonly<Record<string, T>> | readonly (readonly [name: string, store: T])[],
): (readonly [name: string, store: T | undefined])[] {
  if (current.isKv) return [['kv', undefined]]
  const list = Array.isArray(stores) ? stores : Object.entries(stores)
  return list.filter(([name]) => !(current.isCached && /^kv$/i.test(name)))
}

/** Returns the options of an application, completed by those of the world. */
export function inWorld(options: AppOptions): AppOptions {
  const { isReading: reading, isCached, isKv } = current
  const { store, accounts } = options
  if (isKv && store === undefined) {
    const { index, ...own } = newKv()
    const hasIndex = accounts?.index !== undefined
    return { reading, ...own, ...options, ...(hasIndex && { accounts: { ...accounts, index } }) }
  }
  const revises = store === undefined || (typeof store === 'object' && store.can.revise)
  return { reading, ...(isCached && revises && { cached: { maxAgeSeconds: 20 } }), ...options }
}

/** Returns an application's options for KV as documented, and an index that reaches it. */
export function newKv(): AppOptions & { readonly index: UserIndex } {
  const clock = { now: Date.now() }
  const kv = new StaleKv(() => clock.now, { isAwaited: true })
  return {
    clock,
    isInSeconds: true,
    store: kvStore(kv.location()),
    index: newIndex(asBinding(kv.location())),
  }
}

/** Returns a namespace that looks like a binding of KV, whose methods are its prototype's. */
function asBinding(namespace: SessionKvNamespace): object {
  return Object.create({ ...namespace, getWithMetadata: () => undefined }) as object
}

/** Returns an index whose users' objects are at another location of KV (simulated: nothing is durable, and no alarm). */
function newIndex(kv: object): UserIndex {
  const storage = { save: () => undefined, wakeAt: () => undefined }
  const cells = new Map<string, UserCell>()
  return objectIndex(() => ({
    idFromName: (name) => name,
    get: (id) => {
      const rows = { userId: '', listed: new Map(), reserved: new Map(), ending: new Map() }
      const cell = cells.get(String(id)) ?? new UserCell(rows, storage, reachThrough({ kv }))
      cells.set(String(id), cell)
      return cell
    },
  }))
}

/** Returns the layer of an adapter's test, whose session this world's middleware has read before it is handed over. */
export function layerHere<Layer extends Opening>(sessions: Layer): Layer {
  if (!current.isReading) return sessions
  const open: Opening['open'] = async (...parameters) => {
    const session = await sessions.open(...parameters)
    await session.load()
    return session
  }
  return Object.assign({}, sessions, { open })
}

interface Opening {
  readonly open: (...parameters: never[]) => Promise<Pick<Session, 'load'>>
}

/** Returns the store of an adapter's test, which counts the calls that it gets from the copies of this world. */
export function storeHere(store: SessionStore): SessionStore {
  return current.isCached ? cached(store, { maxAgeSeconds: 20 }) : store
}
