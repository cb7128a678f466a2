import type { RefusedToken } from '../codec/token.ts'
import type { Gone } from '../record/store.ts'
import type { DataEvent } from '../session/codec.ts'

/**
 * What happened to a session, for logs and alerts (OWASP: log the session life cycle). It never holds a token, a secret
 * or a stored value; `id` is `session.id`.
 */
export type SessionEvent =
  /** A cookie or its session was not accepted; the request goes on as an anonymous one. */
  | { readonly type: 'refused'; readonly reason: RefusedReason; readonly id?: string }
  /** A session's time was up. */
  | { readonly type: 'expired'; readonly timeout: 'idle' | 'absolute'; readonly id: string }
  | { readonly type: 'created'; readonly id: string }
  /** A session was made from an old application's cookie, by `adopting`. */
  | { readonly type: 'adopted'; readonly id: string }
  /** A token under an older secret was signed again under the newest. */
  | { readonly type: 're-signed'; readonly id: string }
  | { readonly type: 'regenerated'; readonly id: string }
  /** A token in use was replaced by the next one, by `renewing`. */
  | { readonly type: 'renewed'; readonly id: string }
  /** A user signed in, or proved again who they are. */
  | { readonly type: 'signed-in'; readonly id: string }
  | { readonly type: 'destroyed'; readonly id: string }
  /** A session was ended from elsewhere: by its user's list, or to make room on it. */
  | { readonly type: 'revoked'; readonly id: string }
  /** A signed-in session came with another browser, or from another country. Nothing was done about it. */
  | {
      readonly type: 'device-changed'
      readonly what: 'user-agent' | 'country'
      readonly id: string
    }
  /** A write came after the session was over, or after its token was regenerated; it was not applied. */
  | { readonly type: 'late-write'; readonly reason: 'ended' | 'rotated'; readonly id: string }
  /**
   * - `corrupt`: a stored session or value could not be read back, and counts as absent.
   * - `invalid`: the schema refuses these keys of a stored dictionary, which count as absent.
   * - `migrated`: `migrate` brought a stored dictionary to the present shape, and it was written; the keys that changed.
   * - `migration-failed`: `migrate` threw, or returned something that the schema refuses. Nothing was written.
   */
  | DataEvent
  /** A call of the store, or of the index of users, failed or took too long. */
  | { readonly type: 'store-failed'; readonly call: string; readonly id: string }
  /** `secrets` failed when it was called again; the former keys stay in use. */
  | { readonly type: 'secrets-failed' }
  /** Two layers of one cookie name each made a session for one request. Only this one's cookie was sent. */
  | { readonly type: 'cookie-conflict'; readonly id: string }

export type RefusedReason =
  | RefusedToken
  /** The request came over plain http, where a Secure cookie can't be used. */
  | 'insecure'
  /** The session is over: destroyed, or expired and cleaned away. */
  | 'ended'
  /** The session's token was regenerated, and this is an older one. */
  | 'rotated'
  /** A cookie of an old application (`adopting`) is not genuine, or too old. It stays as it is. */
  | 'old-cookie'
  /** Such a cookie has had its session, which is over or has another token now. It is cleared. */
  | 'replayed'
  /** A sign-in beyond the limit of `accounts`. */
  | 'limit'
  /** A guard refused the request: it came from another origin, or without the session's CSRF token. */
  | 'cross-origin'
  | 'csrf'

/** What to report of a request over plain http. */
export const INSECURE: SessionEvent = { type: 'refused', reason: 'insecure' }

/** What to report when the store has no session for a token. */
export function goneEvent(gone: Gone['gone'], isPastAbsolute: boolean, id: string): SessionEvent {
  if (gone === 'corrupt') return { type: 'corrupt', id }
  if (gone !== 'expired') return { type: 'refused', reason: gone, id }
  return { type: 'expired', timeout: isPastAbsolute ? 'absolute' : 'idle', id }
}
