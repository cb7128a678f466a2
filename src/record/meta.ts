import type { Account } from '../session/account.ts'
import type { Applied, Outcome } from '../session/patch.ts'
import type { CallContext, Gone, Status } from './store.ts'

type Timeouts = Pick<CallContext, 'idle' | 'absolute'>

/** The data that a store keeps of a session besides its entries. Times and durations are in milliseconds. */
export interface Meta extends Timeouts {
  /** The SHA-256 of the token's secret. No token can be made from the stored data. */
  readonly hash: string
  readonly createdAt: number
  readonly usedAt: number
  /** The first use under the present `absolute`; absent if that has not changed since the creation. */
  readonly absoluteSince?: number
  /** The time the secret was last replaced. */
  readonly rotatedAt?: number
  /** The hash before a renewal, valid until `until`. */
  readonly former?: { readonly hash: string; readonly until: number } | undefined
  readonly account?: Account | undefined
  /** The number of changes to the data that a read returns; absent in records older than revisions. */
  readonly revision?: number
  /** The time until which the store remembers that this handle has had its session. */
  readonly onceUntil?: number | undefined
  /** The ids of the last operations, oldest first, with their outcomes if there are any. */
  readonly operations: readonly (readonly [id: string, outcome?: Outcome])[]
}

/**
 * The number of remembered operations: as many as one request may have pending when the connection to the store breaks.
 */
const MAX_OPERATIONS = 16
/** The size up to which the result of `take` is remembered. Above it, a repeated operation returns nothing. */
const MAX_OUTCOME_CHARACTERS = 8000

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
 * Returns the tombstone of a session whose handle must not get another one; `undefined` once it may be forgotten. It
 * contains no data, and no secret matches it.
 */
export function tombstoneOf({ onceUntil = 0 }: Meta, now: number): Meta | undefined {
  if (onceUntil <= now) return undefined
  const times = { createdAt: onceUntil, usedAt: onceUntil, idle: 0, absolute: 0, onceUntil }
  return { hash: NO_HASH, ...times, operations: [] }
}

/** True if the record is the tombstone of a session that is over. */
export function isTombstone({ hash }: Meta): boolean {
  return hash === NO_HASH
}

/** The maximum time of the parallel first requests of one page and its reload. */
const JOIN_WINDOW_MS = 60_000

/** True if one more request may join the session that it would have created itself. */
export function mayJoin(
  { createdAt, usedAt }: Pick<Meta, 'createdAt' | 'usedAt'>,
  now: number,
): boolean {
  return usedAt === createdAt || now < createdAt + JOIN_WINDOW_MS
}

/**
 * Returns the time the session ends if it is not used again. Uses the given timeouts, or else those of its last use.
 */
export function deadlineOf(meta: Meta, timeouts: Timeouts = meta): number {
  return Math.min(meta.usedAt + timeouts.idle, meta.createdAt + timeouts.absolute)
}

/** Returns the reason that this secret has no access, or `undefined` if it has. */
export function goneReason(meta: Meta, hash: string, context: CallContext): Gone | undefined {
  if (isTombstone(meta)) return ENDED
  if (deadlineOf(meta, context) <= context.now) return { ok: false, gone: 'expired' }
  // Hashes of 192 random bits: the timing of the comparison reveals nothing useful.
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

/** True if the secret is to be renewed. The next renewal ends the grace of the previous hash. */
function isDue(
  { createdAt, rotatedAt = createdAt, former }: Meta,
  { now, renew = Infinity }: CallContext,
): boolean {
  return now - rotatedAt >= renew && now >= (former?.until ?? 0)
}

/**
 * Returns the record with a new secret, and with the account of a sign-in. The previous secret is valid for the grace,
 * if there is one.
 */
export function regenerated(
  meta: Meta,
  hash: string,
  { now }: CallContext,
  {
    grace,
    account,
  }: { readonly grace?: number | undefined; readonly account?: Account | undefined },
): Meta {
  const { former: _, ...rest } = meta
  return {
    ...rest,
    ...(account && { account, createdAt: account.at }),
    hash,
    usedAt: Math.max(meta.usedAt, now),
    rotatedAt: now,
    revision: nextRevision(meta),
    ...(grace !== undefined && { former: { hash: meta.hash, until: now + grace } }),
  }
}

/** Returns the record with this use, or the same record if the last one is recent. Time never goes back. */
export function touched(meta: Meta, { now, idle, absolute, touch }: CallContext): Meta {
  const isSamePolicy = meta.idle === idle && meta.absolute === absolute
  if (isSamePolicy && now - meta.usedAt < touch) return meta
  const usedAt = Math.max(meta.usedAt, now)
  const since = meta.absolute === absolute ? undefined : { absoluteSince: usedAt }
  return { ...meta, usedAt, idle, absolute, ...since }
}

/** Returns the record with the outcome of an operation, so that a repeated operation is recognized. */
export function withOperation(meta: Meta, id: string, { taken, counts }: Outcome): Meta {
  const isSmall = taken.join('').length <= MAX_OUTCOME_CHARACTERS
  const hasOutcome = taken.length + counts.length > 0
  const operation = hasOutcome
    ? ([id, { taken: isSmall ? taken : [], counts }] as const)
    : ([id] as const)
  const operations = [...meta.operations.slice(1 - MAX_OPERATIONS), operation]
  return { ...meta, revision: nextRevision(meta), operations }
}

function nextRevision({ revision = 0 }: Meta): number {
  return revision + 1
}

/** The answer if there is no session. */
export const ENDED: Gone = { ok: false, gone: 'ended' }
/** The answer if the handle has had its session, and is asked for it by `onceUntil`. */
export const SPENT: Gone = { ...ENDED, isSpent: true }
/** The answer if the stored data cannot be read as a session. */
export const CORRUPT: Gone = { ok: false, gone: 'corrupt' }
/** The outcome of changes that return nothing. */
export const NOTHING: Pick<Applied, 'taken' | 'counts'> = { taken: [], counts: [] }

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
