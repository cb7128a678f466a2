import { SessionError } from '../errors.ts'
import type { Aal, Account, OwnTimeouts, RememberTimeouts } from '../session/account.ts'

/** An application's details of a sign-in. User agent and country default to those of the request. */
export interface SignInDetails {
  /** The authenticator assurance level (NIST SP 800-63B section 2). `session.aal` returns it afterwards. */
  readonly aal?: Aal
  /** A name for this session in the user's list, such as `Ada's phone`. */
  readonly label?: string
  readonly userAgent?: string
  /** Two letters (ISO 3166-1). */
  readonly country?: string
  /**
   * Gives this session timeouts of its own and a persistent cookie; `true` takes the timeouts of `remembering()`. `false`
   * ends that. Absent, a user who signs in again stays remembered. Needs `accounts({ remember: remembering() })`.
   */
  readonly remember?: boolean | RememberTimeouts | undefined
}

/** Returns the timeouts of a remembered session. Made by `remembering()` of `edge-session/remember`. */
export type Remember = (given: true | RememberTimeouts, touch: number) => OwnTimeouts

/** Returns the timeouts to store. Throws `ERR_OPTION` without the feature, and for those that cannot work. */
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

/** A Durable Object's name may have 1,024 bytes, including the cookie's name. */
const MAX_USER_ID_CHARACTERS = 256

/** Throws `ERR_VALUE` if a user id is not a text, is empty, too long or not well-formed. */
export function checkUserId(userId: unknown): void {
  const isId = typeof userId === 'string' && userId !== '' && userId.isWellFormed()
  if (isId && userId.length <= MAX_USER_ID_CHARACTERS) return
  throw new SessionError(
    'ERR_VALUE',
    `A user's id is a text of 1 to ${MAX_USER_ID_CHARACTERS} characters. Write String(id) for a number.`,
  )
}

/** Throws `ERR_VALUE` for details of the wrong type. An unknown level could satisfy any requirement. */
export function checkDetails({ aal = 1, label, userAgent, country }: SignInDetails): void {
  const texts: readonly unknown[] = [label, userAgent, country]
  const areTexts = texts.every((text) => text === undefined || typeof text === 'string')
  if ([1, 2, 3].includes(aal) && areTexts) return
  throw new SessionError(
    'ERR_VALUE',
    'signIn(): aal is 1, 2 or 3; label, userAgent and country are texts.',
  )
}
