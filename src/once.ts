import { newUniqueText } from './codec/random.ts'
import type { Token } from './codec/token.ts'
import { SessionError } from './errors.ts'
import { isGone } from './record/meta.ts'
import type {
  CallContext,
  Gone,
  LeaseCall,
  LeaseReply,
  LeaseRequest,
  SessionStore,
} from './record/store.ts'
import type { Feature } from './request/feature.ts'
import { requestSessionOf } from './request/lifecycle.ts'
import type { RequestSession } from './request/request-session.ts'
import { isStoreFailure } from './request/store-client.ts'
import { commitChanges, newPatch, orThrow } from './session/changes.ts'
import type { DeepReadonly } from './session/data.ts'
import { type Applied, LEASE, type Patch, type Refusal } from './session/patch.ts'
import { savepointOf } from './session/savepoint.ts'
import { nameOf, speculativeError } from './session/session.ts'

export interface OnceOptions {
  /** Seconds for which the result also answers later requests. 0 answers only those that are waiting. Default 10. */
  readonly keep?: number
  /**
   * Seconds after which another request may run the function, because the first one may be dead. Set it longer than the
   * function ever takes. Default 10.
   */
  readonly lease?: number
}

/** The method that `once()` adds to a session. */
export interface OnceMethods {
  /**
   * Runs `fn` in exactly one of the session's parallel requests that ask for this key. The others wait for its result.
   * Returns the result, frozen. Changes that `fn` records on the session are written together with the result. Creates
   * the session if there is none.
   *
   * If `fn` throws, its request gets the error, and changes recorded since it started are dropped; another waiting
   * request then runs its own `fn`. A request waits at most twice `lease`, then throws `ERR_STORE`.
   *
   * Throws `ERR_VALUE` if the result cannot be stored, and `ERR_TOO_LARGE` if it would make the session too large.
   * Throws `ERR_CONFLICT` if `fn` took longer than `lease` and another request has run its own: then neither the result
   * nor the changes are written. Throws `ERR_SPECULATIVE` in a prefetch or prerender, and `ERR_SESSION_ENDED` if the
   * session ends in the meantime.
   */
  once<T>(key: string, fn: () => T | Promise<T>, options?: OnceOptions): Promise<DeepReadonly<T>>
}

/**
 * Adds `once` to sessions: `use: [once()]`. The store needs `leases` of `edge-session/once/leases`: `export class
 * SessionObject extends extendSessionObject(leases) {}`. For a store that cannot provide leases, the first request
 * throws `ERR_OPTION`.
 */
export function once(): Feature<OnceMethods> {
  const methods: OnceMethods = {
    async once<T>(
      key: string,
      fn: () => T | Promise<T>,
      { keep = 10, lease = 10 }: OnceOptions = {},
    ): Promise<DeepReadonly<T>> {
      const session = requestSessionOf(this)
      const { operations } = session.dictionary.toChange()
      const about: LeaseRequest = {
        name: nameOf(key, LEASE),
        attempt: newUniqueText(),
        keep: keep * 1000,
        lease: lease * 1000,
      }
      if (session.purpose === 'speculative') {
        throw speculativeError('once', key)
      }
      return operations.run(() => runOnce(session, key, fn, about)) as Promise<DeepReadonly<T>>
    },
  }
  return { feature: 'once', methods, setUp: (_env, store) => checkLeases(store.part, store) }
}

async function runOnce(
  session: RequestSession,
  key: string,
  fn: () => unknown,
  about: LeaseRequest,
): Promise<unknown> {
  const { dictionary, codec, ctx } = session
  // No cookie can be set, so the session exists only in this request.
  if (!session.canKeep) return fn()
  let text = await acquired(session, about)
  // Another request may have changed the session since this one read it: the refresh token may already be used.
  dictionary.outdate()
  if (text === undefined) {
    const leading = lead(session, about, async () => {
      const value = await fn()
      return (text = value === undefined ? '' : codec.encode(`once(${key})`, value))
    })
    // The runtime ends a request whose client has disconnected.
    ctx?.waitUntil?.(leading.catch(() => undefined))
    await leading
  }
  return text === undefined || text === '' ? undefined : codec.decode(text)
}

/** The number of functions running in a request. */
const running = new WeakMap<RequestSession, number>()

/** Runs the function, and writes the text that it returns together with the changes it recorded. */
async function lead(
  session: RequestSession,
  about: LeaseRequest,
  run: () => Promise<string>,
): Promise<void> {
  const { dictionary } = session
  const since = savepointOf(dictionary.changes)
  let result: string | undefined
  const release = (patch?: Patch): Promise<Applied | Refusal> =>
    session.change(async () => {
      await (session.pending && session.settle(session.pending))
      const token = session.token as Token
      const reply = await ask(session, token, 'release', { ...about, wait: 0, result }, patch)
      if (isGone(reply)) throw session.lose(reply)
      return reply as Applied | Refusal
    })
  running.set(session, (running.get(session) ?? 0) + 1)
  try {
    result = await run()
    await (commitChanges(dictionary, since, release) ?? release(newPatch({})).then(orThrow))
  } catch (error) {
    // The outcome of the write is unknown, so the next commit writes the changes again.
    if (result === undefined || !isStoreFailure(error)) {
      // If several functions run at once, it is unknown which one recorded a change. Those of the others must stay.
      if (result !== undefined || running.get(session) === 1) dictionary.rollback(since)
      result = undefined
      await release().catch(() => undefined)
    }
    throw error
  } finally {
    running.set(session, (running.get(session) ?? 1) - 1)
  }
}

/**
 * Waits for the lease, or for another request's result. Returns that result, or `undefined` if this request has the
 * lease.
 */
async function acquired(session: RequestSession, about: LeaseRequest): Promise<string | undefined> {
  const { now } = session.settings
  const end = now() + 2 * about.lease
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop
    const token = await session.change(async () => {
      // A call that failed may have replaced the token: the store would refuse the previous one.
      await (session.pending && session.settle(session.pending))
      // A text that is not a lease, so that the write only creates the session.
      if (session.token === undefined) {
        await session.createNow(newPatch({ set: [[about.name, '0']] }))
      }
      return session.token as Token
    })
    // Not in the session's queue: while this request waits, its other operations continue.
    // oxlint-disable-next-line no-await-in-loop
    const reply = await ask(session, token, 'lease', { ...about, wait: end - now() })
    if (reply.ok) {
      checkLeases(reply.lease, session.store)
      if (reply.lease !== 'free') return reply.result
    }
    // This request may have replaced its token in the meantime.
    else if (session.token === token) {
      // oxlint-disable-next-line no-await-in-loop
      await session.change(() => session.leave(token, reply as Gone))
    }
  }
}

/** Makes a call, which may wait longer than `storeTimeout`. Throws the error that the store returns. */
async function ask(
  session: RequestSession,
  token: Token,
  method: LeaseCall['method'],
  about: LeaseRequest,
  patch?: Patch,
): Promise<Answer> {
  const { store } = session
  const run = async (context: CallContext): Promise<Answer> => {
    const call: LeaseCall = { method, about, patch }
    const reply: LeaseReply = await (store as LeasingStore).part(token, context, call)
    if ('code' in reply) throw new SessionError(reply.code, reply.message)
    return reply
  }
  const reply = await session.call(store.name, method, run, false, about.wait)
  if (!isGone(reply) && session.token === token) session.confirm(token, reply)
  return reply
}

/** A store that `setUp` has checked. */
interface LeasingStore {
  part: NonNullable<SessionStore['part']>
}

type Answer = Exclude<LeaseReply, { readonly code: unknown }>

function checkLeases(lease: unknown, { name }: SessionStore): void {
  if (lease !== undefined) return
  throw new SessionError(
    'ERR_OPTION',
    `once(): the ${name} store has no leases. Use extendSessionObject(leases) or memoryStore(leases).`,
  )
}
