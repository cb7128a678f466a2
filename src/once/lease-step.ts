import { isDictionary, outcomeOf } from '../record/meta.ts'
import { type Call, type State, type Step, step } from '../record/step.ts'
import type { LeaseCall, LeaseReply } from '../record/store.ts'
import { LEASE } from '../session/patch.ts'

/** A stored lease, or what is kept of one. */
interface Lease {
  /** The attempt that holds it, or held it. */
  readonly by: string
  /** When the holder loses it, or the result is not kept any more. Milliseconds since 1970. */
  readonly until: number
  readonly result?: string
}

type Acquire = Extract<LeaseCall, { method: 'lease' }> & { readonly hasWaited?: boolean }
type Release = Extract<LeaseCall, { method: 'release' }>

/** A session that the credential opens. */
interface Open {
  readonly state: State
  readonly reply: Extract<LeaseReply, { readonly ok: true }>
}

/**
 * Applies the rules of leases. A lease is an entry of the session: it is stored, and goes, with the session, and with
 * the data of a user whose session another user takes over.
 */
export function leaseStep(present: State | undefined, call: Call): Step {
  // A method that is unknown here looks at the session, as a read does.
  const looked = step(present, { ...call, patch: undefined })
  const { reply, state } = looked
  if (state === undefined || !reply.ok || 'expiresAt' in reply) return looked
  const about = call.about as Acquire | Release
  return about.attempt === undefined
    ? looked
    : call.method === 'lease'
      ? acquireStep({ state, reply }, call, about as Acquire)
      : releaseStep({ state, reply }, call, about as Release)
}

function acquireStep({ state, reply }: Open, call: Call, about: Acquire): Step {
  const { name, attempt, hasWaited = false } = about
  const { now } = call.context
  const lease = leaseIn(state, name)
  const answer = (more: Partial<Open['reply']>, next = state, changed: string[] = []): Step => ({
    reply: { ...reply, ...more },
    state: next,
    changed,
  })
  if (lease?.result !== undefined && (lease.until > now || hasWaited)) {
    return answer({ lease: 'kept', result: lease.result })
  }
  const isHeld = lease !== undefined && lease.result === undefined && lease.until > now
  if (isHeld && lease.by === attempt) return answer({ lease: 'yours' })
  if (isHeld) return answer({ lease: 'held', left: lease.until - now })
  if (hasWaited) return answer({ lease: 'free' })
  const entries = new Map(state.entries)
  const old = [...entries.keys()].filter((each) => isPast(leaseIn(state, each), now))
  for (const each of old) entries.delete(each)
  entries.set(name, textOf({ by: attempt, until: now + about.lease }))
  return answer({ lease: 'yours' }, { ...state, entries }, [...old, name])
}

function releaseStep({ state, reply }: Open, call: Call, about: Release): Step {
  const { name, attempt, result, keep = 0 } = about
  const { patch } = call
  const isRepeated = patch !== undefined && outcomeOf(state.meta, patch) !== undefined
  if (!isRepeated && leaseIn(state, name)?.by !== attempt) {
    return { reply: { ...reply, ok: false, why: 'conflict', current: [] }, state, changed: [] }
  }
  if (patch === undefined || result === undefined) return { reply, ...without(state, name) }
  const kept = textOf({ by: attempt, until: call.context.now + keep, result })
  const set = [...(patch.set ?? []), [name, kept] as const]
  const written = step(state, { ...call, method: 'write', patch: { ...patch, set } })
  return written.reply.ok ? written : { reply: written.reply, ...without(state, name) }
}

function without(state: State, name: string): Pick<Step, 'state' | 'changed'> {
  const entries = new Map(state.entries)
  entries.delete(name)
  return { state: { ...state, entries }, changed: [name] }
}

/** Returns the lease of this name; `undefined` if there is none, or it cannot be read. */
function leaseIn({ entries }: State, name: string): Lease | undefined {
  const text = name.startsWith(LEASE) ? entries.get(name) : undefined
  const lease: unknown = text === undefined ? undefined : JSON.parse(text)
  return isDictionary(lease) ? (lease as unknown as Lease) : undefined
}

/** True if only a result is left that is not kept any more. */
function isPast(lease: Lease | undefined, now: number): boolean {
  return lease?.result !== undefined && lease.until <= now
}

function textOf(lease: Lease): string {
  return JSON.stringify(lease)
}
