import type { Patch } from '../session/patch.ts'
import { differenceOf, type Texts } from './difference.ts'
import { goneReason, type Meta, newMeta, touched, withOperation } from './meta.ts'
import type { Gone, Moment, WriteReply } from './store.ts'

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
  /** For `create` and `write`. */
  readonly patch?: Patch | undefined
}

/** What a call comes to: its reply, the state afterwards (the very same if nothing changed), the entries changed. */
export interface Step {
  readonly reply: WriteReply | { readonly ok: true; readonly usedAt?: number }
  readonly state: State | undefined
  readonly changed: readonly string[]
}

/** The rules of a session's life, wherever a store can apply them in one step. Saving the new state is the store's. */
export function step(present: State | undefined, call: Call): Step {
  const { method, moment, hash, newHash, patch } = call
  if (present === undefined) return firstStep(call)
  const { meta, entries } = present
  const gone = goneReason(meta, hash, moment)
  if (method === 'destroy' && gone?.gone !== 'rotated') return stepTo({ ok: true }, undefined)
  // A regenerate that is repeated after a failure finds its own secret there.
  if (newHash === meta.hash) return stepTo({ ok: true }, present)
  if (gone !== undefined) return stepTo(gone, present)
  const used = touched(meta, moment)
  if (newHash !== undefined) {
    const usedAt = Math.max(used.usedAt, moment.now)
    const renewed = { ...used, usedAt, hash: newHash, rotatedAt: moment.now }
    return stepTo({ ok: true }, { meta: renewed, entries })
  }
  const state = used === meta ? present : { meta: used, entries }
  return patch === undefined
    ? stepTo({ ok: true, usedAt: used.usedAt }, state)
    : writeStep(state, patch)
}

function firstStep({ method, moment, hash, patch }: Call): Step {
  if (method === 'destroy') return stepTo({ ok: true }, undefined)
  const ended: Gone = { ok: false, gone: 'ended' }
  if (method !== 'create' || patch === undefined) return stepTo(ended, undefined)
  const made = writeStep({ meta: newMeta(hash, moment), entries: new Map() }, patch)
  return made.reply.ok ? made : { ...made, state: undefined }
}

function writeStep(state: State, patch: Patch): Step {
  const { usedAt, operations } = state.meta
  const known = operations.find(([id]) => id === patch.id)
  if (known !== undefined) return stepTo({ ok: true, usedAt, ...known[1] }, state)
  const difference = differenceOf(state.entries, patch)
  if (!difference.ok) return stepTo(difference, state)
  const { after, changed, outcome } = difference
  const reply = { ok: true, usedAt, ...outcome } as const
  if (changed.length === 0) return stepTo(reply, state)
  const meta = withOperation(state.meta, patch.id, outcome)
  return { reply, state: { meta, entries: after }, changed }
}

function stepTo(reply: Step['reply'], state: State | undefined): Step {
  return { reply, state, changed: [] }
}
