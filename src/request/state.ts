import type { Token } from '../codec/token.ts'
import { SessionError } from '../errors.ts'
import type { Await, Gone, Status } from '../record/store.ts'

/**
 * The state of a request's session.
 * - `none`: there is no session. The first write creates one. `hasEnded` if this request destroyed the session that the
 *   browser came with, so that its cookie must be cleared.
 * - `presented`: a token came. The store has not been asked yet.
 * - `live`: the store or a copy confirmed the session, or this request created it.
 * - `superseded`: the token was regenerated a moment ago. The browser may already have the new one, so it must not get
 *   a new session's cookie or a cleared one.
 * - `unavailable`: the store failed. The request continues as anonymous.
 * - `unseen`: the store may not return the session yet. The request continues as anonymous, and its cookie stays.
 * - `ended`: the session turned out to be over after this request began to use it.
 * - `destroyed`: this request destroyed the session.
 */
export type SessionState =
  | { readonly is: 'none'; readonly token?: undefined; readonly hasEnded?: true }
  | { readonly is: 'presented'; readonly token: Token }
  | Live
  | {
      readonly is: 'superseded' | 'unavailable' | 'unseen' | 'ended' | 'destroyed'
      readonly token: Token | undefined
    }

export interface Live {
  readonly is: 'live'
  readonly token: Token
  /** The latest status from the store. */
  readonly status: Status
  /** The time of the last store call, and the last recorded use at that time, in milliseconds since 1970. */
  readonly askedAt: number
  readonly usedAt: number
}

/** The credentials of a request on arrival. */
export interface Arrival {
  /** A token with a valid MAC that has not expired by its own times. */
  readonly token: Token | undefined
  /** True if the token must be signed again with a newer secret. */
  readonly isOldKey: boolean
  /** True if the request had a cookie with our name. */
  readonly hasCookie: boolean
  /** The time the request began, in milliseconds since 1970. */
  readonly at: number
  /** The position of the arrival in this isolate's order of arrivals and endings. */
  readonly order: number
  /** Present if the request has more cookies with our name. Resolves to the arrival with the next valid token. */
  readonly next?: () => Await<Arrival>
}

/**
 * How long after a rotation the old token may still be in flight, about as long as one page's requests take. After
 * that, the browser never got the new token.
 */
const ROTATION_WINDOW_MS = 60_000

/** True if the token was regenerated while its request was in flight, or after it arrived. */
export function isJustRotated(reply: Gone, arrivedAt: number): boolean {
  return reply.gone === 'rotated' && reply.at > arrivedAt - ROTATION_WINDOW_MS
}

/** Returns the error of an operation on a session that is over. */
export function endedError(): SessionError {
  return new SessionError(
    'ERR_SESSION_ENDED',
    'The session is over: destroyed, expired, or regenerated elsewhere. The change was not written. Send a new request.',
  )
}

/** Returns the error of a change to a session that the store does not return yet. */
export function unseenError(store: string): SessionError {
  return new SessionError(
    'ERR_STORE',
    `The ${store} store does not return this session yet: it is too new. Nothing was written. Try again.`,
  )
}
