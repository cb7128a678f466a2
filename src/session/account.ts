/** The signed-in user of a session. It is stored with the session, and is part of each answer of the store. */
export interface Account {
  readonly userId: string
  /** The time the user signed in, in milliseconds since 1970. */
  readonly at: number
  /** The time of authentication, if it took place elsewhere before `at`; 0 if it is unknown. */
  readonly provenAt?: number
  /** The authenticator assurance level reached (NIST SP 800-63B). */
  readonly aal?: Aal
  /** The device of the sign-in, to detect a change; not the full name of the device. */
  readonly device?: Device
}

export type Aal = 1 | 2 | 3

/** The data that a session stores about a device. */
export interface Device {
  /** A fingerprint of the user agent, which only distinguishes one from another. */
  readonly agent: string
  readonly country?: string
}
