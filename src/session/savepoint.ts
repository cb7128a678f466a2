import { DATA, type Patch } from './patch.ts'

/** The texts by entry name. `null` is an entry known to be absent. */
export type Texts = Map<string, string | null>

/** The changes of a dictionary in one request. */
export interface Recorded {
  /**
   * The recorded changes that are not written yet. `clear` replaces both maps, so that a pending write settles in the
   * old ones.
   */
  unsaved: Texts | undefined
  /** The texts that this request has written, for its own later reads. */
  saved: Texts | undefined
  /** True if this request has cleared the dictionary. */
  isCleared: boolean
  /** True if the clearing is not written yet. */
  mustClear: boolean
  /** The patch of `commit`. It keeps its id until something else is recorded, so that a repeated commit is recognized. */
  patch: Patch | undefined
  /** The pending write. Until it settles, the stored text is unknown. */
  writing: Promise<unknown> | undefined
  /** The messages that were shown from a store without `take`, and whose deletion is recorded. */
  shown: ReadonlySet<string> | undefined
}

/** The recorded and the written changes at one moment. */
export interface Savepoint {
  readonly unsaved: Texts
  readonly saved: Texts
  readonly isCleared: boolean
  readonly mustClear: boolean
}

/** Returns the changes so far. */
export function savepointOf({ unsaved, saved, isCleared, mustClear }: Recorded): Savepoint {
  return { unsaved: new Map(unsaved), saved: new Map(saved), isCleared, mustClear }
}

/** Returns the changes without those that were recorded after the savepoint and are not written. */
export function rolledBack(present: Savepoint, to: Savepoint): Savepoint {
  const isClearRecorded = present.mustClear && !to.mustClear
  const isClearWritten = present.isCleared && !to.isCleared && !isClearRecorded
  const isWritten = (name: string): boolean =>
    present.saved.has(name) && present.saved.get(name) !== to.saved.get(name)
  const isRecorded = (name: string): boolean =>
    present.unsaved.has(name) || (isClearRecorded && name.startsWith(DATA))
  const unsaved = new Map([...to.unsaved].filter(([name]) => isRecorded(name) && !isWritten(name)))
  if (isClearWritten) return { ...present, unsaved }
  return { ...to, unsaved, saved: new Map([...to.saved, ...present.saved]) }
}

/** Returns the changes recorded after the savepoint, or `undefined` if there are none. */
export function recordedSince(unsaved: Texts, to: Savepoint): Texts | undefined {
  const own = [...unsaved].filter(([name, text]) => to.unsaved.get(name) !== text)
  return own.length === 0 ? undefined : new Map(own)
}
