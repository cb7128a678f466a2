import { ENDED, goneReason, nextRevision } from '../record/meta.ts'
import { type Call, type State, type Step, stepTo } from '../record/step.ts'
import type { BindingReply, BindRequest, DeviceKey, ProveRequest } from '../record/store.ts'
import { BINDING, BOUND } from '../session/patch.ts'

/**
 * The stored data about a session's device. It is deleted with the session, and with the data of a user who is
 * replaced.
 */
interface Binding {
  readonly key: DeviceKey
  readonly signedInAt: number
  /** The time of the last accepted challenge. */
  readonly provenAt: number
}

/** A `prove` request, after its signature was checked. */
export interface CheckedRequest extends ProveRequest {
  /** The key that made the proof's signature, if the signature is valid. */
  readonly signedBy?: DeviceKey
}

/** The reply to a `prove` whose signature has not been verified yet. */
export type Unchecked = BindingReply & { readonly verify?: DeviceKey }

/**
 * Applies the rules of bindings. The session's secret is not needed: the challenge names the sign-in that a key is for,
 * and the proof shows which device it is. No such call counts as a use, or changes any of the session's times.
 */
export function bindStep(present: State | undefined, call: Call): Step {
  if (present === undefined) return stepTo(ENDED, present)
  const { meta } = present
  const gone = goneReason(meta, meta.hash, call.context)
  if (gone !== undefined) return stepTo(gone, present)
  return call.method === 'bind'
    ? registered(present, call.about as BindRequest, call.context.now)
    : proven(present, call.about as CheckedRequest)
}

function registered(present: State, { signedInAt, key }: BindRequest, now: number): Step {
  const { meta } = present
  const { signedInAt: last, provenAt = 0 } = bindingIn(present) ?? {}
  const isTaken = last === signedInAt || meta.account?.at !== signedInAt
  if (isTaken) return answered(present, { provenAt, refused: 'taken' })
  const entries = saved(present, { key, signedInAt, provenAt: signedInAt })
  entries.set(BOUND, `${signedInAt} ${Math.min(signedInAt, now)}`)
  // A copy of the session from before the binding must not count as current.
  const state = { meta: { ...meta, revision: nextRevision(meta) }, entries }
  return answered(state, { provenAt: signedInAt }, [BINDING, BOUND])
}

function proven(present: State, { proof, signedBy }: CheckedRequest): Step {
  const binding = bindingIn(present)
  if (binding === undefined) return stepTo(ENDED, present)
  const { key, provenAt } = binding
  if (proof === undefined) return answered(present, { provenAt, refused: 'none' })
  if (proof.at <= provenAt) return answered(present, { provenAt, refused: 'late' })
  if (signedBy === undefined) return answered(present, { provenAt, verify: key })
  // Another sign-in may have replaced the key while the signature was being verified.
  if (JSON.stringify(signedBy) !== JSON.stringify(key)) {
    return answered(present, { provenAt, refused: 'late' })
  }
  const entries = saved(present, { ...binding, provenAt: proof.at })
  return answered({ ...present, entries }, { provenAt: proof.at }, [BINDING])
}

function answered(
  state: State,
  answer: Pick<Unchecked & { ok: true }, 'provenAt' | 'refused' | 'verify'>,
  changed: readonly string[] = [],
): Step {
  return { reply: { ok: true, ...answer }, state, changed }
}

function saved({ entries }: State, binding: Binding): Map<string, string> {
  return new Map(entries).set(BINDING, JSON.stringify(binding))
}

/** Returns the binding, or `undefined` if there is none. */
function bindingIn({ entries }: State): Binding | undefined {
  const text = entries.get(BINDING)
  return text === undefined ? undefined : (JSON.parse(text) as Binding)
}
