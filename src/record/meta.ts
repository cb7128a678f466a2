import type { Account } from '../session/account.ts'
import type { Applied, Outcome, Patch } from '../session/patch.ts'
import type { CallContext, Gone, Status } from './store.ts'

type Timeouts = Pick<CallContext, 'idle' | 'absolute'>

/** The data that a store keeps of a session besides its entries. Times and durations are in milliseconds. */
export interface Meta extends Timeouts {
  /** The SHA-256 of the token's secret. A token cannot be derived from the stored data. */
  readonly hash: string
  readonly createdAt: number
  readonly usedAt: number
  /** The first use under the current `absolute`. Absent if that has not changed since the creation. */
  readonly absoluteSince?: number
  /** The time the secret was last replaced. */
  readonly rotatedAt?: number
  /** The hash before a renewal, valid until `until`. */
  readonly former?: { readonly hash: string; readonly until: number } | undefined
  readonly account?: Account | undefined
  /** The number of changes to the data that a read returns. Absent in records from before revisions. */
  readonly revision?: number
  /** The time until which the store remembers that this handle has had its session. */
  readonly onceUntil?: number | undefined
  /** The time the session was ended. Only in a tombstone. */
  readonly endedAt?: number
  /** The ids of the last operations, oldest first, with their outcomes if there are any. */
  readonly operations: readonly Operation[]
  /** A minute since 1970, with the numbers of operations in the previous minute and in it. Absent in older records. */
  readonly pace?: readonly [minute: number, before: number, during: number]
}

type Operation = readonly [id: string, outcome?: Partial<Outcome>]

/** How long a store reports when a session was ended: longer than a request that overlaps the end takes. */
const END_KNOWN_MS = 60_000

/**
 * The number of operations that are always remembered: an operation and 15 others, as many as one request may have
 * pending when the connection to the store breaks.
 */
export const MIN_OPERATIONS = 16
/** The number of operations remembered for a minute: one and 64 others, from other requests to a busy session. */
const MAX_OPERATIONS = 65
/** The maximum size of a remembered result of `take`. If it is larger, a repeated operation returns nothing. */
const MAX_OUTCOME_CHARACTERS = 8000
/** The maximum size of all remembered results of `take`: memcached stores 1 MB per session. */
const MAX_OUTCOMES_CHARACTERS = 128_000

/** Returns a stored record, or `undefined` if it is damaged. */
export function parseMeta(stored: unknown): Meta | undefined {
  try {
    const meta = JSON.parse(String(stored)) as Partial<Meta>
    const times = [meta.createdAt, meta.usedAt, meta.idle, meta.absolute]
    const operations: readonly unknown[] | undefined = meta.operations
    const isWhole = times.every(Number.isFinite) && operations?.every(Array.isArray) === true
    return isWhole && typeof meta.hash === 'string' ? (meta as Meta) : undefined
  } catch {
    return undefined
  }
}

export function newMeta(
  hash: string,
  { now, idle, absolute }: CallContext,
  { account, onceUntil }: Pick<Meta, 'account' | 'onceUntil'>,
): Meta {
  const times = { createdAt: now, usedAt: now, idle, absolute, onceUntil }
  return { hash, ...times, account, revision: 0, operations: [] }
}

/** A hash that no secret has. */
const NO_HASH = ''

/**
 * Returns the tombstone of a session that was ended at `endedAt` or has expired. It contains no data, and no secret
 * matches it. Returns `undefined` if there is nothing to remember.
 */
export function tombstoneOf(
  { onceUntil = 0 }: Meta,
  now: number,
  endedAt?: number,
): Meta | undefined {
  const isOnce = onceUntil > now
  if (!isOnce && endedAt === undefined) return undefined
  const until = isOnce ? onceUntil : now + END_KNOWN_MS
  const times = { createdAt: until, usedAt: until, idle: 0, absolute: 0 }
  const why = { ...(isOnce && { onceUntil }), ...(endedAt !== undefined && { endedAt }) }
  return { hash: NO_HASH, ...times, ...why, operations: [] }
}

/** True if the record is the tombstone of a session that is over. */
export function isTombstone({ hash }: Meta): boolean {
  return hash === NO_HASH
}

/** True if a session or tombstone must outlive its process. A tombstone with only the time of the end need not. */
export function isLasting(meta: Meta): boolean {
  return !isTombstone(meta) || meta.onceUntil !== undefined
}

/** How long after the first request of a page its parallel requests and its reload may come. */
const JOIN_WINDOW_MS = 60_000

/** True if another request may join the session that it would have created itself. */
export function mayJoin(
  { createdAt, usedAt }: Pick<Meta, 'createdAt' | 'usedAt'>,
  now: number,
): boolean {
  return usedAt === createdAt || now < createdAt + JOIN_WINDOW_MS
}

/**
 * Returns when the session ends if it is not used again. Uses the session's own timeouts, or else the given ones, or
 * else those of its last use.
 */
export function deadlineOf(meta: Meta, timeouts: Timeouts = meta): number {
  const { idle, absolute } = meta.account?.remember ?? timeouts
  return Math.min(meta.usedAt + idle, meta.createdAt + absolute)
}

/** Returns the reason that this secret has no access, or `undefined` if it has. */
export function goneReason(meta: Meta, hash: string, context: CallContext): Gone | undefined {
  if (isTombstone(meta)) return ended(meta.endedAt, context.now)
  if (deadlineOf(meta, context) <= context.now) return { ok: false, gone: 'expired' }
  // Hashes of 192 random bits, so the timing of the comparison reveals nothing useful.
  if (meta.hash === hash) return undefined
  if (meta.former?.hash === hash && context.now < meta.former.until) return undefined
  return rotated(meta.rotatedAt ?? meta.createdAt)
}

/** Returns the status of the session for the given hash. */
export function statusOf(meta: Meta, hash: string, context: CallContext): Status {
  const { usedAt, account, revision = 0, absoluteSince } = meta
  const known = {
    usedAt,
    revision,
    ...(account && { account }),
    ...(absoluteSince !== undefined && { absoluteSince }),
  }
  if (meta.hash !== hash) return { ...known, renewal: 'done' }
  return isDue(meta, context) ? { ...known, renewal: 'due' } : known
}

/** True if the secret is due for renewal. The next renewal ends the grace period of the previous hash. */
function isDue(
  { createdAt, rotatedAt = createdAt, former }: Meta,
  { now, renew = Infinity }: CallContext,
): boolean {
  return now - rotatedAt >= renew && now >= (former?.until ?? 0)
}

/**
 * Returns the minimum time between two recorded uses. If this is not a use, returns `idle`, which no live session
 * reaches.
 */
export function touchOf({ touch, idle, isUse }: CallContext): number {
  return isUse?.() === false ? idle : touch
}

/** Returns the record with this use, or the same record if the last use is recent. The time never goes back. */
export function touched(meta: Meta, context: CallContext): Meta {
  const { now, idle, absolute } = context
  const touch = touchOf(context)
  const isSamePolicy = meta.idle === idle && meta.absolute === absolute
  // With `touch` as long as `idle`, nothing counts as a use, and a new policy waits for one.
  if (touch >= idle || (isSamePolicy && now - meta.usedAt < touch)) return meta
  const usedAt = Math.max(meta.usedAt, now)
  const since = meta.absolute === absolute ? undefined : { absoluteSince: usedAt }
  return { ...meta, usedAt, idle, absolute, ...since }
}

/** Returns the record with the outcome of an operation, so that a repeated operation is recognized. */
export function withOperation(meta: Meta, patch: Patch, outcome: Outcome, now: number): Meta {
  const pace = paceAt(meta, now)
  const max = Math.min(Math.max(pace[1] + pace[2], MIN_OPERATIONS), MAX_OPERATIONS)
  const operations = [...meta.operations.slice(1 - max), operationOf(patch, outcome)]
  return { ...meta, revision: nextRevision(meta), operations: affordable(operations), pace }
}

/** Returns the last operations whose results are not too large together. */
function affordable(operations: readonly Operation[]): readonly Operation[] {
  let characters = 0
  for (const [, { taken = [] } = {}] of operations)
    for (const text of taken) characters += text?.length ?? 0
  return characters > MAX_OUTCOMES_CHARACTERS ? operations.slice(-MIN_OPERATIONS) : operations
}

function paceAt(
  { pace: [last, before, during] = [0, 0, 0] }: Meta,
  now: number,
): NonNullable<Meta['pace']> {
  // The clocks of two callers may differ.
  const minute = Math.max(last, Math.floor(now / 60_000))
  if (minute === last) return [last, before, during + 1]
  return [minute, minute === last + 1 ? during : 0, 1]
}

/** Returns the stored form of an operation. Empty lists are omitted, since most operations have one result. */
function operationOf({ id }: Patch, { taken, counts }: Outcome): Operation {
  const isTaken = taken.length > 0 && taken.join('').length <= MAX_OUTCOME_CHARACTERS
  const outcome = { ...(isTaken && { taken }), ...(counts.length > 0 && { counts }) }
  return taken.length + counts.length > 0 ? [id, outcome] : [id]
}

/** Returns the outcome of an operation that was applied before, or `undefined`. */
export function outcomeOf({ operations }: Meta, { id }: Patch): Outcome | undefined {
  const known = operations.find((operation) => operation[0] === id)
  return known && { ...NOTHING, ...known[1] }
}

export function nextRevision({ revision = 0 }: Meta): number {
  return revision + 1
}

/** The answer if there is no session. */
export const ENDED: Gone = { ok: false, gone: 'ended' }
/** The answer if the handle has had its session, and `onceUntil` asks about it. */
export const SPENT: Gone = { ...ENDED, isSpent: true }
/** The answer if the stored data cannot be read as a session. */
export const CORRUPT: Gone = { ok: false, gone: 'corrupt' }
/** The outcome of changes that return nothing. */
export const NOTHING: Pick<Applied, 'taken' | 'counts'> = { taken: [], counts: [] }

/** Returns the answer for a session that was ended at this time, which is included for a minute. */
export function ended(at: number | undefined, now: number): Gone {
  return at === undefined || at + END_KNOWN_MS <= now ? ENDED : { ok: false, gone: 'ended', at }
}

/** True if a reply says that there is no session. */
export function isGone(reply: object): reply is Gone {
  return 'gone' in reply
}

/** Returns the answer to a token that was replaced at this time. */
export function rotated(at: number): Gone {
  return { ok: false, gone: 'rotated', at }
}

/** True if a parsed JSON value is an object, and not an array. */
export function isDictionary(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
