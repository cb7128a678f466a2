import { clearCookie, serializeCookie } from '../codec/cookie.ts'
import { signToken, type Token } from '../codec/token.ts'
import type { Settings } from './options.ts'
import type { Setup } from './setup.ts'

/** What the request brought. */
export interface Presented {
  /** A token whose MAC is right and whose time is not up by its own account. */
  readonly token: Token | undefined
  /** Whether the token has to be signed again, because there is a newer secret. */
  readonly isOldKey: boolean
  /** Whether there was any cookie of our name. */
  readonly hasCookie: boolean
  /** Whether a cookie can be set at all. */
  readonly canKeep: boolean
}

/** The Set-Cookie value that clears the cookie, or `undefined` where there is none. */
export function clearedCookie(settings: Settings<never>, presented: Presented): string | undefined {
  return presented.hasCookie && presented.canKeep ? clearCookie(settings.cookie) : undefined
}

/**
 * The Set-Cookie value that gives the browser this token, or `undefined` where it has it: the token itself is new, or
 * its key is old, or the use that it records is so long ago that it would soon count as idle.
 */
export async function refreshedCookie(
  settings: Settings<never>,
  setup: Setup,
  presented: Presented,
  token: Token,
  confirmedAt: number,
): Promise<string | undefined> {
  const { cookie, idle, touch, absolute, now, emit } = settings
  const usedAt = Math.max(token.usedAt, confirmedAt)
  // Where the store keeps no time of use, the token is the only record.
  const reissueAfter = setup.store.recordsUse ? idle / 2 : touch
  const isDue = usedAt > token.usedAt && usedAt - token.usedAt >= reissueAfter
  const isPresented = token === presented.token
  if (isPresented && !isDue && !presented.isOldKey) return undefined
  if (isPresented && presented.isOldKey)
    emit({ type: 're-signed', id: setup.store.idOf(token.handle) })
  const value = await signToken(setup.keyring, cookie.name, { ...token, usedAt })
  return serializeCookie(cookie, value, (token.createdAt + absolute - now()) / 1000)
}
