import type { Account } from '../session/account.ts'
import type { Patch } from '../session/patch.ts'
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
  regenerated,
  rotated,
  statusOf,
  tombstoneOf,
  touched,
  withOperation,
} from './meta.ts'
import type { CallContext, Gone, Status, WriteReply } from './store.ts'

/** The state of one session in a store. */
export interface State {
  readonly meta: Meta
  readonly entries: Texts
}

/** One call of a store that holds whole sessions. The secrets are hashed. */
export interface Call {
  readonly method: 'create' | 'read' | 'write' | 'regenerate' | 'destroy'
  readonly context: CallContext
  readonly hash: string
  /** Only for `regenerate`. */
  readonly newHash?: string | undefined
  readonly grace?: number | undefined
  /** Only for `create`, `write` and `regenerate`. */
  readonly patch?: Patch | undefined
}

/** A call by the user's own object. It has the expected user of the session, and no secret. */
export interface OwnerCall {
  readonly method: 'look' | 'end'
  readonly userId: string
  readonly now: number
}

/** The reply to a user's object for a session that still belongs to the user. */
export interface Look {
  readonly ok: true
  readonly usedAt: number
  readonly expiresAt: number
}

/** The result of a call: its reply, the next state (the same object if nothing changed), and the changed entries. */
export interface Step {
  readonly reply: WriteReply | ({ readonly ok: true } & Status) | Look
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
  // A repeated regenerate, or one of another request that renews, finds its own secret here.
  if (newHash === meta.hash)
    return stepTo({ ok: true, ...statusOf(meta, newHash, context) }, present)
  if (gone !== undefined) return stepTo(gone, present)
  if (newHash !== undefined) return regenerateStep(present, call, newHash)
  if (patch?.onceUntil !== undefined) return joinStep(present, hash, context)
  const used = touched(meta, context)
  const state = used === meta ? present : { meta: used, entries }
  const status = statusOf(used, hash, context)
  return patch === undefined
    ? stepTo({ ok: true, ...status }, state)
    : writeStep(state, patch, status, context)
}

/**
 * Applies a call by the user's own object: reads the last use of the session, or ends it, if it belongs to the user.
 */
export function ownerStep(present: State | undefined, { method, userId, now }: OwnerCall): Step {
  const expiresAt = present === undefined ? 0 : deadlineOf(present.meta)
  const isTheirs = present?.meta.account?.userId === userId
  if (present === undefined || !isTheirs || expiresAt <= now) {
    return stepTo(ended(present?.meta.endedAt, now), present)
  }
  if (method === 'end') return { reply: { ok: true }, ...over(present, now, now) }
  return stepTo({ ok: true, usedAt: present.meta.usedAt, expiresAt }, present)
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
    // A session that has expired was over before.
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

/** Applies a `create` that finds its own session. Records no use, since that would count as a use by the browser. */
function joinStep(present: State, hash: string, context: CallContext): Step {
  const { meta } = present
  if (!mayJoin(meta, context.now)) return stepTo(ENDED, present)
  return stepTo(
    { ok: true, ...NOTHING, ...statusOf(meta, hash, context), createdAt: meta.createdAt },
    present,
  )
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
    // The results of operations belong to the previous user, too.
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

/** True if a sign-in takes over the session of another user. All data of that user must go. */
export function isAnotherUsers(former: Account | undefined, account: Account | undefined): boolean {
  return former !== undefined && account !== undefined && former.userId !== account.userId
}

function stepTo(reply: Step['reply'], state: State | undefined): Step {
  return { reply, state, changed: [] }
}

/**
 * Stands for an infinite duration: 60 years. KV has no longer time to live (a 32-bit number of seconds), and an object
 * no alarm after 2189.
 */
const FOREVER_MS = 60 * 366 * 24 * 3_600_000

/**
 * Returns a number of milliseconds that JSON keeps, in a message and in storage. Infinity becomes a very long duration.
 * Throws a `TypeError` for NaN and anything that is not a number, since no comparison with it is true.
 */
export function finite(milliseconds: number): number {
  if (Number.isFinite(milliseconds)) return milliseconds
  if (milliseconds === Infinity) return FOREVER_MS
  throw new TypeError(`A time or timeout is ${milliseconds}, not a number of milliseconds.`)
}

/** Returns the context with finite numbers. */
export function finiteContext(context: CallContext): CallContext {
  const { now, idle, absolute, touch } = context
  const timeouts = { idle: finite(idle), absolute: finite(absolute), touch: finite(touch) }
  return { ...context, now: finite(now), ...timeouts }
}

/** Returns the patch with a finite `onceUntil`. */
export function finitePatch(patch: Patch, now: number): Patch {
  const { onceUntil } = patch
  return onceUntil === undefined ? patch : { ...patch, onceUntil: now + finite(onceUntil - now) }
}
