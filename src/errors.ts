/** Every way in which the library refuses, as a closed list to switch on. */
export type SessionErrorCode =
  /** An option of `createSessions` or of a store is wrong; the message says what to write instead. */
  | 'ERR_OPTION'
  /** A signing secret is missing or shorter than 32 bytes. */
  | 'ERR_SECRET'
  /** The Worker has no Durable Object namespace or KV namespace where the store needs one. */
  | 'ERR_BINDING'
  /** A key that cannot be stored: not a string, or not well-formed Unicode. */
  | 'ERR_KEY'
  /** A value that JSON would change or drop, or one of the wrong kind for the operation. */
  | 'ERR_VALUE'
  /** A value, or the whole dictionary, past the size that a store takes. */
  | 'ERR_TOO_LARGE'
  /** The store cannot do this atomically, and does not pretend to. */
  | 'ERR_NOT_ATOMIC'
  /** `update`, or a write to Redis or Memcached, lost against other requests as often as it may try. */
  | 'ERR_CONFLICT'
  /** The session was destroyed, expired or regenerated while this request used it. */
  | 'ERR_SESSION_ENDED'
  /** `userId` was asked for before the session was read, so that nobody knows yet whether it is still there. */
  | 'ERR_NOT_LOADED'
  /** The user has as many sessions as `sessionLimit` allows, and it refuses more. */
  | 'ERR_SESSION_LIMIT'
  /** A change that came after the response was made, so that it could no longer be answered for. */
  | 'ERR_RESPONSE_SENT'
  /** The store failed: the outcome of a write is unknown. `cause` has the store's own error. */
  | 'ERR_STORE'

/**
 * The one error class. `code` is for programs, the message for people: it begins with the code, says what is
 * wrong and what to do, and never has a secret, a token or a stored value in it. `cause` keeps what led to it.
 */
export class SessionError extends Error {
  readonly code: SessionErrorCode

  // On the prototype before the first instance, so that the stack's first line has it.
  static {
    this.prototype.name = 'SessionError'
  }

  constructor(code: SessionErrorCode, message: string, options?: { cause?: unknown }) {
    super(`${code}: ${message}`, options)
    this.code = code
  }
}
