import { decodeHandle, encodeHex } from '../../codec/base64url.ts'
import { BoundedMap } from '../../codec/bounded-map.ts'
import { hashOf } from '../../codec/mac.ts'
import { newRandomText } from '../../codec/random.ts'
import { SessionError } from '../../errors.ts'
import { CORRUPT, deadlineOf } from '../../record/meta.ts'
import { type Call, type State, type Step, step, unrecorded } from '../../record/step.ts'
import type { Credential, SessionStore } from '../../record/store.ts'
import { type Engine, type Held, NOTHING_HELD, type WithEngine } from './engine.ts'

/**
 * The maximum number of tries. Of the calls that change a session at the same time, one wins each round, so this many
 * can run in parallel.
 */
const MAX_TRIES = 128
/** The server keeps a session this much longer than its deadline, so that a slow clock does not end it too early. */
const TTL_MARGIN_MS = 1000
/** A state read by a request is kept for a write that may follow, if it is small. */
const MAX_REMEMBERED = 100
const MAX_REMEMBERED_CHARACTERS = 50_000
/** The maximum size of a state, if the server has one. */
export interface SizeLimit {
  readonly bytes: number
  readonly sizeOf: (state: State) => number
}

type Request = Omit<Call, 'hash' | 'newHash'> & { readonly newSecret?: string }

/**
 * Returns a store over a server that stores whole sessions. `step` has the rules of the session's life cycle. If
 * another request changed the session in the meantime, they are applied again to the new state. Throws `ERR_CONFLICT`
 * after 128 tries.
 */
export function swapStore(name: string, withEngine: WithEngine, limit?: SizeLimit): SessionStore {
  const remembered = new BoundedMap<Held | undefined>(MAX_REMEMBERED)

  function remember(handle: string, held: Held | undefined): void {
    remembered.set(handle, isWorthKeeping(held) ? held : undefined)
  }

  /** Returns the state with which the call can start without asking the server. A read always asks. */
  function recall(handle: string, { method }: Call): Held | undefined {
    if (method === 'create') return NOTHING_HELD
    if (method === 'read') return undefined
    const held = remembered.get(handle)
    // Used once only: of several simultaneous calls, only one can be right.
    if (held !== undefined) remember(handle, undefined)
    return held
  }

  /** Applies the call to the held state, and again to each newer state until no other call was faster. */
  async function run(
    engine: Engine,
    handle: string,
    call: Call,
    noteRead: (read: Step) => void,
  ): Promise<Step> {
    const recalled = recall(handle, call)
    const first = recalled ?? (await engine.load(handle))
    // A remembered state is not authoritative: only the server decides.
    let isToldNow = recalled === undefined
    let tries = 0

    async function attempt(held: Held): Promise<Step> {
      const outcome = outcomeOf(held, call, limit)
      if (isUnchanged(outcome, held)) {
        if (!isToldNow) return again(undefined)
        remember(handle, held)
        return outcome
      }
      // The caller has already been told that the call failed.
      call.context.signal?.().throwIfAborted()
      if (call.method === 'read' && typeof held.state === 'object' && outcome.reply.ok) {
        noteRead(unrecorded(held.state, call))
      }
      const { state, changed } = outcome
      const ttl = state === undefined ? 0 : ttlOf(state, call)
      const swapped = await engine.swap(handle, held, { state, changed, ttl })
      if (!swapped.isDone) return again(swapped.held)
      remember(handle, swapped.held)
      return outcome
    }

    async function again(held: Held | undefined): Promise<Step> {
      tries += 1
      call.context.tried?.()
      if (tries >= MAX_TRIES) throw conflict(name)
      isToldNow = true
      return attempt(held ?? (await engine.load(handle)))
    }

    return attempt(first)
  }

  async function ask<Reply>(
    { handle, secret }: Credential,
    { newSecret, ...request }: Request,
  ): Promise<Reply> {
    const newHash = newSecret === undefined ? undefined : await hashOf(newSecret)
    const call = { ...request, hash: await hashOf(secret), newHash }
    let read: Step | undefined
    const work = (engine: Engine): Promise<Step> =>
      run(engine, handle, call, (noted) => {
        read = noted
      })
    try {
      const outcome = await withEngine(work, call.context.signal?.())
      return replyOf(outcome, call.method, handle) as Reply
    } catch (error) {
      remember(handle, undefined)
      // The server accepts no writes at the moment. A later read records its use.
      if (read !== undefined) return replyOf(read, call.method, handle) as Reply
      throw error
    }
  }

  return {
    name,
    can: { atomic: true, recordUse: true, revise: true, adopt: false, address: false },
    newHandle: newRandomText,
    idOf: (handle) => encodeHex(decodeHandle(handle)),
    create: (credential, context, patch) => ask(credential, { method: 'create', context, patch }),
    read: (credential, context) => ask(credential, { method: 'read', context }),
    write: (credential, context, patch) => ask(credential, { method: 'write', context, patch }),
    regenerate: (credential, context, { secret: newSecret, grace, patch }) =>
      ask(credential, { method: 'regenerate', context, newSecret, grace, patch }),
    destroy: (credential, context) => ask(credential, { method: 'destroy', context }),
  }
}

function outcomeOf({ state }: Held, call: Call, limit: SizeLimit | undefined): Step {
  if (state === 'corrupt') {
    const reply = call.method === 'destroy' ? ({ ok: true } as const) : CORRUPT
    return { reply, state: undefined, changed: [] }
  }
  const outcome = step(state, call)
  const isLarger = outcome.state !== undefined && outcome.changed.length > 0
  if (limit === undefined || !isLarger || limit.sizeOf(outcome.state) <= limit.bytes) return outcome
  const refusal = { ok: false, why: 'too-large', limit: `${limit.bytes} bytes` } as const
  if (state === undefined) return { reply: refusal, state, changed: [] }
  const { patch: _, ...rest } = call
  const status = step(state, { ...rest, method: 'read' })
  return { ...status, reply: { ...status.reply, ...refusal } }
}

function conflict(name: string): SessionError {
  return new SessionError(
    'ERR_CONFLICT',
    `Other requests changed the session during each of ${MAX_TRIES} tries of the ${name} store. Nothing was saved.`,
  )
}

function isUnchanged({ reply, state }: Step, held: Held): boolean {
  return held.state === 'corrupt' ? reply === CORRUPT : state === held.state
}

function ttlOf({ meta }: State, { context }: Call): number {
  return Math.ceil(deadlineOf(meta) - context.now) + TTL_MARGIN_MS
}

function replyOf({ reply, state }: Step, method: Call['method'], handle: string): object {
  if (!reply.ok || state === undefined) return reply
  if (method === 'regenerate') return { ...reply, handle }
  return method === 'read' ? { ...reply, entries: Object.fromEntries(state.entries) } : reply
}

function isWorthKeeping(held: Held | undefined): boolean {
  if (held?.state === undefined || held.state === 'corrupt') return false
  let characters = 0
  for (const [name, text] of held.state.entries) characters += name.length + text.length
  return characters <= MAX_REMEMBERED_CHARACTERS
}
