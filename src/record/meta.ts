import type { Account } from '../session/account.ts'
import type { Applied, Outcome } from '../session/patch.ts'
import type { CallContext, Gone, Status } from './store.ts'

type Timeouts = Pick<CallContext, 'idle' | 'absolute'>

/** What a store keeps of a session besides its entries. Times and durations are milliseconds. */
export interface Meta extends Timeouts {
  /** SHA-256 of the token's secret: whoever reads the store can't make a token of it. */
  readonly hash: string
  readonly createdAt: number
  readonly usedAt: number
  /** When the secret was last replaced. */
  readonly rotatedAt?: number
  /** The hash before a renewal, good until then. */
  readonly former?: { readonly hash: string; readonly until: number } | undefined
  readonly account?: Account | undefined
  /** How often what a read shows has been changed; absent in records of before there were revisions. */
  readonly revision?: number
  /** Until when it is remembered that this handle has had its session. */
  readonly onceUntil?: number | undefined
  /** The last operations' ids, and outcomes where there are any, oldest first. */
  readonly operations: readonly (readonly [id: string, outcome?: Outcome])[]
}

/** As many operations as one request may have under way when the connection to the store breaks. */
const MAX_OPERATIONS = 16
/** What `take` took is remembered up to this size; of more, a repeated operation gets nothing. */
const MAX_OUTCOME_CHARACTERS = 8000

/** A stored record read back, or `undefined` when it is damaged. */
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
 * What stays of a session that is over where its handle may have no other, until it may be forgotten: nothing of its data,
 * and no secret opens it.
 */
export function tombstoneOf({ onceUntil = 0 }: Meta, now: number): Meta | undefined {
  if (onceUntil <= now) return undefined
  const times = { createdAt: onceUntil, usedAt: onceUntil, idle: 0, absolute: 0, onceUntil }
  return { hash: NO_HASH, ...times, operations: [] }
}

/** Whether there is no session here any more. */
export function isTombstone({ hash }: Meta): boolean {
  return hash === NO_HASH
}

/** So long are the parallel first requests of one page at most, and its being loaded anew. */
const JOIN_WINDOW_MS = 60_000

/** Whether one more request may take part in the session that it would have made itself. */
export function mayJoin(
  { createdAt, usedAt }: Pick<Meta, 'createdAt' | 'usedAt'>,
  now: number,
): boolean {
  return usedAt === createdAt || now < createdAt + JOIN_WINDOW_MS
}

/** When the session ends if it is not used again, by the timeouts given or else by those it was last used under. */
export function deadlineOf(meta: Meta, timeouts: Timeouts = meta): number {
  return Math.min(meta.usedAt + timeouts.idle, meta.createdAt + timeouts.absolute)
}

/** Why this secret gives no access at this context, or `undefined` when it does. */
export function goneReason(meta: Meta, hash: string, context: CallContext): Gone | undefined {
  if (isTombstone(meta)) return ENDED
  if (deadlineOf(meta, context) <= context.now) return { ok: false, gone: 'expired' }
  // Hashes of 192 random bits: how many characters agree tells nobody anything to go on.
  if (meta.hash === hash) return undefined
  if (meta.former?.hash === hash && context.now < meta.former.until) return undefined
  return rotated(meta.rotatedAt ?? meta.createdAt)
}

/** What to say of the session to who came with this secret's hash. */
export function statusOf(meta: Meta, hash: string, { now, renew = Infinity }: CallContext): Status {
  const { usedAt, account, createdAt, rotatedAt = createdAt, revision = 0 } = meta
  const known = { usedAt, revision, ...(account && { account }) }
  if (meta.hash !== hash) return { ...known, renewal: 'done' }
  return now - rotatedAt >= renew ? { ...known, renewal: 'due' } : known
}

/** The record under a new secret, and signed in if somebody is. The former secret is good for the grace, if there is one. */
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

/** The record with this use in it, or the same record when the last one is recent. Time never goes back. */
export function touched(meta: Meta, { now, idle, absolute, touch }: CallContext): Meta {
  const isSamePolicy = meta.idle === idle && meta.absolute === absolute
  if (isSamePolicy && now - meta.usedAt < touch) return meta
  return { ...meta, usedAt: Math.max(meta.usedAt, now), idle, absolute }
}

/** The record after a change, with the operation's outcome in it, so that the operation is known when it comes again. */
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

/** The answer where there is no session. */
export const ENDED: Gone = { ok: false, gone: 'ended' }
/** The answer where what is stored can't be read as a session. */
export const CORRUPT: Gone = { ok: false, gone: 'corrupt' }
/** The outcome of changes that return nothing. */
export const NOTHING: Pick<Applied, 'taken' | 'counts'> = { taken: [], counts: [] }

/** True if a reply says that there is no session, rather than what came of a patch. */
export function isGone(reply: object): reply is Gone {
  return 'gone' in reply
}

/** The answer to a token that was replaced at this time. */
export function rotated(at: number): Gone {
  return { ok: false, gone: 'rotated', at }
}

/** True for what JSON gives as an object, and not as a list. */
export function isDictionary(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
