import { importKeyring, type Keyring, type Secrets } from '../codec/keyring.ts'
import { SessionError } from '../errors.ts'
import type { Await, SessionStore } from '../record/store.ts'
import { withinTime } from '../store/within-time.ts'
import type { SessionOptions, Settings } from './options.ts'

/** The keys and the store that all requests of one `env` share. */
export interface Setup {
  readonly keyring: Keyring
  readonly store: SessionStore
  /** Present while this request has the secrets read again. Resolves to the setup with the new ones. */
  readonly refreshed?: () => Promise<Setup>
}

/** The used part of a Worker's `ctx`. Other runtimes may have none. */
export type RequestContext = { waitUntil?(promise: Promise<unknown>): void } | null | undefined

/** A setup, and the time its secrets were last read. */
interface Known {
  setup: Setup
  readAt: number
}

type Options<Env> = Pick<SessionOptions<Env>, 'secrets' | 'store'>

/** How often the secrets are read again, so that a rotation in a Secrets Store needs no deployment. */
const REREAD_MS = 300_000
/** After this time, a request waits for them. */
const MUST_REREAD_MS = 2 * REREAD_MS
/** The maximum number of cached keyrings. A Worker has one set of secrets, or a few during a rotation. */
const MAX_KEYRINGS = 50

/**
 * Returns a function that returns the setup for an `env`. Keys are imported once per isolate and list of secrets. A
 * store that does not depend on `env` is created once. Only finished setups are shared: on Workers a request must not
 * await another request's promise.
 */
export function setupFactory<Env>(
  options: Options<Env>,
  settings: Settings,
): (env: Env, ctx: RequestContext) => Await<Setup> {
  const known = new WeakMap<object, Known>()
  const keyrings = new Map<string, Keyring>()
  const storeFor = storeFactory(options.store)
  const noEnv = {}

  /** Returns the keys of these secrets. */
  async function keyringOf(secrets: Secrets): Promise<Keyring> {
    const text = Array.isArray(secrets) ? JSON.stringify(secrets.map(String)) : ''
    const found = keyrings.get(text)
    if (found !== undefined) return found
    const keyring = await importKeyring(secrets)
    if (keyrings.size >= MAX_KEYRINGS) keyrings.clear()
    // Another first request may have finished earlier. Its keyring is used, since it has cached verified tokens.
    const first = keyrings.get(text) ?? keyring
    keyrings.set(text, first)
    return first
  }

  async function make(env: Env, key: object): Promise<Setup> {
    const store = storeFor(env)
    checkStore(store)
    for (const { setUp } of settings.hooks.setUp)
      fromEnv('use', () => setUp(env as never, store), env)
    const readAt = settings.now()
    const secrets = await Promise.resolve(readSecrets(options.secrets, env)).catch(
      (error: unknown) => {
        throw envError('secrets', error, env)
      },
    )
    const keyring = await keyringOf(secrets)
    const { setup } = known.get(key) ?? { setup: { keyring, store } }
    known.set(key, { setup, readAt })
    return setup
  }

  /** Reads the secrets again. If that fails, the previous keys stay in use. */
  async function refresh(env: Env, entry: Known): Promise<void> {
    try {
      const reading = Promise.resolve(readSecrets(options.secrets, env)).then(keyringOf)
      const keyring = await withinTime(settings.timeout, reading)
      if (keyring !== entry.setup.keyring) entry.setup = { ...entry.setup, keyring }
    } catch {
      settings.emit({ type: 'secrets-failed' })
    }
  }

  return (env, ctx) => {
    const key = typeof env === 'object' && env !== null ? env : noEnv
    const entry = known.get(key)
    if (entry === undefined) return make(env, key)
    // The clock may also jump back.
    const age = Math.abs(settings.now() - entry.readAt)
    if (age < REREAD_MS) return entry.setup
    entry.readAt = settings.now()
    const refreshing = refresh(env, entry)
    // Without `waitUntil` the runtime would drop the work once the response is sent. Secrets that are much older may be
    // retired.
    const mustWait = age >= MUST_REREAD_MS || typeof ctx?.waitUntil !== 'function'
    if (mustWait) return refreshing.then(() => entry.setup)
    ctx.waitUntil?.(refreshing)
    return { ...entry.setup, refreshed: () => refreshing.then(() => entry.setup) }
  }
}

/**
 * Returns a function that returns the store for an `env`. A store function without parameters does not depend on `env`.
 */
function storeFactory<Env>(option: Options<Env>['store']): (env: Env) => SessionStore {
  if (typeof option !== 'function') return () => option
  // `length` does not count default and rest parameters.
  if (!/^\(\s*\)\s*=>/.test(String(option))) return (env) => fromEnv('store', option, env)
  let only: SessionStore | undefined
  return (env) => (only ??= fromEnv('store', option, env))
}

function readSecrets<Env>(option: Options<Env>['secrets'], env: Env): Await<Secrets> {
  return typeof option === 'function' ? fromEnv('secrets', option, env) : option
}

/** Throws `ERR_OPTION` if the value is not a store. */
function checkStore(store: unknown): void {
  const { newHandle, can }: { newHandle?: unknown; can?: unknown } = Object(store)
  if (typeof newHandle === 'function' && typeof can === 'object' && can !== null) return
  throw new SessionError(
    'ERR_OPTION',
    'store did not return a session store. Write store: (env) => durableObjectStore(env.SESSIONS).',
  )
}

/** Calls an option that depends on `env`. A TypeError means a missing `env` or binding, and becomes `ERR_OPTION`. */
function fromEnv<Env, T>(name: string, option: (env: Env) => T, env: Env): T {
  try {
    return option(env)
  } catch (cause) {
    throw envError(name, cause, env)
  }
}

function envError(name: string, cause: unknown, env: unknown): unknown {
  if (env !== undefined && !(cause instanceof TypeError)) return cause
  const advice =
    env === undefined
      ? 'There is no env. Pass it on: fetch(request, env, ctx).'
      : `${name} failed for this env. See error.cause, and check the bindings in wrangler.toml.`
  return new SessionError('ERR_OPTION', advice, { cause })
}
