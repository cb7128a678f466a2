import { checkCookie, type CookieAttributes } from '../codec/cookie.ts'
import type { Secrets } from '../codec/secrets.ts'
import { SessionError } from '../errors.ts'
import type { Serializer } from '../session/value.ts'
import type { SessionStore } from '../store/store.ts'
import type { SessionEvent } from './event.ts'

/** The options of `createSessions`. Only `secrets` and `store` are required. */
export interface SessionOptions<Env> {
  /** One or more secrets of at least 32 bytes: the first signs, all verify. To rotate, put the new one first. */
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
  /** Called with each event. What it throws is ignored. */
  readonly onEvent?: (event: SessionEvent) => void
  /** The clock, in milliseconds since 1970; for tests. */
  readonly now?: () => number
}

/** The checked options, complete; durations in milliseconds. */
export interface Settings<Env> {
  readonly secrets: Secrets | ((env: Env) => Secrets)
  readonly store: SessionStore | ((env: Env) => SessionStore)
  readonly idle: number
  readonly absolute: number
  readonly touch: number
  readonly cookie: CookieAttributes
  readonly serializer: Serializer | undefined
  readonly dropsLateWrites: boolean
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
} as const satisfies { readonly [option: string]: unknown; readonly cookie: CookieAttributes }

/** Checks the options and completes them. Throws `ERR_OPTION`. */
export function resolveOptions<Env>(options: SessionOptions<Env>): Settings<Env> {
  const { store }: { readonly store?: unknown } = options
  if (store === undefined) {
    throw new SessionError(
      'ERR_OPTION',
      'store is missing, and has no default. Write store: (env) => durableObjectStore(env.SESSIONS).',
    )
  }
  const { absoluteTimeout = DEFAULTS.absoluteTimeout, lateWrites = DEFAULTS.lateWrites } = options
  const { idleTimeout = Math.min(DEFAULTS.idleTimeout, absoluteTimeout), onEvent } = options
  const { touchInterval = DEFAULTS.touchInterval(idleTimeout) } = options
  checkTimeouts(idleTimeout, absoluteTimeout, touchInterval)
  const cookie: CookieAttributes = { ...DEFAULTS.cookie, ...options.cookie }
  checkCookie(cookie)
  if (lateWrites !== 'refuse' && lateWrites !== 'drop') {
    throw new SessionError('ERR_OPTION', "lateWrites is 'refuse' or 'drop'.")
  }
  return {
    secrets: options.secrets,
    store: options.store,
    idle: idleTimeout * 1000,
    absolute: absoluteTimeout * 1000,
    touch: touchInterval * 1000,
    cookie,
    serializer: options.serializer,
    dropsLateWrites: lateWrites === 'drop',
    emit: (event) => emit(onEvent, event),
    now: options.now ?? Date.now,
  }
}

function checkTimeouts(idle: number, absolute: number, touch: number): void {
  if (idle > 0 && idle <= absolute && absolute < Infinity && touch >= 0 && touch <= idle / 2) return
  throw new SessionError(
    'ERR_OPTION',
    `idleTimeout is ${idle}, absoluteTimeout ${absolute}, touchInterval ${touch} seconds. Needed: 0 < idleTimeout <= absoluteTimeout, and a touchInterval from 0 to half of idleTimeout.`,
  )
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
