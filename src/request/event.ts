import type { RefusedToken } from '../codec/token.ts'
import type { Gone } from '../record/store.ts'
import type { DataEvent } from '../session/codec.ts'

/**
 * An event of a session, for logs and alerts (OWASP: log the session life cycle). It never contains a token, a secret
 * or a stored value. `id` is `session.id`.
 */
export type SessionEvent =
  /** A cookie or its session was not accepted. The request continues as an anonymous one. */
  | { readonly type: 'refused'; readonly reason: RefusedReason; readonly id?: string }
  /**
   * The request had several cookies of our name, which a browser sends if another path, domain or host has set one too.
   * Of those that we signed, the first whose session lives counts.
   */
  | { readonly type: 'duplicate-cookie'; readonly count: number }
  /** A session passed its idle or absolute timeout. */
  | { readonly type: 'expired'; readonly timeout: 'idle' | 'absolute'; readonly id: string }
  | { readonly type: 'created'; readonly id: string }
  /** A session was created from the cookie of an old application, by `adopting`. */
  | { readonly type: 'adopted'; readonly id: string }
  /**
   * `load` of an adoption returned a value that cannot be stored: the values of these keys, or another part of it if there
   * are none. The request fails as if `load` had thrown. The cookie is not changed.
   */
  | { readonly type: 'adoption-failed'; readonly keys: readonly string[]; readonly id: string }
  /** A token that an older secret signed was signed again with the newest. */
  | { readonly type: 're-signed'; readonly id: string }
  | { readonly type: 'regenerated'; readonly id: string }
  /** The token was replaced by the next one, by `renewing`. */
  | { readonly type: 'renewed'; readonly id: string }
  /** A user signed in, or authenticated again. */
  | { readonly type: 'signed-in'; readonly id: string }
  | { readonly type: 'destroyed'; readonly id: string }
  /** A session was revoked from elsewhere: from the list of its user, or to make room in that list. */
  | { readonly type: 'revoked'; readonly id: string }
  /** A signed-in session was used by another browser, or from another country. No action was taken. */
  | {
      readonly type: 'device-changed'
      readonly what: 'user-agent' | 'country'
      readonly id: string
    }
  /** A write came after the session was over, or after its token was regenerated. It was not applied. */
  | { readonly type: 'late-write'; readonly reason: 'ended' | 'rotated'; readonly id: string }
  /** A change would have made the session larger than its store allows. It was not written. */
  | { readonly type: 'too-large'; readonly id: string }
  /**
   * - `corrupt`: a stored session or value could not be read back, and counts as absent.
   * - `invalid`: the schema refuses these keys of a stored dictionary, which count as absent.
   * - `migrated`: `migrate` changed these keys of a stored dictionary, and the result was written.
   * - `migration-failed`: `migrate` threw, or returned a value that the schema refuses. Nothing was written.
   */
  | DataEvent
  /**
   * A call of the store, or of the index of users, failed or timed out. `message` is that of the error, without keys,
   * tokens and values, and with 200 characters at most.
   */
  | {
      readonly type: 'store-failed'
      readonly call: string
      readonly reason: StoreFailureReason
      readonly message: string
      readonly id: string
    }
  /** `onRefused` threw, or returned no Response or a used one. The default was sent. */
  | { readonly type: 'refusal-failed'; readonly id: string }
  /** `secrets` failed when it was called again. The previous keys stay in use. */
  | { readonly type: 'secrets-failed' }
  /**
   * Two layers with the same cookie name each created a session for one request. Only the cookie of this one was sent.
   */
  | { readonly type: 'cookie-conflict'; readonly id: string }
  /** A device has registered its key, by `bound()`: the session is bound to it. */
  | { readonly type: 'bound'; readonly id: string }
  /** The device has proved that it has the key, and got the next cookie. */
  | { readonly type: 'bound-refreshed'; readonly id: string }
  /**
   * A device was not let in, or would not be with `enforce`.
   * - `missing`: the session is bound, and the request has no cookie of the device that is valid now.
   * - `reload`: the same, for a page that the browser is told to load again, as after a link on another site: a normal state.
   * - `skipped`: the same, and the browser says that it could not renew the cookie.
   * - `unbound`: the session is not bound, and `requireBound` lets in none that is not.
   * - `proof`: a registration or a refresh had no proof that can be accepted, whoever signed it.
   * - `challenge`: the proof was over a challenge that is not ours, not of this session, too old, or used before.
   */
  | {
      readonly type: 'bound-refused'
      readonly reason: 'missing' | 'reload' | 'skipped' | 'unbound' | 'proof' | 'challenge'
      readonly id: string
    }
  /** A proof over a valid challenge of a bound session was signed by another key: somebody else may have the cookies. */
  | { readonly type: 'bound-stolen'; readonly id: string }
  /** A device asked for a session that is over or has no binding, and was told to end its own. */
  | { readonly type: 'bound-ended'; readonly id: string }
  /** `signOut()` left `cookies` out of `Clear-Site-Data`, which would have deleted a cookie of the same response. */
  | { readonly type: 'cookies-kept'; readonly id: string }

export type RefusedReason =
  | RefusedToken
  /** The request came over plain http, which does not allow a Secure cookie. */
  | 'insecure'
  /** The host of the request is not in `cookie.domain`, so a browser would not keep the cookie. */
  | 'domain-mismatch'
  /** The session is over: destroyed, or expired and cleaned away. */
  | 'ended'
  /** The token is older than the last regenerate of its session. */
  | 'rotated'
  /** Workers KV does not return the session, whose token is less than a minute old. The cookie stays. */
  | 'unseen'
  /** A cookie of an old application (`adopting`) is not genuine, or too old. The cookie is not changed. */
  | 'old-cookie'
  /** The session that was made from such a cookie is over, or has another token now. The cookie is cleared. */
  | 'replayed'
  /** A sign-in exceeded the `limit` of `accounts()`. */
  | 'limit'
  /** A guard refused the request: it came from another origin, or without the session's CSRF token. */
  | 'cross-origin'
  | 'csrf'

/** Why a call of the store failed, as far as the flags and the message of its error say. */
export type StoreFailureReason =
  /** There was no answer within `storeTimeout`, or within the time limit of the store's own client. */
  | 'timeout'
  /** The store refuses that many calls: Workers KV takes one write a second for each key. */
  | 'rate-limit'
  /** The Durable Object or the connection was reset. */
  | 'reset'
  /** The Durable Object or the server has too many requests, or is starting. */
  | 'overloaded'
  /** A binding or an exported class is missing, or is not SQLite-backed. */
  | 'binding'
  /** Anything else: see `message`. */
  | 'other'

/** The event of a request over plain http. */
export const INSECURE: SessionEvent = { type: 'refused', reason: 'insecure' }

/** The event of a request to a host that is not in `cookie.domain`. */
export const DOMAIN_MISMATCH: SessionEvent = { type: 'refused', reason: 'domain-mismatch' }

/** Returns the event to report if the store has no session for a token. */
export function goneEvent(gone: Gone['gone'], isPastAbsolute: boolean, id: string): SessionEvent {
  if (gone === 'corrupt') return { type: 'corrupt', id }
  if (gone !== 'expired') return { type: 'refused', reason: gone, id }
  return { type: 'expired', timeout: isPastAbsolute ? 'absolute' : 'idle', id }
}
