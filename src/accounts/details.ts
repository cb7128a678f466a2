import { SessionError } from '../errors.ts'
import type { Aal, Account, OwnTimeouts, RememberTimeouts } from '../session/account.ts'

/** Optional details of a sign-in. User agent and country default to the request's. */
export interface SignInDetails {
  /** The authenticator assurance level (NIST SP 800-63B section 2). `session.aal` returns it afterwards. */
  readonly aal?: Aal
  /** A name for this session in the user's list, such as `Ada's phone`. */
  readonly label?: string
  readonly userAgent?: string
  /** Two-letter code (ISO 3166-1). */
  readonly country?: string
  /**
   * Gives this session its own timeouts and a persistent cookie; `true` uses those of `remembering()`. `false` turns
   * this off. If absent, a user who signs in again stays remembered. Needs `accounts({ remember: remembering() })`.
   */
  readonly remember?: boolean | RememberTimeouts | undefined
}

/** Returns the timeouts of a remembered session. Made by `remembering()` of `edge-session/remember`. */
export type Remember = (given: true | RememberTimeouts, touch: number) => OwnTimeouts

/** Returns the timeouts to store. Throws `ERR_OPTION` without the feature and for invalid timeouts. */
export function rememberedBy(
  remember: Remember | undefined,
  given: SignInDetails['remember'],
  touch: number,
): Account['remember'] {
  if (given === undefined) return undefined
  if (given === false) return null
  if (remember !== undefined) return remember(given, touch)
  throw new SessionError(
    'ERR_OPTION',
    'signIn({ remember }) needs accounts({ remember: remembering() }) with edge-session/remember.',
  )
}

/** The name of a Durable Object may have 1,024 bytes, which include the cookie's name. */
const MAX_USER_ID_CHARACTERS = 256

/** Throws `ERR_VALUE` if a user id is not a string, is empty, too long or not well-formed. */
export function checkUserId(userId: unknown): void {
  const isId = typeof userId === 'string' && userId !== '' && userId.isWellFormed()
  if (isId && userId.length <= MAX_USER_ID_CHARACTERS) return
  throw new SessionError(
    'ERR_VALUE',
    `A user's id must be a string of 1 to ${MAX_USER_ID_CHARACTERS} characters. For a number write String(id).`,
  )
}

/** Throws `ERR_VALUE` for details of the wrong type. An unknown `aal` could satisfy any requirement. */
export function checkDetails({ aal = 1, label, userAgent, country }: SignInDetails): void {
  const texts: readonly unknown[] = [label, userAgent, country]
  const areTexts = texts.every((text) => text === undefined || typeof text === 'string')
  if ([1, 2, 3].includes(aal) && areTexts) return
  throw new SessionError(
    'ERR_VALUE',
    'signIn(): aal must be 1, 2 or 3, and label, userAgent and country strings.',
  )
}
