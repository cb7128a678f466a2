import type { EndReason } from '../record/end-reason.ts'

export type { EndReason }

/** A message to a socket or an EventSource, as JSON. */
export type LiveMessage =
  /**
   * Keys of the dictionary have changed. `values` has those that were requested in `live()`, without deleted ones.
   * `revision` counts the changes to the session.
   */
  | {
      readonly type: 'changed'
      readonly keys: readonly string[]
      readonly revision: number
      readonly values?: Readonly<Record<string, unknown>>
    }
  /** The session has a new token, from a sign-in, `regenerate()` or `renewing()`. The connection stays open. */
  | { readonly type: 'renewed' }
  /**
   * The session is over: destroyed (or signed out), revoked from elsewhere, expired, or taken over by another user. The
   * connection is closed next, a socket with code 4401.
   */
  | { readonly type: 'ended'; readonly reason: EndReason }

/** The close code of a socket whose session is over. */
export const ENDED_CODE = 4401

/** The text of a ping and of its answer, which the runtime sends without waking the object. */
export const PING = 'ping'
export const PONG = 'pong'

/** Requested by a client that only asks if there is a session (RFC 9457). */
export const PROBLEM = 'application/problem+json'

/**
 * The header of a handshake to the session's object, with the credential and what to send. Logs redact a header with
 * this name.
 */
export const HANDSHAKE_HEADER = 'Edge-Session-Secret'

/** The value of that header, as JSON. */
export interface Handshake {
  /** The `read` request of the store's protocol, with the credential. */
  readonly read: string
  readonly values: readonly string[]
}

/** A `watch` or `unwatch` call to the session's object, as JSON. */
export interface WatchCall {
  readonly live: 'watch' | 'unwatch'
  readonly namespace: string
  readonly id: string
  /** The `read` request of the store's protocol, with the credential. Only for `watch`. */
  readonly read?: string
}

/** The beginning of such a call. */
export const WATCH_START = '{"live":'
