import { SessionError } from '../errors.ts'
import type { Moment } from '../record/store.ts'
import type { ListContext, ListMethod } from '../store/user-index/user-list.ts'
import { withinTime } from '../store/within-time.ts'
import type { Settings } from './options.ts'

/**
 * What is asked of a store, or of the index of users: a read, or a change whose outcome a failure leaves unknown. `load` asks
 * the application for what an old cookie leads to.
 */
export type StoreMethod =
  | 'create'
  | 'read'
  | 'write'
  | 'regenerate'
  | 'destroy'
  | 'load'
  | ListMethod

/** One request's calls of its store: each with a time limit, and reported when it fails. */
export class StoreCaller {
  /** When the store was last called. */
  calledAt = 0
  readonly #settings: Settings<never>
  readonly #session: { readonly id: string }

  constructor(settings: Settings<never>, session: { readonly id: string }) {
    this.#settings = settings
    this.#session = session
  }

  /** Makes a call. Throws `ERR_STORE` when it fails or takes too long; then it may still take effect. */
  async call<T>(
    storeName: string,
    method: StoreMethod,
    call: (moment: Moment) => Promise<T>,
  ): Promise<T> {
    const { now, idle, absolute, touch, renew, timeout } = this.#settings
    this.calledAt = now()
    const moment = {
      now: this.calledAt,
      idle,
      absolute,
      touch,
      ...(renew && { renew: renew.every }),
    }
    try {
      return await withinTime(timeout, call(moment))
    } catch (cause) {
      this.#settings.emit({ type: 'store-failed', call: method, id: this.#session.id })
      throw storeError(storeName, method, cause)
    }
  }
}

/** What a list of users' sessions works with, through this caller. */
export function listContext(
  { cookie, limit, emit }: Settings<never>,
  caller: StoreCaller,
): ListContext {
  return {
    cookieName: cookie.name,
    limit,
    emit,
    call: (method, call) => caller.call('user-index', method, ({ now }) => call(now)),
  }
}

/** What an operation throws when the store did. */
function storeError(store: string, method: StoreMethod, cause: unknown): SessionError {
  if (cause instanceof SessionError) return cause
  const isRead = ['read', 'list', 'load'].includes(method)
  const effect = isRead ? '' : '. Whether it took effect is unknown'
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new SessionError(
    'ERR_STORE',
    `The ${store} store failed to ${method} the session${effect}: ${reason}`,
    { cause },
  )
}

/** Whether a store has failed, which is nobody's fault here. */
export function isStoreFailure(error: unknown): error is SessionError {
  return error instanceof SessionError && error.code === 'ERR_STORE'
}
