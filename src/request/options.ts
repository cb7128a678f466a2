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
import type { RefusalHandler } from './problem.ts'
import type { RequestLike } from './request-like.ts'

/** The options of `createSessions`. Only `secrets` and `store` are required. */
export interface SessionOptions<
  Env,
  Data extends object = AnyData,
  Flash extends object = AnyData,
  Use extends readonly Feature[] = readonly Feature[],
> {
  /**
   * One or more secrets of at least 32 bytes: the first signs, all verify. To rotate, first add the new one in second
   * place (docs/keys.md). A function is called again every five minutes, and may be async: `async (env) => [await
   * env.SECRET.get()]` for a Secrets Store binding.
   */
  readonly secrets: Secrets | ((env: Env) => Secrets | Promise<Secrets>)
  /** The store of the sessions, such as `(env) => durableObjectStore(env.SESSIONS)`. */
  readonly store: SessionStore | ((env: Env) => SessionStore)
  /**
   * The codec that turns values into text. The default is JSON. Others are `checked(schema)` of `edge-session/schema`
   * and `serialized(devalue)` of `edge-session/serialize`. `json<Data>()` sets the type of the dictionary.
   */
  readonly data?: DataCodec<Data, Flash> | undefined
  /** Optional features, such as `accounts()` of `edge-session/accounts`. */
  readonly use?: Use | undefined
  /**
   * The seconds without use after which a session expires. Default 30 minutes, or `absoluteTimeout` if that is less.
   */
  readonly idleTimeout?: number | undefined
  /** The seconds after its creation when a session expires, even if it is used. Default 12 hours. */
  readonly absoluteTimeout?: number | undefined
  /** The minimum number of seconds between two recorded uses. Default a twentieth of `idleTimeout`, at most 60. */
  readonly touchInterval?: number | undefined
  /** The attributes of the cookie that differ from the defaults. */
  readonly cookie?: Partial<CookieAttributes> | undefined
  /**
   * What to do if the session was ended elsewhere before the recorded changes were written. `refuse` (default) sends
   * 409. `drop` sends the handler's response. Both report an event.
   */
  readonly lateWrites?: 'refuse' | 'drop' | undefined
  /**
   * The time limit of one store call, in seconds. `Infinity` leaves it to the runtime, and saves a timer. Default 5.
   */
  readonly storeTimeout?: number | undefined
  /**
   * What to do if the store fails, unless the handler catches `ERR_STORE`. `refuse` (default) sends 503 with
   * Retry-After. `anonymous` continues without the session if a read fails, and refuses if a change fails. A function
   * returns the response. The cookie does not change.
   */
  readonly onStoreFailure?: 'refuse' | 'anonymous' | StoreFailureHandler | undefined
  /**
   * Returns the response to a refused request: 401 and 403 of the guards, 409, 413, and 503 unless `onStoreFailure` is
   * a function. `problem` says why. The default is a small page for a navigation, and a problem (RFC 9457) for
   * programs. If it throws, or returns no Response or a used one, the default is sent, with an event. `Cache-Control`
   * is set to `private, no-store`, and a missing `Retry-After` is added.
   */
  readonly onRefused?: RefusalHandler | undefined
  /** Called with each event. Errors that it throws are ignored. */
  readonly onEvent?: ((event: SessionEvent) => void) | undefined
  /** The clock, in milliseconds since 1970. For tests. */
  readonly now?: (() => number) | undefined
}

/** Returns the response to a request after a store failure. */
export type StoreFailureHandler = (
  error: SessionError,
  request: RequestLike,
) => Response | Promise<Response>

/** All options, checked and with defaults. Durations are in milliseconds. */
export interface Settings {
  /** The key of the session on a request, used if `request.session` belongs to another layer. */
  readonly mark: symbol
  /** The context of each store call. */
  readonly context: Omit<CallContext, 'now'>
  readonly cookie: CookieAttributes
  readonly codec: DataCodec
  /** The session class, with the methods of the features. */
  readonly Session: new (dictionary: Dictionary) => Session
  readonly hooks: Hooks
  readonly dropsLateWrites: boolean
  readonly timeout: number
  readonly onStoreFailure: 'refuse' | 'anonymous' | StoreFailureHandler
  readonly onRefused: RefusalHandler | undefined
  readonly emit: (event: SessionEvent) => void
  /** False if there is no `onEvent`. */
  readonly isListening: boolean
  readonly now: () => number
}

/** The features, grouped by hook. */
export interface Hooks {
  readonly setUp: readonly Having<'setUp'>[]
  readonly arrive: readonly Having<'arrive'>[]
  readonly confirmed: readonly Having<'confirmed'>[]
  readonly changed: readonly Having<'changed'>[]
  readonly finish: readonly Having<'finish'>[]
  readonly signIn: Feature['signIn']
  readonly trace: Feature['trace']
  readonly answer: Feature['answer']
}

/** A feature with this hook. */
export type Having<Hook extends keyof Feature> = Required<Pick<Feature, Hook>>
