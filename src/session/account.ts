import { SessionError } from '../errors.ts'

/** Who a session is signed in as; it rests with the session, and comes with each of the store's answers. */
export interface Account {
  readonly userId: string
  /** When the user signed in, which is to prove who they are, in milliseconds since 1970. */
  readonly at: number
  /** When that was, if it was elsewhere and `at` is only when this session took it over; 0 where nobody knows. */
  readonly provenAt?: number
  /** How well they did: NIST SP 800-63B's authenticator assurance level. */
  readonly aal?: Aal
  /** What the user signed in with, to notice when it changes; not the device's full name. */
  readonly device?: Device
}

export type Aal = 1 | 2 | 3

/** What is remembered of a device in the session itself. */
export interface Device {
  /** A fingerprint of the user agent: it tells two apart, and no more. */
  readonly agent: string
  readonly country?: string
}

/** What an application may say of a sign-in. What it leaves out of agent and country is taken from the request. */
export interface SignInDetails {
  /** The authenticator assurance level reached (NIST SP 800-63B section 2); `session.aal` afterwards. */
  readonly aal?: Aal
  /** A name for this session in the user's list, such as `Ada's phone`. */
  readonly label?: string
  readonly userAgent?: string
  /** Two letters (ISO 3166-1). */
  readonly country?: string
}

/** A Durable Object's name may have 1,024 bytes, and the cookie's name goes with it. */
const MAX_USER_ID_CHARACTERS = 256

/** Throws `ERR_VALUE` for what is no user's id: a number, an empty text, half a character. */
export function checkUserId(userId: unknown): void {
  const isId = typeof userId === 'string' && userId !== '' && userId.isWellFormed()
  if (isId && userId.length <= MAX_USER_ID_CHARACTERS) return
  throw new SessionError(
    'ERR_VALUE',
    `A user's id is a text of 1 to ${MAX_USER_ID_CHARACTERS} characters. Write String(id) for a number.`,
  )
}

/** Throws `ERR_VALUE` for details of the wrong kind: a level that is none would pass for any. */
export function checkDetails({ aal = 1, label, userAgent, country }: SignInDetails): void {
  const texts: readonly unknown[] = [label, userAgent, country]
  const areTexts = texts.every((text) => text === undefined || typeof text === 'string')
  if ([1, 2, 3].includes(aal) && areTexts) return
  throw new SessionError(
    'ERR_VALUE',
    'signIn(): aal is 1, 2 or 3; label, userAgent and country are texts.',
  )
}
