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
  /** Seconds for which the result answers requests that come later. 0 answers only those that wait. Default 10. */
  readonly keep?: number
  /**
   * Seconds after which another request may run the function, because the one that ran it may be dead. Longer than the
   * function ever takes. Default 10.
   */
  readonly lease?: number
}

/** The method that `once()` adds to a session. */
export interface OnceMethods {
  /**
   * Runs `fn` in exactly one of all parallel requests of the session that ask for this key; the others wait, and get its
   * result. Returns the result, frozen. What `fn` records on the session is written together with the result. Creates
   * the session if there is none.
   *
   * If `fn` throws, its request gets the error, and what was recorded since is dropped; another request that waits runs
   * its own `fn`. A request waits twice `lease` at most, then throws `ERR_STORE`.
   *
   * Throws `ERR_VALUE` if the result cannot be stored, `ERR_TOO_LARGE` if the session would be too large with it, and `ERR_CONFLICT` if `fn` took longer than `lease` and another
   * request has run its own: then neither the result nor the changes are written. Throws `ERR_SPECULATIVE` in a
   * prefetch or prerender, and `ERR_SESSION_ENDED` if the session ends meanwhile.
   */
  once<T>(key: string, fn: () => T | Promise<T>, options?: OnceOptions): Promise<DeepReadonly<T>>
}

/**
 * Adds `once` to sessions: `use: [once()]`. The store needs `leases` of `edge-session/once/leases`: `export class
 * SessionObject extends extendSessionObject(leases) {}`. The first request throws `ERR_OPTION` for a store that cannot
 * hand out leases.
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
  // No cookie can be set, so the session is in this request only.
  if (!session.canKeep) return fn()
  let text = await acquired(session, about)
  // Another request may have changed the session since this one read it: the refresh token may be spent.
  dictionary.outdate()
  if (text === undefined) {
    const leading = lead(session, about, async () => {
      const value = await fn()
      return (text = value === undefined ? '' : codec.encode(`once(${key})`, value))
    })
    // The runtime ends a request whose client has gone.
    ctx?.waitUntil?.(leading.catch(() => undefined))
    await leading
  }
  return text === undefined || text === '' ? undefined : codec.decode(text)
}

/** The number of functions that run in a request. */
const running = new WeakMap<RequestSession, number>()

/** Runs the function, and writes the text that it returns and what it recorded. */
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
    // Whether it was written is unknown: the next commit writes the changes again.
    if (result === undefined || !isStoreFailure(error)) {
      // Of functions that run at the same time, nothing tells whose the changes are. Those of the others must stay.
      if (result !== undefined || running.get(session) === 1) dictionary.rollback(since)
      result = undefined
      await release().catch(() => undefined)
    }
    throw error
  } finally {
    running.set(session, (running.get(session) ?? 1) - 1)
  }
}

/** Waits for the lease, or for the result of another request. Returns that result; `undefined` with the lease. */
async function acquired(session: RequestSession, about: LeaseRequest): Promise<string | undefined> {
  const { now } = session.settings
  const end = now() + 2 * about.lease
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop
    const token = await session.change(async () => {
      // A text that is no lease: it only creates the session.
      if (session.token === undefined) {
        await session.createNow(newPatch({ set: [[about.name, '0']] }))
      }
      return session.token as Token
    })
    // Not in the queue of the session: while this request waits, its other operations go on.
    // oxlint-disable-next-line no-await-in-loop
    const reply = await ask(session, token, 'lease', { ...about, wait: end - now() })
    if (reply.ok) {
      checkLeases(reply.lease, session.store)
      if (reply.lease !== 'free') return reply.result
    }
    // This request may have replaced its token meanwhile.
    else if (session.token === token) {
      // oxlint-disable-next-line no-await-in-loop
      await session.change(() => session.leave(token, reply as Gone))
    }
  }
}

/** Makes a call. It may wait longer than `storeTimeout`. Throws the error that the store names. */
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
