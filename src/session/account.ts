/** The signed-in user of a session. It is stored with the session, and is part of each answer of the store. */
export interface Account {
  readonly userId: string
  /** The time the user signed in, in milliseconds since 1970. */
  readonly at: number
  /** The time of authentication, if it was elsewhere and before `at`; 0 if unknown. */
  readonly provenAt?: number
  /** The authenticator assurance level reached (NIST SP 800-63B). */
  readonly aal?: Aal
  /** The device of the sign-in, to detect a change. It does not identify the device. */
  readonly device?: Device
  /**
   * The session's own timeouts, which replace those of the layer. In a sign-in of the same user, if absent, the session
   * keeps its own timeouts; `null` removes them.
   */
  readonly remember?: OwnTimeouts | null
}

/** The timeouts of one session, in milliseconds, counted from the sign-in. */
export interface OwnTimeouts {
  readonly idle: number
  readonly absolute: number
}

/** The timeouts of a remembered session, in seconds. */
export interface RememberTimeouts {
  /** The seconds without use after which the session expires. */
  readonly idleTimeout?: number | undefined
  /** The seconds after the sign-in when the session expires, even if it is used. */
  readonly absoluteTimeout?: number | undefined
}

export type Aal = 1 | 2 | 3

/** The stored data about a device. */
export interface Device {
  /** A fingerprint of the user agent, which only distinguishes one from another. */
  readonly agent: string
  readonly country?: string
}
