/** A session's token, and when it expires in milliseconds since 1970. */
export type SessionEntry = readonly [token: string, expiresAt: number]

/** One user's sessions, and the tokens of deleted ones, each with its expiry. */
export interface SessionList {
  readonly sessions: ReadonlyMap<string, number>
  readonly deleted: ReadonlyMap<string, number>
}

export interface SessionListChange {
  readonly add?: readonly SessionEntry[]
  readonly remove?: readonly SessionEntry[]
}

const EMPTY: SessionList = { sessions: new Map(), deleted: new Map() }

/**
 * Returns the changed list without expired entries. A removed token cannot be added again until it has expired, so a
 * list that was read before the removal can be written after it.
 */
export function changedList(
  { sessions, deleted }: SessionList = EMPTY,
  { add = [], remove = [] }: SessionListChange,
  now: number,
): SessionList {
  const listed = latest([...sessions, ...add], now)
  const removed = remove.map(([token, end]): SessionEntry => [
    token,
    Math.max(end, listed.get(token) ?? 0),
  ])
  const gone = latest([...deleted, ...removed], now)
  return { sessions: new Map([...listed].filter(([token]) => !gone.has(token))), deleted: gone }
}

/** Returns when the list's last entry expires, or `undefined` if it is empty. */
export function endOf({ sessions, deleted }: SessionList): number | undefined {
  const ends = [...sessions.values(), ...deleted.values()]
  return ends.length === 0 ? undefined : ends.reduce((end, other) => Math.max(end, other))
}

/** True if both lists have the same entries. */
export function isSameList(one: SessionList | undefined, other: SessionList): boolean {
  return textOf(one ?? EMPTY) === textOf(other)
}

function textOf({ sessions, deleted }: SessionList): string {
  return JSON.stringify([[...sessions], [...deleted]])
}

/** Returns each token once, with its latest expiry. */
function latest(entries: readonly SessionEntry[], now: number): Map<string, number> {
  const ends = new Map<string, number>()
  for (const [token, end] of entries) {
    if (end > now && end > (ends.get(token) ?? 0)) ends.set(token, end)
  }
  return ends
}
