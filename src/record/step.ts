import type { Account } from '../session/account.ts'
import { BOUND, type Patch } from '../session/patch.ts'
import { differenceOf, type Texts } from './difference.ts'
import {
  deadlineOf,
  ended,
  ENDED,
  goneReason,
  isTombstone,
  mayJoin,
  type Meta,
  newMeta,
  NOTHING,
  outcomeOf,
  rotated,
  SPENT,
  statusOf,
  tombstoneOf,
  touched,
  withOperation,
} from './meta.ts'
import { regenerated } from './regenerated.ts'
import type { CallContext, Gone, PartCall, PartReply, Status, WriteReply } from './store.ts'

/** The state of one session in a store. */
export interface State {
  readonly meta: Meta
  readonly entries: Texts
}

/** One call to a store that holds whole sessions. Secrets are hashed. */
export interface Call {
  readonly method: 'create' | 'read' | 'write' | 'regenerate' | 'destroy' | PartCall['method']
  readonly context: CallContext
  readonly hash: string
  /** Only for `regenerate`. */
  readonly newHash?: string | undefined
  readonly grace?: number | undefined
  /** Only for `create`, `write` and `regenerate`. */
  readonly patch?: Patch | undefined
  /** The other content of a part's request. */
  readonly about?: object | undefined
}

/** Returns the result of a call. A part has its own rules for its requests. */
export type Rules = (present: State | undefined, call: Call) => Step

/** A call from the user's object. It has the session's expected user instead of a secret. */
export interface OwnerCall {
  readonly method: 'look' | 'end'
  readonly userId: string
  readonly now: number
  /** The timeouts in force. Absent in calls of the previous version: then those of the last use count. */
  readonly idle?: number | undefined
  readonly absolute?: number | undefined
}

/** The reply to a user's object, if the session still belongs to the user. */
export interface Look {
  readonly ok: true
  readonly usedAt: number
  /** By the timeouts in force. In the past if they have become shorter and the session has not been used since. */
  readonly expiresAt: number
  /** True if it is bound to a device. Absent in replies of the previous version. */
  readonly isBound?: boolean
}

/** The result of a call: its reply, the next state (the same object if nothing changed), and the changed entries. */
export interface Step {
  readonly reply: WriteReply | ({ readonly ok: true } & Status) | PartReply | Look
  readonly state: State | undefined
  readonly changed: readonly string[]
}

/**
 * Applies the rules of the session life cycle, for every store that can do so in one step. The store saves the new
 * state.
 */
export function step(present: State | undefined, call: Call): Step {
  const { method, context, hash, newHash, patch } = call
  if (present === undefined) return firstStep(call)
  const { meta, entries } = present
  const gone = goneReason(meta, hash, context)
  if (method === 'destroy') return destroyStep(present, gone, context.now)
  // A repeated regenerate, or that of another request that renews, finds its own secret here.
  if (newHash === meta.hash)
    return stepTo({ ok: true, ...statusOf(meta, newHash, context) }, present)
  if (gone !== undefined) return stepTo(overReply(gone, call), present)
  if (newHash !== undefined) return regenerateStep(present, call, newHash)
  if (patch?.onceUntil !== undefined) return joinStep(present, call)
  const used = touched(meta, context)
  const state = used === meta ? present : { meta: used, entries }
  const status = statusOf(used, hash, context)
  return patch === undefined
    ? stepTo({ ok: true, ...status }, state)
    : writeStep(state, patch, status, context)
}

/**
 * Returns the result of a `read` whose use could not be recorded: the same answer, with the last recorded use. A later
 * read records its own use.
 */
export function unrecorded(present: State, { hash, context }: Call): Step {
  return stepTo({ ok: true, ...statusOf(present.meta, hash, context) }, present)
}

/** Applies a call from the user's object: reads the session's last use or ends it, if it belongs to the user. */
export function ownerStep(
  present: State | undefined,
  { method, userId, now, idle, absolute }: OwnerCall,
): Step {
  if (present === undefined || present.meta.account?.userId !== userId) {
    return stepTo(ended(present?.meta.endedAt, now), present)
  }
  // Regardless of the current timeouts, since they may change later.
  if (method === 'end') return { reply: { ok: true }, ...over(present, now, now) }
  const { meta } = present
  const isTold = idle !== undefined && absolute !== undefined
  const expiresAt = deadlineOf(meta, isTold ? { idle, absolute } : meta)
  if (Math.max(expiresAt, deadlineOf(meta)) <= now) return stepTo(ENDED, present)
  const isBound = present.entries.has(BOUND)
  return stepTo({ ok: true, usedAt: meta.usedAt, expiresAt, isBound }, present)
}

function firstStep({ method, context, hash, patch }: Call): Step {
  if (method === 'destroy') return stepTo({ ok: true }, undefined)
  if (method !== 'create' || patch === undefined) return stepTo(ENDED, undefined)
  const meta = newMeta(hash, context, { account: patch.signIn, onceUntil: patch.onceUntil })
  const status = statusOf(meta, hash, context)
  const made = writeStep({ meta, entries: new Map() }, patch, status, context)
  return made.reply.ok ? made : { ...made, state: undefined }
}

function destroyStep(present: State, gone: Gone | undefined, now: number): Step {
  if (gone?.gone === 'rotated') return stepTo(gone, present)
  const { account } = present.meta
  return {
    reply: account === undefined ? { ok: true } : { ok: true, account },
    // An expired session was already over.
    ...over(present, now, gone === undefined ? now : undefined),
  }
}

/** Returns the state after a session was ended at `endedAt`, or has expired: a tombstone, or none. */
export function over(present: State, now: number, endedAt?: number): Omit<Step, 'reply'> {
  const { meta, entries } = present
  if (isTombstone(meta) && meta.usedAt > now) return { state: present, changed: [] }
  const tombstone = tombstoneOf(meta, now, endedAt)
  if (tombstone === undefined) return { state: undefined, changed: [] }
  return { state: { meta: tombstone, entries: new Map() }, changed: [...entries.keys()] }
}

/** Applies a `create` that finds its own session. Records no use, since that would look like a use by the browser. */
function joinStep(present: State, call: Call): Step {
  const { meta } = present
  const { hash, context } = call
  if (!mayJoin(meta, context.now)) return stepTo(overReply(ENDED, call), present)
  return stepTo(
    { ok: true, ...NOTHING, ...statusOf(meta, hash, context), createdAt: meta.createdAt },
    present,
  )
}

/**
 * Returns the answer for a session that is over. A `write` with `onceUntil` is told that the handle has had its
 * session.
 */
function overReply(gone: Gone, { method, patch }: Call): Gone {
  return gone === ENDED && method === 'write' && patch?.onceUntil !== undefined ? SPENT : gone
}

function regenerateStep(present: State, call: Call, newHash: string): Step {
  const { context, hash, grace, patch } = call
  const { meta, entries } = present
  // The previous token must not replace the current one.
  if (grace !== undefined && meta.hash !== hash) {
    return stepTo(rotated(meta.rotatedAt ?? meta.createdAt), present)
  }
  const account = patch?.signIn
  const isAnothers = isAnotherUsers(meta.account, account)
  const renewed = regenerated(touched(meta, context), newHash, context, { grace, account })
  return {
    reply: { ok: true, ...statusOf(renewed, newHash, context) },
    // The results of operations belong to the previous user too.
    state: isAnothers
      ? { meta: { ...renewed, operations: [] }, entries: new Map() }
      : { meta: renewed, entries },
    changed: isAnothers ? [...entries.keys()] : [],
  }
}

function writeStep(state: State, patch: Patch, status: Status, { now }: CallContext): Step {
  const known = outcomeOf(state.meta, patch)
  if (known !== undefined) return stepTo({ ok: true, ...status, ...known }, state)
  const difference = differenceOf(state.entries, patch)
  if (!difference.ok) return stepTo({ ...difference, ...status }, state)
  const { after, changed, outcome } = difference
  const reply = { ok: true, ...status, ...outcome } as const
  if (changed.length === 0) return stepTo(reply, state)
  const meta = withOperation(state.meta, patch, outcome, now)
  const { revision = 0 } = meta
  return { reply: { ...reply, revision, moved: true }, state: { meta, entries: after }, changed }
}

/** True if a sign-in takes over another user's session, so that all of that user's data must be deleted. */
export function isAnotherUsers(former: Account | undefined, account: Account | undefined): boolean {
  return former !== undefined && account !== undefined && former.userId !== account.userId
}

/** Returns the result of a call that changes no entries. */
export function stepTo(reply: Step['reply'], state: State | undefined): Step {
  return { reply, state, changed: [] }
}
