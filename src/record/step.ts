import type { Patch } from '../session/patch.ts'
import { differenceOf, type Texts } from './difference.ts'
import {
  deadlineOf,
  goneReason,
  isTombstone,
  mayJoin,
  type Meta,
  newMeta,
  regenerated,
  seenOf,
  tombstoneOf,
  touched,
  withOperation,
} from './meta.ts'
import type { Gone, Moment, Seen, WriteReply } from './store.ts'

/** One session as a store holds it. */
export interface State {
  readonly meta: Meta
  readonly entries: Texts
}

/** One call of a store that holds whole sessions, with the secrets hashed. */
export interface Call {
  readonly method: 'create' | 'read' | 'write' | 'regenerate' | 'destroy'
  readonly moment: Moment
  readonly hash: string
  /** For `regenerate`. */
  readonly newHash?: string | undefined
  readonly grace?: number | undefined
  /** For `create`, `write` and `regenerate`. */
  readonly patch?: Patch | undefined
}

/** A call by the user's own object, which knows whose session it should be, and no secret. */
export interface OwnerCall {
  readonly method: 'look' | 'end'
  readonly userId: string
  readonly now: number
}

/** What a user's object learns of a session that is still this user's. */
export interface Look {
  readonly ok: true
  readonly usedAt: number
  readonly expiresAt: number
}

/** What a call comes to: its reply, the state afterwards (the very same if nothing changed), the entries changed. */
export interface Step {
  readonly reply: WriteReply | ({ readonly ok: true } & Seen) | Look
  readonly state: State | undefined
  readonly changed: readonly string[]
}

/** The outcome of changes that give nothing back. */
const NOTHING = { taken: [], counts: [] }
const ENDED: Gone = { ok: false, gone: 'ended' }

/** The rules of a session's life, wherever a store can apply them in one step. Saving the new state is the store's. */
export function step(present: State | undefined, call: Call): Step {
  const { method, moment, hash, newHash, patch } = call
  if (present === undefined) return firstStep(call)
  const { meta, entries } = present
  const gone = goneReason(meta, hash, moment)
  if (method === 'destroy') return destroyStep(present, gone, moment.now)
  // A regenerate that is repeated after a failure, or by another request that renews, finds its own secret there.
  if (newHash === meta.hash) return stepTo({ ok: true, ...seenOf(meta, newHash, moment) }, present)
  if (gone !== undefined) return stepTo(gone, present)
  if (newHash !== undefined) return regenerateStep(present, call, newHash)
  if (patch?.onceUntil !== undefined) return joinStep(present, hash, moment)
  const used = touched(meta, moment)
  const state = used === meta ? present : { meta: used, entries }
  const seen = seenOf(used, hash, moment)
  return patch === undefined ? stepTo({ ok: true, ...seen }, state) : writeStep(state, patch, seen)
}

/** What a user's own object may do: look when the session was used, and end it, as long as it is that user's. */
export function ownerStep(present: State | undefined, { method, userId, now }: OwnerCall): Step {
  const expiresAt = present === undefined ? 0 : deadlineOf(present.meta)
  const isTheirs = present?.meta.account?.userId === userId
  if (present === undefined || !isTheirs || expiresAt <= now) return stepTo(ENDED, present)
  if (method === 'end') return { reply: { ok: true }, ...over(present, now) }
  return stepTo({ ok: true, usedAt: present.meta.usedAt, expiresAt }, present)
}

function firstStep({ method, moment, hash, patch }: Call): Step {
  if (method === 'destroy') return stepTo({ ok: true }, undefined)
  if (method !== 'create' || patch === undefined) return stepTo(ENDED, undefined)
  const meta = newMeta(hash, moment, { account: patch.signIn, onceUntil: patch.onceUntil })
  const made = writeStep({ meta, entries: new Map() }, patch, seenOf(meta, hash, moment))
  return made.reply.ok ? made : { ...made, state: undefined }
}

function destroyStep(present: State, gone: Gone | undefined, now: number): Step {
  if (gone?.gone === 'rotated') return stepTo(gone, present)
  const { account } = present.meta
  return {
    reply: account === undefined ? { ok: true } : { ok: true, account },
    ...over(present, now),
  }
}

/** What is left of a session that is over, mostly nothing. */
export function over(present: State, now: number): Omit<Step, 'reply'> {
  const { meta, entries } = present
  if (isTombstone(meta) && meta.usedAt > now) return { state: present, changed: [] }
  const tombstone = tombstoneOf(meta, now)
  if (tombstone === undefined) return { state: undefined, changed: [] }
  return { state: { meta: tombstone, entries: new Map() }, changed: [...entries.keys()] }
}

/** A `create` that finds its own session there; it records no use, which would be the browser's. */
function joinStep(present: State, hash: string, moment: Moment): Step {
  const { meta } = present
  if (!mayJoin(meta, moment.now)) return stepTo(ENDED, present)
  return stepTo(
    { ok: true, ...NOTHING, ...seenOf(meta, hash, moment), createdAt: meta.createdAt },
    present,
  )
}

function regenerateStep(present: State, call: Call, newHash: string): Step {
  const { moment, hash, grace, patch } = call
  const { meta, entries } = present
  // The former of two tokens must not make the present one a former one.
  if (grace !== undefined && meta.hash !== hash) {
    return stepTo({ ok: false, gone: 'rotated', at: meta.rotatedAt ?? meta.createdAt }, present)
  }
  const account = patch?.signIn
  const isAnothers =
    meta.account !== undefined && account !== undefined && meta.account.userId !== account.userId
  const renewed = regenerated(touched(meta, moment), newHash, moment, { grace, account })
  return {
    reply: { ok: true, ...seenOf(renewed, newHash, moment) },
    // What another user's operations took is that user's, too.
    state: isAnothers
      ? { meta: { ...renewed, operations: [] }, entries: new Map() }
      : { meta: renewed, entries },
    changed: isAnothers ? [...entries.keys()] : [],
  }
}

function writeStep(state: State, patch: Patch, seen: Seen): Step {
  const known = state.meta.operations.find(([id]) => id === patch.id)
  if (known !== undefined) return stepTo({ ok: true, ...seen, ...(known[1] ?? NOTHING) }, state)
  const difference = differenceOf(state.entries, patch)
  if (!difference.ok) return stepTo({ ...difference, ...seen }, state)
  const { after, changed, outcome } = difference
  const reply = { ok: true, ...seen, ...outcome } as const
  if (changed.length === 0) return stepTo(reply, state)
  const meta = withOperation(state.meta, patch.id, outcome)
  const { revision = 0 } = meta
  return { reply: { ...reply, revision }, state: { meta, entries: after }, changed }
}

function stepTo(reply: Step['reply'], state: State | undefined): Step {
  return { reply, state, changed: [] }
}
