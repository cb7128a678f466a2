import type { RequestLike } from '../accounts/device.ts'
import type { Adopted } from '../adopt/old-cookies.ts'
import { checkCookie, type CookieAttributes } from '../codec/cookie.ts'
import type { Secrets } from '../codec/secrets.ts'
import { SessionError } from '../errors.ts'
import type { Adoption } from '../migrate/adoption.ts'
import type { SessionStore } from '../record/store.ts'
import type { DataSchema, Dictionary } from '../schema/standard-schema.ts'
import type { AnyData } from '../session/data.ts'
import type { Serializer } from '../session/value.ts'
import type { SessionKvNamespace } from '../store/kv/namespace.ts'
import type { SessionLimit, UserIndex } from '../store/user-index/user-list.ts'
import { checkOptions, checkSchema, type CompleteOptions } from './check-options.ts'
import type { SessionEvent } from './event.ts'

/** The options of `createSessions`. Only `secrets` and `store` are required. */
export interface SessionOptions<Env> {
  /** One or more secrets of at least 32 bytes: the first signs, all verify. To rotate, add the new one behind it first (docs/keys.md). */
  readonly secrets: Secrets | ((env: Env) => Secrets)
  /** Where sessions rest, such as `(env) => durableObjectStore(env.SESSIONS)`. */
  readonly store: SessionStore | ((env: Env) => SessionStore)
  /** Seconds without use after which a session is over. Default 30 minutes, or `absoluteTimeout` if that is less. */
  readonly idleTimeout?: number
  /** Seconds after its creation when a session is over, used or not. Default 12 hours. */
  readonly absoluteTimeout?: number
  /** Seconds of use that need not be recorded. Default a twentieth of `idleTimeout`, 60 at most. */
  readonly touchInterval?: number
  /** Attributes of the cookie that differ from the defaults. */
  readonly cookie?: Partial<CookieAttributes>
  /** Keeps values that JSON would change, such as Date and Map: devalue, superjson. */
  readonly serializer?: Serializer
  /**
   * What becomes of recorded changes when the session was ended elsewhere before they were written: `refuse` (default)
   * answers 409, `drop` lets the handler's response go. There is an event in both cases.
   */
  readonly lateWrites?: 'refuse' | 'drop'
  /** Copies that answer reads without a call of the store. Default none. */
  readonly readCache?: ReadCacheOptions<Env>
  /** Each user's list of sessions, such as `(env) => userIndex(env.USERS)`: for `sessions.user` and `sessionLimit`. */
  readonly users?: UserIndex | ((env: Env) => UserIndex)
  /** How many sessions a user may have at a time; needs `users`. Default any number. */
  readonly sessionLimit?: SessionLimit
  /** Seconds after which a token in use is replaced by another; needs a store that is atomic. Default never. */
  readonly renewEvery?: number
  /** Seconds for which the former token is good beside the new one, so that parallel requests survive. Default 30. */
  readonly renewGrace?: number
  /** Seconds that one call of the store may take; `Infinity` leaves it to the runtime, and spares a timer. Default 5. */
  readonly storeTimeout?: number
  /**
   * What becomes of a request whose store fails, unless its handler catches `ERR_STORE`: `refuse` (default) answers 503
   * with Retry-After; `anonymous` goes on without the session where reading it fails, and refuses where a change does; a
   * function makes the response. The cookie stays as it is.
   */
  readonly onStoreFailure?: 'refuse' | 'anonymous' | StoreFailureHandler
  /** What `signOut()` has the browser delete besides the cookie (W3C: Clear Site Data). Default nothing. */
  readonly clearSiteData?: readonly ClearSiteDirective[]
  /** Called with each event. What it throws is ignored. */
  readonly onEvent?: (event: SessionEvent) => void
  /** The clock, in milliseconds since 1970; for tests. */
  readonly now?: () => number
}

/** The options of `createSessions` that speak of the session's data. */
export interface DataOptions<Env, Data extends object> {
  /**
   * Sessions of old applications to take over: `[tornadoCookie({ … })]`. A visitor who comes with such a cookie and no token of
   * ours has it looked at when the session is first used; what its `load` gives becomes a session, one for each such
   * cookie, and the cookie is cleared.
   */
  readonly adopt?: readonly Adoption<Env, Adopted<NoInfer<Data>>>[]
  /**
   * What the dictionary has to be, by any Standard Schema (zod, valibot, arktype): the session's types come from it. `set`
   * and `update` throw `ERR_VALUE` for what it refuses; what it refuses of a stored dictionary counts as absent, with the
   * event `invalid`. Every key may be absent all the same. A schema checks: what it would change or fill in stays as it is.
   */
  readonly schema?: DataSchema<Data>
  /**
   * Makes a dictionary of the present shape out of a stored one that is not all that `schema` describes, or more. What it
   * gives is written at once, unless another request was quicker; where it throws, or gives nothing, nothing is.
   */
  readonly migrate?: (
    stored: Dictionary,
  ) => Partial<NoInfer<Data>> | undefined | Promise<Partial<NoInfer<Data>> | undefined>
}

/** Where copies of sessions rest that answer reads, and for how long. */
export interface ReadCacheOptions<Env> {
  /**
   * Seconds after which a copy answers nothing any more. So long may a change stay unseen that was made with another copy of
   * the cookie, a revocation too; a browser's own changes are seen at once. More than `touchInterval` changes nothing,
   * since then the store is asked anyway.
   */
  readonly maxAgeSeconds: number
  /** Shares copies among isolates: `(env) => env.SESSION_COPIES`. One KV write for each request that changes a session. */
  readonly kv?: (env: Env) => SessionKvNamespace
}

/** Makes the response to a request whose store has failed. */
export type StoreFailureHandler = (
  error: SessionError,
  request: RequestLike,
) => Response | Promise<Response>

export type ClearSiteDirective = 'cache' | 'cookies' | 'storage' | 'executionContexts' | '*'

/** The checked options, complete; durations in milliseconds. */
export interface Settings<Env> {
  /** Under this a request keeps its session of these settings, where `request.session` is another's. */
  readonly mark: symbol
  readonly secrets: Secrets | ((env: Env) => Secrets)
  readonly store: SessionStore | ((env: Env) => SessionStore)
  readonly idle: number
  readonly absolute: number
  readonly touch: number
  readonly cookie: CookieAttributes
  readonly serializer: Serializer | undefined
  readonly schema: DataSchema | undefined
  readonly migrate: ((stored: Dictionary) => unknown) | undefined
  readonly dropsLateWrites: boolean
  readonly readCache: SessionOptions<Env>['readCache']
  readonly users: SessionOptions<Env>['users']
  readonly limit: SessionLimit | undefined
  readonly renew: { readonly every: number; readonly grace: number } | undefined
  readonly timeout: number
  readonly adopt: readonly Adoption<Env, Adopted<object>>[]
  readonly onStoreFailure: 'refuse' | 'anonymous' | StoreFailureHandler
  /** The header's value. */
  readonly clearSiteData: string | undefined
  readonly emit: (event: SessionEvent) => void
  readonly now: () => number
}

/** Every default there is, with its reason. */
const DEFAULTS = {
  // OWASP: 15 to 30 minutes for low-risk applications.
  idleTimeout: 30 * 60,
  // NIST SP 800-63B-4 section 2.3.3: 12 hours, the strictest of its three levels.
  absoluteTimeout: 12 * 3600,
  // One storage write in 60 s of use at most, and never more than 5 % of the idle timeout unrecorded.
  touchInterval: (idleTimeout: number): number => Math.min(60, idleTimeout / 20),
  // RFC 6265bis section 4.1.3.2, OWASP ASVS 3.3: the narrowest cookie there is, under a name that says nothing.
  cookie: {
    name: '__Host-session',
    path: '/',
    domain: undefined,
    sameSite: 'Lax',
    secure: true,
    httpOnly: true,
    partitioned: false,
    persistent: false,
  },
  lateWrites: 'refuse',
  // Long enough for the requests of one page, with a slow connection.
  renewGrace: 30,
  // The runtime tries a call of an object for up to 10 s; hardly anybody waits as long for a page.
  storeTimeout: 5,
  // OWASP ASVS 7.2.1: fail closed.
  onStoreFailure: 'refuse',
} as const satisfies { readonly [option: string]: unknown; readonly cookie: CookieAttributes }

/** Checks the options and completes them. Throws `ERR_OPTION`. */
export function resolveOptions<Env, Data extends object = AnyData>(
  options: SessionOptions<Env> & DataOptions<Env, Data>,
): Settings<Env> {
  checkSchema(options.schema, options.migrate)
  const { store }: { readonly store?: unknown } = options
  if (store === undefined) {
    throw new SessionError(
      'ERR_OPTION',
      'store is missing, and has no default. Write store: (env) => durableObjectStore(env.SESSIONS).',
    )
  }
  const complete = completed(options)
  const { idleTimeout, absoluteTimeout, touchInterval, renewEvery, renewGrace } = complete
  checkOptions(complete)
  const cookie: CookieAttributes = { ...DEFAULTS.cookie, ...options.cookie }
  checkCookie(cookie)
  return {
    mark: Symbol('edge-session'),
    secrets: options.secrets,
    store: options.store,
    idle: idleTimeout * 1000,
    absolute: absoluteTimeout * 1000,
    touch: touchInterval * 1000,
    cookie,
    serializer: options.serializer,
    schema: options.schema,
    migrate: options.migrate,
    dropsLateWrites: complete.lateWrites === 'drop',
    readCache: options.readCache,
    users: options.users,
    limit: options.sessionLimit,
    renew:
      renewEvery === undefined ? undefined : { every: renewEvery * 1000, grace: renewGrace * 1000 },
    timeout: complete.storeTimeout * 1000,
    adopt: options.adopt ?? [],
    onStoreFailure: complete.onStoreFailure,
    clearSiteData: options.clearSiteData?.map((directive) => `"${directive}"`).join(', '),
    emit: (event) => emit(options.onEvent, event),
    // Looked up at each call, so that a test's fake clock counts.
    now: options.now ?? ((): number => Date.now()),
  }
}

/** The options with the defaults for what is not given, or is `undefined`. */
function completed(options: SessionOptions<never>): CompleteOptions {
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  const { touchInterval: touchFor, idleTimeout: idle, ...defaults } = DEFAULTS
  const some = { ...defaults, ...(Object.fromEntries(given) as typeof options) }
  const { idleTimeout = Math.min(idle, some.absoluteTimeout) } = some
  return { ...some, idleTimeout, touchInterval: some.touchInterval ?? touchFor(idleTimeout) }
}

/** An observer's fault is no reason to fail a request. */
function emit(onEvent: SessionOptions<never>['onEvent'], event: SessionEvent): void {
  try {
    const result: unknown = onEvent?.(event)
    if (result instanceof Promise) result.catch(() => undefined)
  } catch {
    // Nobody is left to tell.
  }
}
