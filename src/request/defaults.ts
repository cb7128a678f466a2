import { checkCookie, type CookieAttributes } from '../codec/cookie.ts'
import { SessionError } from '../errors.ts'
import { JSON_CODEC } from '../session/json.ts'
import { Session } from '../session/session.ts'
import { checkOptions } from './check-options.ts'
import type { Feature } from './feature.ts'
import type { Having, Hooks, SessionOptions, Settings } from './options.ts'
import { systemTime } from './store-client.ts'

/** Every default, and the reason for it. */
const DEFAULTS = {
  // OWASP: 15 to 30 minutes for low-risk applications.
  idleTimeout: 30 * 60,
  // NIST SP 800-63B-4 section 2.3.3: 12 hours, the strictest of its three levels.
  absoluteTimeout: 12 * 3600,
  // RFC 6265bis section 4.1.3.2, OWASP ASVS 3.3: the narrowest cookie possible, under a neutral name.
  cookie: {
    name: '__Host-session',
    path: '/',
    domain: undefined,
    sameSite: 'Lax',
    secure: true,
    httpOnly: true,
    partitioned: false,
    // Otherwise 180 cookies of a sibling subdomain push out the session's.
    priority: 'High',
    persistent: false,
  },
  // The runtime retries an object's call for up to 10 s, but few people wait that long for a page.
  storeTimeout: 5,
} as const satisfies { readonly [option: string]: unknown; readonly cookie: CookieAttributes }

/** Returns the checked options with their defaults. Throws `ERR_OPTION` if one is invalid. */
export function resolveOptions(options: SessionOptions<never>): Settings {
  const {
    use = [],
    data: codec = JSON_CODEC,
    absoluteTimeout = DEFAULTS.absoluteTimeout,
    idleTimeout = Math.min(DEFAULTS.idleTimeout, absoluteTimeout),
    // At most one storage write in 60 s of use, and at most 5 % of the idle timeout unrecorded.
    touchInterval = Math.min(60, idleTimeout / 20),
    lateWrites = 'refuse',
    storeTimeout = DEFAULTS.storeTimeout,
    // OWASP ASVS 7.2.1: fail closed.
    onStoreFailure = 'refuse',
    onEvent,
    now = systemTime,
  } = options
  const timeouts = { idleTimeout, absoluteTimeout, touchInterval, storeTimeout }
  checkOptions({ ...options, ...timeouts, use, data: codec, lateWrites, onStoreFailure })
  const cookie: CookieAttributes = { ...DEFAULTS.cookie, ...options.cookie }
  checkCookie(cookie)
  return {
    mark: Symbol('edge-session'),
    context: {
      idle: idleTimeout * 1000,
      absolute: absoluteTimeout * 1000,
      touch: touchInterval * 1000,
      ...Object.assign({}, ...use.map(({ context }) => context)),
    },
    cookie,
    codec,
    Session: sessionWith(use),
    hooks: hooksOf(use),
    dropsLateWrites: lateWrites === 'drop',
    timeout: storeTimeout * 1000,
    onStoreFailure,
    onRefused: options.onRefused,
    emit(event) {
      try {
        const result: unknown = onEvent?.(event)
        if (result instanceof Promise) result.catch(() => undefined)
      } catch {
        // An error of `onEvent` must not fail the request, and there is nowhere else to report it.
      }
    },
    isListening: onEvent !== undefined,
    now,
  }
}

/** Returns the session class with the methods of the features. */
function sessionWith(use: readonly Feature[]): Settings['Session'] {
  if (use.length === 0) return Session
  class SessionWithFeatures extends Session {}
  for (const { methods = {} } of use) {
    for (const name in methods) {
      if (name in SessionWithFeatures.prototype) throw takenError(`session.${name}`)
    }
    Object.defineProperties(
      SessionWithFeatures.prototype,
      Object.getOwnPropertyDescriptors(methods),
    )
  }
  return SessionWithFeatures
}

/** Returns the error for a feature that adds an existing name. */
export function takenError(name: string): SessionError {
  return new SessionError('ERR_OPTION', `A feature in use adds ${name}, which exists already.`)
}

function hooksOf(use: readonly Feature[]): Hooks {
  const having = <Hook extends keyof Feature>(hook: Hook): Having<Hook>[] =>
    use.filter((feature): feature is Feature & Having<Hook> => feature[hook] !== undefined)
  return {
    setUp: having('setUp'),
    arrive: having('arrive'),
    confirmed: having('confirmed'),
    changed: having('changed'),
    finish: having('finish'),
    signIn: having('signIn')[0]?.signIn,
    trace: having('trace')[0]?.trace,
    answer: having('answer')[0]?.answer,
  }
}
