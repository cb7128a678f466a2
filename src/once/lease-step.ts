import type { SessionErrorCode } from '../errors.ts'
import { isDictionary, outcomeOf } from '../record/meta.ts'
import { type Call, type State, type Step, step } from '../record/step.ts'
import type { LeaseRequest, Status } from '../record/store.ts'
import { LEASE } from '../session/patch.ts'

/** A stored lease, or a result that is kept after it. */
interface Lease {
  /** The attempt that holds or held it. */
  readonly by: string
  /** When the holder loses it, or when the result is deleted. Milliseconds since 1970. */
  readonly until: number
  readonly result?: string
}

/** A request for a lease, as it arrives here. */
export interface PartRequest extends LeaseRequest {
  /** True if the call has waited for a holder. It then accepts any result, but does not get the lease. */
  readonly hasWaited?: true
}

/** The answer to a call while another one holds the lease. `leases` replaces it with another answer. */
export interface Held {
  readonly held: true
  /** The remaining time, in milliseconds. */
  readonly left: number
}

/** A session that the credential may use. */
interface Open {
  readonly state: State
  readonly reply: { readonly ok: true } & Status
}

/**
 * Applies the rules of leases. A lease is stored as an entry of the session. It is deleted with the session, and with
 * the data of a user whose session another user takes over.
 */
export function leaseStep(present: State | undefined, call: Call): Step {
  // An unknown method only looks at the session, as a read does.
  const looked = step(present, call.patch === undefined ? call : { ...call, patch: undefined })
  const { reply, state } = looked
  if (state === undefined || !reply.ok) return looked
  const about = call.about as PartRequest
  return call.method === 'lease'
    ? acquireStep({ state, reply }, call.context.now, about)
    : releaseStep({ state, reply }, call, about)
}

const MAX_MILLISECONDS = 86_400_000

function acquireStep({ state, reply }: Open, now: number, about: PartRequest): Step {
  const { name, attempt, hasWaited } = about
  if (!areTimes(about)) {
    return refused(state, 'ERR_OPTION', 'keep and lease must be numbers of seconds below a day.')
  }
  // The reply is a new object each time. With another copy, a kept result would use the place of a read.
  const answer = (more: object): Step => ({
    reply: Object.assign(reply, more),
    state,
    changed: [],
  })
  const { by, until, result } = leaseIn(state, name) ?? NO_LEASE
  const left = until - now
  if (result !== undefined && (left > 0 || hasWaited === true))
    return answer({ lease: 'kept', result })
  if (result === undefined && left > 0) {
    return by === attempt ? answer({ lease: 'yours' }) : answer({ held: true, left })
  }
  return hasWaited === true
    ? answer({ lease: 'free' })
    : { reply: { ...reply, lease: 'yours' }, ...granted(state, about, now) }
}

const NO_LEASE: Lease = { by: '', until: 0 }

function areTimes({ keep, lease }: LeaseRequest): boolean {
  // JSON turns a number that is not finite into null.
  const areInRange = [keep, lease].every((time) => Number.isFinite(time) && time < MAX_MILLISECONDS)
  return areInRange && keep >= 0 && lease > 0
}

/** Returns the state with this attempt's lease, and without expired results. */
function granted(
  state: State,
  { name, attempt, lease }: LeaseRequest,
  now: number,
): Pick<Step, 'state' | 'changed'> {
  const entries = new Map(state.entries)
  const old = [...entries.keys()].filter((each) => isPast(leaseIn(state, each), now))
  for (const each of old) entries.delete(each)
  entries.set(name, textOf({ by: attempt, until: now + lease }))
  return { state: { ...state, entries }, changed: [...old, name] }
}

function releaseStep({ state, reply }: Open, call: Call, about: PartRequest): Step {
  const { name, attempt, keep, result } = about
  const { patch } = call
  const lease = leaseIn(state, name) ?? NO_LEASE
  if (patch === undefined || result === undefined) {
    const isMine = lease.by === attempt && lease.result === undefined
    return isMine ? { reply, ...without(state, name) } : { reply, state, changed: [] }
  }
  if (lease.by !== attempt && outcomeOf(state.meta, patch) === undefined) {
    return refused(state, 'ERR_CONFLICT', TOO_LATE)
  }
  const kept = textOf({ by: attempt, until: call.context.now + keep, result })
  const set = [...(patch.set ?? []), [name, kept] as const]
  const written = step(state, { ...call, method: 'write', patch: { ...patch, set } })
  return written.reply.ok ? written : { reply: written.reply, ...without(state, name) }
}

const TOO_LATE =
  'the function took longer than its lease, and another request ran it. Nothing was written. Increase lease.'

function refused(state: State, code: SessionErrorCode, message: string): Step {
  return { reply: { ok: false, code, message: `once(): ${message}` }, state, changed: [] }
}

function without(state: State, name: string): Pick<Step, 'state' | 'changed'> {
  const entries = new Map(state.entries)
  entries.delete(name)
  return { state: { ...state, entries }, changed: [name] }
}

/** Returns the lease with this name, or `undefined` if there is none or it cannot be read. */
function leaseIn({ entries }: State, name: string): Lease | undefined {
  const text = name.startsWith(LEASE) ? entries.get(name) : undefined
  const lease: unknown = text === undefined ? undefined : JSON.parse(text)
  return isDictionary(lease) ? (lease as unknown as Lease) : undefined
}

/** True if only an expired result is left. */
function isPast(lease: Lease | undefined, now: number): boolean {
  return lease?.result !== undefined && lease.until <= now
}

function textOf(lease: Lease): string {
  return JSON.stringify(lease)
}
