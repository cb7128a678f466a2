/** Who a session is signed in as. It is stored with the session, and comes with each of the store's answers. */
export interface Account {
  readonly userId: string
  /** When the user signed in, in milliseconds since 1970. */
  readonly at: number
  /** When the user proved who they are, if not at `at` but elsewhere before; 0 if that is unknown. */
  readonly provenAt?: number
  /** The authenticator assurance level reached (NIST SP 800-63B). */
  readonly aal?: Aal
  /** The device that the user signed in with, to notice when it changes; not the device's full name. */
  readonly device?: Device
}

export type Aal = 1 | 2 | 3

/** What the session itself remembers of a device. */
export interface Device {
  /** A fingerprint of the user agent: it tells two apart, and no more. */
  readonly agent: string
  readonly country?: string
}
