import { ENDED, goneReason, isDictionary, nextRevision, statusOf } from '../record/meta.ts'
import type { Call, State, Step } from '../record/step.ts'
import type { BindingReply, BindRequest, DeviceKey, ProveRequest } from '../record/store.ts'
import { BINDING, BOUND } from '../session/patch.ts'

/** What a session keeps of its device. It goes with the session, and with the data of a user who is replaced. */
interface Binding {
  readonly key: DeviceKey
  readonly signedInAt: number
  /** The time of the last accepted challenge. */
  readonly provenAt: number
}

/** What a `prove` says, here. */
export interface CheckedRequest extends ProveRequest {
  /** The key that has signed the proof, if it was found genuine. */
  readonly signedBy?: DeviceKey
}

/** The answer to a `prove` whose signature is not verified yet. */
export type Unchecked = BindingReply & { readonly verify?: DeviceKey }

/**
 * Applies the rules of bindings. The secret does not count here: the challenge says which sign-in a key is for, and the
 * proof of the key which device it is. None of them counts as a use, and none changes a time of the session.
 */
export function bindStep(present: State | undefined, call: Call): Step {
  if (present === undefined) return { reply: ENDED, state: present, changed: [] }
  const { meta } = present
  const gone = goneReason(meta, meta.hash, call.context)
  if (gone !== undefined) return { reply: gone, state: present, changed: [] }
  return call.method === 'bind'
    ? registered(present, call, call.about as BindRequest)
    : proven(present, call, call.about as CheckedRequest)
}

function registered(present: State, call: Call, { signedInAt, key }: BindRequest): Step {
  const binding = bindingIn(present)
  const isTaken = binding?.signedInAt === signedInAt
  if (isTaken || present.meta.account?.at !== signedInAt) {
    return unchanged(present, call, binding, { refused: 'taken' })
  }
  const next = saved(present, { key, signedInAt, provenAt: signedInAt })
  next.set(BOUND, String(signedInAt))
  // A copy of the session that does not know of the binding must not count as the latest.
  const meta = { ...present.meta, revision: nextRevision(present.meta) }
  const reply = { ok: true, ...statusOf(meta, meta.hash, call.context), provenAt: signedInAt }
  return { reply: reply as BindingReply, state: { meta, entries: next }, changed: [BINDING, BOUND] }
}

function proven(present: State, call: Call, { proof, signedBy }: CheckedRequest): Step {
  const binding = bindingIn(present)
  if (binding === undefined) return { reply: ENDED, state: present, changed: [] }
  if (proof === undefined) return unchanged(present, call, binding, { refused: 'none' })
  if (proof.at <= binding.provenAt) return unchanged(present, call, binding, { refused: 'late' })
  if (signedBy === undefined) return unchanged(present, call, binding, { verify: binding.key })
  // Another sign-in may have replaced the key while the signature was verified.
  if (JSON.stringify(signedBy) !== JSON.stringify(binding.key)) {
    return unchanged(present, call, binding, { refused: 'late' })
  }
  const next = { ...binding, provenAt: proof.at }
  const state = { ...present, entries: saved(present, next) }
  return { ...unchanged(present, call, next, {}), state, changed: [BINDING] }
}

/** Returns the answer of a call that changes nothing. */
function unchanged(
  state: State,
  { context }: Call,
  binding: Binding | undefined,
  more: Pick<Unchecked & { ok: true }, 'refused' | 'verify'>,
): Step {
  const { provenAt = 0 } = binding ?? {}
  const status = statusOf(state.meta, state.meta.hash, context)
  const reply = { ok: true, ...status, provenAt, ...more } as BindingReply
  return { reply, state, changed: [] }
}

function saved({ entries }: State, binding: Binding): Map<string, string> {
  return new Map(entries).set(BINDING, JSON.stringify(binding))
}

/** Returns the binding; `undefined` if there is none, or it cannot be read. */
function bindingIn({ entries }: State): Binding | undefined {
  const text = entries.get(BINDING)
  const binding: unknown = text === undefined ? undefined : JSON.parse(text)
  return isDictionary(binding) ? (binding as unknown as Binding) : undefined
}
