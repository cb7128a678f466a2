import type { CookieAttributes } from '../codec/cookie.ts'
import type { Secrets } from '../codec/keyring.ts'
import type { SessionError } from '../errors.ts'
import type { CallContext, SessionStore } from '../record/store.ts'
import type { DataCodec } from '../session/codec.ts'
import type { AnyData } from '../session/data.ts'
import type { Dictionary } from '../session/dictionary.ts'
import type { Session } from '../session/session.ts'
import type { SessionEvent } from './event.ts'
import type { Feature } from './feature.ts'
import type { RequestLike } from './request-like.ts'

/** The options of `createSessions`. Only `secrets` and `store` are required. */
export interface SessionOptions<
  Env,
  Data extends object = AnyData,
  Flash extends object = AnyData,
  Use extends readonly Feature[] = readonly Feature[],
> {
  /**
   * One or more secrets of at least 32 bytes: the first signs, all verify. To rotate, add the new one behind it first
   * (docs/keys.md). A function is called again every five minutes, and may be async: `async (env) => [await
   * env.SECRET.get()]` for a Secrets Store binding.
   */
  readonly secrets: Secrets | ((env: Env) => Secrets | Promise<Secrets>)
  /** Where sessions are stored, such as `(env) => durableObjectStore(env.SESSIONS)`. */
  readonly store: SessionStore | ((env: Env) => SessionStore)
  /**
   * How values become texts. Default JSON. `checked(schema)` of `edge-session/schema`, `serialized(devalue)` of
   * `edge-session/serialize`, or `json<Data>()` to give the type of the dictionary.
   */
  readonly data?: DataCodec<Data, Flash> | undefined
  /** Optional features, such as `accounts()` of `edge-session/accounts`. */
  readonly use?: Use | undefined
  /** Seconds without use after which a session is over. Default 30 minutes, or `absoluteTimeout` if that is less. */
  readonly idleTimeout?: number | undefined
  /** Seconds after its creation when a session is over, used or not. Default 12 hours. */
  readonly absoluteTimeout?: number | undefined
  /** Seconds of use that need not be recorded. Default a twentieth of `idleTimeout`, at most 60. */
  readonly touchInterval?: number | undefined
  /** Attributes of the cookie that differ from the defaults. */
  readonly cookie?: Partial<CookieAttributes> | undefined
  /**
   * What happens to recorded changes if the session was ended elsewhere before they were written: `refuse` (default)
   * answers 409, `drop` sends the handler's response. There is an event in both cases.
   */
  readonly lateWrites?: 'refuse' | 'drop' | undefined
  /** Seconds that one call of the store may take; `Infinity` leaves it to the runtime, and saves a timer. Default 5. */
  readonly storeTimeout?: number | undefined
  /**
   * What happens to a request whose store fails, unless its handler catches `ERR_STORE`: `refuse` (default) answers 503
   * with Retry-After; `anonymous` continues without the session if reading it fails, and refuses if a change does; a
   * function makes the response. The cookie stays as it is.
   */
  readonly onStoreFailure?: 'refuse' | 'anonymous' | StoreFailureHandler | undefined
  /** Called with each event. What it throws is ignored. */
  readonly onEvent?: ((event: SessionEvent) => void) | undefined
  /** The clock, in milliseconds since 1970; for tests. */
  readonly now?: (() => number) | undefined
}

/** Makes the response to a request whose store has failed. */
export type StoreFailureHandler = (
  error: SessionError,
  request: RequestLike,
) => Response | Promise<Response>

/** The checked options, complete; durations in milliseconds. */
export interface Settings {
  /** Under this a request keeps its session of these settings, where `request.session` is another's. */
  readonly mark: symbol
  /** What each call of the store is told. */
  readonly context: Omit<CallContext, 'now'>
  readonly cookie: CookieAttributes
  readonly codec: DataCodec
  /** The class of the sessions, with the features' methods. */
  readonly Session: new (dictionary: Dictionary) => Session
  readonly hooks: Hooks
  readonly dropsLateWrites: boolean
  readonly timeout: number
  readonly onStoreFailure: 'refuse' | 'anonymous' | StoreFailureHandler
  readonly emit: (event: SessionEvent) => void
  readonly now: () => number
}

/** The features that have each hook. */
export interface Hooks {
  readonly setUp: readonly Having<'setUp'>[]
  readonly arrive: readonly Having<'arrive'>[]
  readonly confirmed: readonly Having<'confirmed'>[]
  readonly changed: readonly Having<'changed'>[]
  readonly finish: readonly Having<'finish'>[]
  readonly signIn: Feature['signIn']
}

/** A feature with this hook. */
export type Having<Hook extends keyof Feature> = Required<Pick<Feature, Hook>>
