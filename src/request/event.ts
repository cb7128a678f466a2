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
   * The request had several cookies with our name, which happens if another path, domain or host has set one too. Of
   * those that we signed, the first one with a live session counts.
   */
  | { readonly type: 'duplicate-cookie'; readonly count: number }
  /** A session passed its idle or absolute timeout. */
  | { readonly type: 'expired'; readonly timeout: 'idle' | 'absolute'; readonly id: string }
  | { readonly type: 'created'; readonly id: string }
  /** A session was created from the cookie of an old application, by `adopting`. */
  | { readonly type: 'adopted'; readonly id: string }
  /**
   * `load` of an adoption returned a value that cannot be stored: those of these keys, or if there are none, another
   * part of it. The request fails as if `load` had thrown. The cookie is not changed.
   */
  | { readonly type: 'adoption-failed'; readonly keys: readonly string[]; readonly id: string }
  /** A token signed with an older secret was signed again with the newest. */
  | { readonly type: 're-signed'; readonly id: string }
  | { readonly type: 'regenerated'; readonly id: string }
  /** The token was replaced by the next one, by `renewing`. */
  | { readonly type: 'renewed'; readonly id: string }
  /** A user signed in, or authenticated again. */
  | { readonly type: 'signed-in'; readonly id: string }
  | { readonly type: 'destroyed'; readonly id: string }
  /** A session was revoked from elsewhere: from its user's list, or to make room on that list. */
  | { readonly type: 'revoked'; readonly id: string }
  /** A signed-in session was used by another browser, or from another country. No action was taken. */
  | {
      readonly type: 'device-changed'
      readonly what: 'user-agent' | 'country'
      readonly id: string
    }
  /** A write came after the session had ended, or after its token was regenerated. It was not applied. */
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
   * A call of the store, or of the index of users, failed or timed out. `message` is the error's message without keys,
   * tokens and values, at most 200 characters.
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
  /** Two layers with the same cookie name each created a session for one request. Only this layer's cookie was sent. */
  | { readonly type: 'cookie-conflict'; readonly id: string }
  /** A device registered its key, with `bound()`: the session is now bound to it. */
  | { readonly type: 'bound'; readonly id: string }
  /** The device proved that it has the key, and got the next cookie. */
  | { readonly type: 'bound-refreshed'; readonly id: string }
  /**
   * A device was refused, or with `enforce: false` would have been.
   * - `missing`: the session is bound, and the request has no valid cookie of the device.
   * - `reload`: the same, for a page that the browser is told to load again, for example after a link from another
   *   site: normal.
   * - `skipped`: the same, and the browser says that it could not renew the cookie.
   * - `unbound`: the session is not bound, and `requireBound` refuses such sessions.
   * - `proof`: a registration or a refresh had no valid proof.
   * - `challenge`: the proof was for a challenge that is not ours, is for another session, too old, or used before.
   */
  | {
      readonly type: 'bound-refused'
      readonly reason: 'missing' | 'reload' | 'skipped' | 'unbound' | 'proof' | 'challenge'
      readonly id: string
    }
  /** Another key signed a proof for a valid challenge of a bound session: someone else may have the cookies. */
  | { readonly type: 'bound-stolen'; readonly id: string }
  /** A device asked for a session that is over or not bound, and was told to end its own. */
  | { readonly type: 'bound-ended'; readonly id: string }
  /**
   * `signOut()` omitted `cookies` from `Clear-Site-Data`, since it would have deleted a cookie of the same response.
   */
  | { readonly type: 'cookies-kept'; readonly id: string }

export type RefusedReason =
  | RefusedToken
  /** The request came over plain http, which does not allow a Secure cookie. */
  | 'insecure'
  /** The request's host is not in `cookie.domain`, so browsers would not keep the cookie. */
  | 'domain-mismatch'
  /** The session is over: destroyed, or expired and cleaned up. */
  | 'ended'
  /** The token is older than the last regenerate of its session. */
  | 'rotated'
  /** Workers KV does not return the session, whose token is less than a minute old. The cookie stays. */
  | 'unseen'
  /** A cookie of an old application (`adopting`) is not genuine, or is too old. The cookie is not changed. */
  | 'old-cookie'
  /** The session made from such a cookie is over, or has another token now. The cookie is cleared. */
  | 'replayed'
  /** A sign-in exceeded the `limit` of `accounts()`. */
  | 'limit'
  /** A guard refused the request: it came from another origin, or without the session's CSRF token. */
  | 'cross-origin'
  | 'csrf'

/** Why a store call failed, according to the flags and the message of its error. */
export type StoreFailureReason =
  /** There was no answer within `storeTimeout`, or within the time limit of the store's own client. */
  | 'timeout'
  /** The store refuses this many calls: Workers KV accepts one write a second for each key. */
  | 'rate-limit'
  /** The Durable Object or the connection was reset. */
  | 'reset'
  /** The Durable Object or the server has too many requests, or is starting. */
  | 'overloaded'
  /** A binding or an exported class is missing or not SQLite-backed. */
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
