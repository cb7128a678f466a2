/** The codes of `SessionError`. The list is closed. */
export type SessionErrorCode =
  /** An option of `createSessions` or of a store is wrong; the message says what to write instead. */
  | 'ERR_OPTION'
  /** A signing secret is missing or shorter than 32 bytes. */
  | 'ERR_SECRET'
  /** The Durable Object namespace or KV namespace of the store is missing. */
  | 'ERR_BINDING'
  /** The key cannot be stored: it is not a string, or not well-formed Unicode. */
  | 'ERR_KEY'
  /** JSON would change or drop the value, or the value is of the wrong kind for the operation. */
  | 'ERR_VALUE'
  /** The value, or the whole dictionary, is larger than the store allows. */
  | 'ERR_TOO_LARGE'
  /** The store cannot do this operation atomically. */
  | 'ERR_NOT_ATOMIC'
  /** `update`, or a write to Redis or Memcached, lost against other requests in every retry. */
  | 'ERR_CONFLICT'
  /** The session was destroyed, expired or regenerated while this request used it. */
  | 'ERR_SESSION_ENDED'
  /** `userId` was read before the session was loaded. */
  | 'ERR_NOT_LOADED'
  /** The user already has as many sessions as the `limit` of `accounts()` allows. */
  | 'ERR_SESSION_LIMIT'
  /** The session was changed after the response was sent. */
  | 'ERR_RESPONSE_SENT'
  /** `take` was called for a prefetch or prerender, whose page may never be shown. */
  | 'ERR_SPECULATIVE'
  /** The store failed: the outcome of a write is unknown. `cause` is the error of the store. */
  | 'ERR_STORE'

/** The codes that are not a fault of the program, with their statuses (RFC 9110 section 15). */
const STATUSES: Partial<Record<SessionErrorCode, number>> = {
  ERR_SESSION_LIMIT: 403,
  ERR_SESSION_ENDED: 409,
  ERR_TOO_LARGE: 413,
  ERR_CONFLICT: 503,
  ERR_SPECULATIVE: 503,
  ERR_STORE: 503,
}

/**
 * The only error class of the library. `code` is for programs. `message` is for people: it begins with the code, then
 * says what is wrong and what to do. It never contains a secret, a token or a stored value. `cause` is the original
 * error. `status` is the matching HTTP status.
 */
export class SessionError extends Error {
  readonly code: SessionErrorCode

  // Set on the prototype before the first instance, so that it is in the first line of the stack.
  static {
    this.prototype.name = 'SessionError'
  }

  constructor(code: SessionErrorCode, message: string, options?: { cause?: unknown }) {
    super(`${code}: ${message}`, options)
    this.code = code
  }

  /**
   * The matching HTTP status, for an application's error page: 403, 409, 413 or 503, and 500 for a fault of the program
   * or its configuration. docs/requests.md lists it for each code. The library itself answers an uncaught 409, 413 or
   * 503.
   */
  get status(): number {
    return STATUSES[this.code] ?? 500
  }
}
