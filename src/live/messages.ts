import type { EndReason } from '../record/end-reason.ts'

export type { EndReason }

/** What a socket or an EventSource is told, as JSON. */
export type LiveMessage =
  /**
   * Keys of the dictionary have changed. `values` has those that `live()` was asked to send; a deleted one is absent.
   * `revision` counts the changes to the session.
   */
  | {
      readonly type: 'changed'
      readonly keys: readonly string[]
      readonly revision: number
      readonly values?: Readonly<Record<string, unknown>>
    }
  /** The session has a new token: by a sign-in, `regenerate()` or `renewing()`. The connection stays. */
  | { readonly type: 'renewed' }
  /** The session is over, for this reason: destroyed (signed out, too), revoked from elsewhere, expired, or taken over by
   * another user. The connection is closed next: a socket with the code 4401. */
  | { readonly type: 'ended'; readonly reason: EndReason }

/** The close code of a socket whose session is over. */
export const ENDED_CODE = 4401

/** The text of a ping, and of the answer, which the runtime gives without waking the object. */
export const PING = 'ping'
export const PONG = 'pong'

/** Accepted by a request that only asks if there is a session (RFC 9457). */
export const PROBLEM = 'application/problem+json'

/** The header of a handshake for the session's object: the credential and what to send. Its name has it redacted in logs. */
export const HANDSHAKE_HEADER = 'Edge-Session-Secret'

/** The value of that header, as JSON. */
export interface Handshake {
  /** The `read` of the store's protocol, with the credential. */
  readonly read: string
  readonly values: readonly string[]
}

/** A call of `watch` or `unwatch` to the session's object, as JSON. */
export interface WatchCall {
  readonly live: 'watch' | 'unwatch'
  readonly namespace: string
  readonly id: string
  /** The `read` of the store's protocol, with the credential. Only for `watch`. */
  readonly read?: string
}

/** What such a call begins with. */
export const WATCH_START = '{"live":'
