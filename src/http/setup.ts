import { importKeyring, type Keyring } from '../codec/keyring.ts'
import { SessionError } from '../errors.ts'
import type { SessionStore } from '../store/store.ts'
import type { Settings } from './options.ts'

/** What one environment's requests share: imported keys and the store. */
export interface Setup {
  readonly keyring: Keyring
  readonly store: SessionStore
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
    const keyring = await importKeyring(fromEnv(settings.secrets, env))
    // Another first request may have been quicker, and a store may hold sessions.
    const setup = setups.get(key) ?? { keyring, store }
    setups.set(key, setup)
    return setup
  }

  return (env) => {
    const key = typeof env === 'object' && env !== null ? env : noEnv
    return setups.get(key) ?? make(env, key)
  }
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
