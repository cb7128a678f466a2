import { DATA } from './patch.ts'

/** The texts by entry name; `null` is an entry known to be absent. */
export type Texts = Map<string, string | null>

/** The recorded and the written changes of a dictionary at one moment of a request. */
export interface Savepoint {
  readonly unsaved: Texts
  readonly saved: Texts
  readonly isCleared: boolean
  readonly mustClear: boolean
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

/** Returns the changes that were recorded after the savepoint; `undefined` if there are none. */
export function recordedSince(unsaved: Texts, to: Savepoint): Texts | undefined {
  const own = [...unsaved].filter(([name, text]) => to.unsaved.get(name) !== text)
  return own.length === 0 ? undefined : new Map(own)
}
