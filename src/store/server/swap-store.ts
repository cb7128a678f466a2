import { decodeHandle, encodeHex } from '../../codec/base64url.ts'
import { sha256 } from '../../codec/mac.ts'
import { newRandomText } from '../../codec/random.ts'
import { SessionError } from '../../errors.ts'
import { deadlineOf } from '../../record/meta.ts'
import { type Call, type State, type Step, step } from '../../record/step.ts'
import type { Credential, Gone, SessionStore } from '../../record/store.ts'
import { BoundedMap } from '../bounded-map.ts'
import { type Engine, type Held, NOTHING_HELD, type WithEngine } from './engine.ts'

/**
 * At each try one of those who change a session at the same time wins; the last of them has lost against all the
 * others. So many may be at it.
 */
const MAX_TRIES = 128
/** A session past its deadline stays so long on the server, so that a clock that is late ends none too early. */
const TTL_MARGIN_MS = 1000
/** What a request has read is kept for the write that may follow, if it is small. */
const MAX_REMEMBERED = 100
const MAX_REMEMBERED_CHARACTERS = 50_000
/** Hashes of secrets in use, so that not every request has to work out its own. */
const MAX_KNOWN_HASHES = 1000
const CORRUPT: Gone = { ok: false, gone: 'corrupt' }

/** How many bytes of a state a server takes, if it is choosy. */
export interface SizeLimit {
  readonly bytes: number
  readonly sizeOf: (state: State) => number
}

type Request = Omit<Call, 'hash' | 'newHash'> & { readonly newSecret?: string }

/**
 * A store over a server that holds whole sessions. The rules of a session's life are those of `step`; where another
 * request has changed the session meanwhile, they are applied anew to what it has left. Throws `ERR_CONFLICT` after
 * 128 tries.
 */
export function swapStore(name: string, withEngine: WithEngine, limit?: SizeLimit): SessionStore {
  const hashes = new BoundedMap<string>(MAX_KNOWN_HASHES)
  const remembered = new BoundedMap<Held | undefined>(MAX_REMEMBERED)

  async function hashOf(secret: string): Promise<string> {
    return hashes.get(secret) ?? hashes.set(secret, await sha256(secret))
  }

  function remember(handle: string, held: Held | undefined): void {
    remembered.set(handle, isWorthKeeping(held) ? held : undefined)
  }

  /** What the call can begin with, without asking the server. A read always asks. */
  function recall(handle: string, { method }: Call): Held | undefined {
    if (method === 'create') return NOTHING_HELD
    if (method === 'read') return undefined
    const held = remembered.get(handle)
    // Once only: of calls at the same time, one can be right.
    if (held !== undefined) remember(handle, undefined)
    return held
  }

  /** Applies the call to what is held, or to what another has put in its place, until nobody was quicker. */
  async function run(engine: Engine, handle: string, call: Call): Promise<Step> {
    const recalled = recall(handle, call)
    const first = recalled ?? (await engine.load(handle))
    // What is only remembered decides nothing: the server has the word.
    let isToldNow = recalled === undefined
    let tries = 0

    async function attempt(held: Held): Promise<Step> {
      const outcome = outcomeOf(held, call, limit)
      if (isUnchanged(outcome, held)) {
        if (!isToldNow) return again(undefined)
        remember(handle, held)
        return outcome
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
    try {
      const outcome = await withEngine((engine) => run(engine, handle, call))
      return replyOf(outcome, call.method, handle) as Reply
    } catch (error) {
      remember(handle, undefined)
      throw error
    }
  }

  return {
    name,
    isAtomic: true,
    recordsUse: true,
    newHandle: newRandomText,
    idOf: (handle) => encodeHex(decodeHandle(handle)),
    create: (credential, moment, patch) => ask(credential, { method: 'create', moment, patch }),
    read: (credential, moment) => ask(credential, { method: 'read', moment }),
    write: (credential, moment, patch) => ask(credential, { method: 'write', moment, patch }),
    regenerate: (credential, moment, { secret: newSecret, grace, patch }) =>
      ask(credential, { method: 'regenerate', moment, newSecret, grace, patch }),
    destroy: (credential, moment) => ask(credential, { method: 'destroy', moment }),
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
  const seen = step(state, { ...rest, method: 'read' })
  return { ...seen, reply: { ...seen.reply, ...refusal } }
}

function conflict(name: string): SessionError {
  return new SessionError(
    'ERR_CONFLICT',
    `Others changed the session each of the ${MAX_TRIES} times that the ${name} store tried. Nothing was saved.`,
  )
}

function isUnchanged({ reply, state }: Step, held: Held): boolean {
  return held.state === 'corrupt' ? reply === CORRUPT : state === held.state
}

function ttlOf({ meta }: State, { moment }: Call): number {
  return Math.ceil(deadlineOf(meta) - moment.now) + TTL_MARGIN_MS
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
