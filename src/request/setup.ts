import type { Adopted } from '../adopt/old-cookies.ts'
import { importKeyring, type Keyring } from '../codec/keyring.ts'
import { SessionError } from '../errors.ts'
import type { Takeover } from '../migrate/adoption.ts'
import type { SessionStore } from '../record/store.ts'
import { ReadCache } from '../store/cached/copies.ts'
import { SharedCopies } from '../store/cached/shared-copies.ts'
import type { UserIndex } from '../store/user-index/user-list.ts'
import type { Settings } from './options.ts'

/** What one environment's requests share: imported keys and the store. */
export interface Setup {
  readonly keyring: Keyring
  readonly store: SessionStore
  /** Absent where the application keeps no lists. */
  readonly users: UserIndex | undefined
  /** Absent where every read asks the store. */
  readonly cache: ReadCache | undefined
  readonly takeovers: readonly Takeover<Adopted<object>>[]
}

/**
 * Gives the setup for an `env`, made once an isolate. Only finished setups are shared: Workers forbid that one request
 * awaits a promise which another has begun.
 */
export function setupFactory<Env>(settings: Settings<Env>): (env: Env) => Setup | Promise<Setup> {
  const setups = new WeakMap<object, Setup>()
  const noEnv = {}

  async function make(env: Env, key: object): Promise<Setup> {
    const store = fromEnv(settings.store, env)
    const users = settings.users && fromEnv(settings.users, env)
    checkStore(store, settings)
    const keyring = await importKeyring(fromEnv(settings.secrets, env))
    const cache = newCache(settings, env)
    // Another first request may have been quicker, and a store may hold sessions.
    const takeovers = settings.adopt.map((adoption) => adoption(env))
    const setup = setups.get(key) ?? { keyring, store, users, cache, takeovers }
    setups.set(key, setup)
    return setup
  }

  return (env) => {
    const key = typeof env === 'object' && env !== null ? env : noEnv
    return setups.get(key) ?? make(env, key)
  }
}

function newCache<Env>({ readCache }: Settings<Env>, env: Env): ReadCache | undefined {
  if (readCache === undefined) return undefined
  const { maxAgeSeconds, kv } = readCache
  const shared = kv && new SharedCopies(fromEnv(kv, env))
  return new ReadCache(maxAgeSeconds * 1000, shared)
}

/** Throws `ERR_OPTION` for what this store can't do. */
function checkStore(
  store: SessionStore,
  { renew, users, readCache, adopt }: Settings<never>,
): void {
  if (adopt.length > 0 && store.handleFor === undefined) {
    throw new SessionError(
      'ERR_OPTION',
      `adopt: the ${store.name} store has no handleFor. Use durableObjectStore, or leave it out.`,
    )
  }
  if (readCache !== undefined && !(store.isAtomic && store.recordsUse)) {
    throw new SessionError(
      'ERR_OPTION',
      `readCache: the ${store.name} store keeps no revisions. Use durableObjectStore, or leave it out.`,
    )
  }
  if (renew !== undefined && !store.isAtomic) {
    throw new SessionError(
      'ERR_OPTION',
      `renewEvery: the ${store.name} store cannot renew a token in one step. Use durableObjectStore, or leave it out.`,
    )
  }
  if (users !== undefined && store.addressOf === undefined) {
    throw new SessionError(
      'ERR_OPTION',
      `users: a user's object cannot reach the sessions of the ${store.name} store. Use durableObjectStore or kvStore, or leave it out.`,
    )
  }
}

/** The index of users for an `env`. Throws `ERR_BINDING` where there is none. */
export function userIndexOf<Env>({ users }: Settings<Env>, env: Env): UserIndex {
  if (users !== undefined) return fromEnv(users, env)
  throw new SessionError(
    'ERR_BINDING',
    'There is no index of users. Write users: (env) => userIndex(env.USERS), export UserObject from the Worker, and declare it in wrangler.toml as SessionObject is.',
  )
}

function fromEnv<Env, T>(option: T | ((env: Env) => T), env: Env): T {
  if (!isFunction(option)) return option
  try {
    return option(env)
  } catch (cause) {
    if (env !== undefined) throw cause
    const advice = 'There is no env. Pass it on: fetch(request, env, ctx).'
    throw new SessionError('ERR_OPTION', advice, { cause })
  }
}

function isFunction<Env, T>(option: T | ((env: Env) => T)): option is (env: Env) => T {
  return typeof option === 'function'
}
