import { newUniqueText } from './codec/random.ts'
import type { Token } from './codec/token.ts'
import { SessionError } from './errors.ts'
import { isGone } from './record/meta.ts'
import type { CallContext, LeaseCall, LeaseReply, SessionStore } from './record/store.ts'
import type { Feature } from './request/feature.ts'
import { requestSessionOf } from './request/lifecycle.ts'
import type { RequestSession } from './request/request-session.ts'
import { isStoreFailure } from './request/store-client.ts'
import { commitChanges, newPatch } from './session/changes.ts'
import type { DataCodec } from './session/codec.ts'
import type { DeepReadonly } from './session/data.ts'
import { LEASE, type Patch } from './session/patch.ts'
import { savepointOf } from './session/savepoint.ts'
import { nameOf } from './session/session.ts'

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
   * Throws `ERR_VALUE` if the result cannot be stored, and `ERR_CONFLICT` if `fn` took longer than `lease` and another
   * request has run its own: then neither the result nor the changes are written. Throws `ERR_SPECULATIVE` in a
   * prefetch or prerender, and `ERR_SESSION_ENDED` if the session ends meanwhile.
   */
  once<T>(
    key: string,
    fn: () => T | Promise<T>,
    options?: OnceOptions,
  ): Promise<DeepReadonly<T>>
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
      const name = nameOf(key, LEASE)
      if (!(keep >= 0 && keep < MAX_SECONDS && lease > 0 && lease < MAX_SECONDS)) {
        throw onceError('ERR_OPTION', key, 'keep and lease are numbers of seconds, below a day')
      }
      if (session.purpose === 'speculative') {
        throw onceError('ERR_SPECULATIVE', key, 'a prefetch or prerender must not run the function')
      }
      const call = new OnceCall(session, key, { name, attempt: newUniqueText() })
      const running = operations.run(() => call.run(fn, lease * 1000, keep * 1000))
      return running as Promise<DeepReadonly<T>>
    },
  }
  return { feature: 'once', methods, setUp: (_env, store) => void leaseOf(store) }
}

const MAX_SECONDS = 86_400

/** One call of `once`. */
class OnceCall {
  readonly #session: RequestSession
  readonly #key: string
  readonly #about: Pick<LeaseCall, 'name' | 'attempt'>

  constructor(session: RequestSession, key: string, about: Pick<LeaseCall, 'name' | 'attempt'>) {
    this.#session = session
    this.#key = key
    this.#about = about
  }

  async run(fn: () => unknown, lease: number, keep: number): Promise<unknown> {
    const { canKeep, ctx, dictionary, codec } = this.#session
    // No cookie can be set, so the session is in this request only.
    if (!canKeep) return fn()
    const result = await this.#acquire(lease)
    // Another request has changed the session.
    if (result !== undefined) dictionary.outdate()
    else {
      const leading = this.#lead(fn, keep)
      // The runtime ends a request whose client has gone.
      ctx?.waitUntil?.(leading.catch(() => undefined))
      return valueOf(codec, await leading)
    }
    return valueOf(codec, result)
  }

  /** Waits for the lease, or for the result of another request. Returns that result; `undefined` with the lease. */
  async #acquire(lease: number): Promise<string | undefined> {
    const session = this.#session
    const { now } = session.settings
    const end = now() + 2 * lease
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop
      const token = await session.change(() => tokenOf(session))
      const wait = end - now()
      // Not in the queue of the session: while this request waits, its other operations go on.
      // oxlint-disable-next-line no-await-in-loop
      const reply = await this.#call(token, { method: 'lease', ...this.#about, lease, wait }, wait)
      if (!reply.ok) {
        const isCurrent = session.token?.secret === token.secret
        // oxlint-disable-next-line no-await-in-loop
        if (isGone(reply) && isCurrent) await session.change(() => session.leave(token, reply))
      } else {
        if (session.token === token) session.confirm(token, reply)
        if (reply.lease === undefined) throw onceError('ERR_OPTION', this.#key, WITHOUT_LEASES)
        if (reply.lease === 'yours') return undefined
        if (reply.lease === 'kept') return reply.result ?? ''
      }
    }
  }

  /** Runs the function, and writes its result and what it recorded. Returns the text of the result. */
  async #lead(fn: () => unknown, keep: number): Promise<string> {
    const session = this.#session
    const { dictionary } = session
    const since = savepointOf(dictionary.changes)
    let result: string | undefined
    const release = (patch?: Patch): ReturnType<RequestSession['write']> =>
      session.change(async () => {
        const token = session.token as Token
        const about = { method: 'release', ...this.#about, keep, result, patch } as const
        const reply = await this.#call(token, about)
        if (isGone(reply)) throw session.lose(reply)
        session.confirm(token, reply)
        if (!reply.ok && reply.why === 'conflict') throw onceError('ERR_CONFLICT', this.#key, LOST)
        return reply.ok ? APPLIED : reply
      })
    try {
      result = this.#textOf(await fn())
      await (commitChanges(dictionary, since, release) ?? release(newPatch({})))
      return result
    } catch (error) {
      // Whether it was written is unknown: the next commit writes the changes again.
      if (result === undefined || !isStoreFailure(error)) {
        dictionary.rollback(since)
        result = undefined
        await release().catch(() => undefined)
      }
      throw error
    }
  }

  /** Calls the store. The call may wait longer than `storeTimeout`. */
  async #call(token: Token, about: LeaseCall, wait?: number): Promise<LeaseReply> {
    const { store } = this.#session
    const lease = leaseOf(store)
    const run = async (context: CallContext): Promise<LeaseReply> => {
      const reply = await lease(token, context, about)
      const state = reply.ok && reply.lease
      if (state === 'full') throw onceError('ERR_STORE', this.#key, 'too many requests are waiting')
      if (state === 'held') throw onceError('ERR_STORE', this.#key, TOO_LATE)
      return reply
    }
    return this.#session.call(store.name, about.method, run, false, wait)
  }

  #textOf(value: unknown): string {
    try {
      return value === undefined ? '' : this.#session.codec.encode(this.#key, value)
    } catch (cause) {
      const code = cause instanceof SessionError ? cause.code : 'ERR_VALUE'
      throw onceError(code, this.#key, 'the result cannot be stored. error.cause says why', cause)
    }
  }
}

const APPLIED = { ok: true, taken: [], counts: [] } as const

const WITHOUT_LEASES =
  'the exported SessionObject has no leases. Write: export class SessionObject extends extendSessionObject(leases) {}, with leases of edge-session/once/leases'
const LOST =
  'the function took longer than its lease, and another request has run it. Nothing was written. Raise lease'
const TOO_LATE = 'there was no answer within twice the lease. Try again'

/** Returns the current token. Creates the session if there is none. */
async function tokenOf(session: RequestSession): Promise<Token> {
  if (session.token === undefined) {
    const reply = await session.createAs(session.minted(), newPatch({}))
    if (isGone(reply)) throw session.lose(reply)
  }
  return session.token as Token
}

function valueOf(codec: DataCodec, text: string): unknown {
  return text === '' ? undefined : codec.decode(text)
}

/** Returns the method of the store. Throws `ERR_OPTION` if it has none. */
function leaseOf(store: SessionStore): NonNullable<SessionStore['lease']> {
  const { lease, name } = store
  if (typeof lease === 'function') return lease.bind(store)
  throw new SessionError(
    'ERR_OPTION',
    `once(): the ${name} store cannot hand out leases. Use durableObjectStore, or memoryStore(leases) with edge-session/once/leases.`,
  )
}

function onceError(
  code: SessionError['code'],
  key: string,
  reason: string,
  cause?: unknown,
): SessionError {
  return new SessionError(code, `once(${JSON.stringify(key)}): ${reason}.`, { cause })
}
