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
  /** When the request began, in milliseconds since 1970. */
  readonly openedAt: number
}

/** The Set-Cookie value that clears the cookie, or `undefined` where there is none. */
export function clearedCookie(settings: Settings<never>, presented: Presented): string | undefined {
  return presented.hasCookie && presented.canKeep ? clearCookie(settings.cookie) : undefined
}

/** A request's last use of its session that the store confirmed; 0 where there was none. */
export interface Use {
  readonly at: number
  /** The use that the store then had on record, which may be earlier. */
  readonly recordedAt: number
  /** The revision that the handler has seen or made, where the store counts them. */
  readonly revision?: number | undefined
}

/**
 * The Set-Cookie value that gives the browser this token, or `undefined` where it has it: the token itself is new, or
 * its key is old, or the use that it tells of is so long ago that it would soon count as idle, or the revision is news.
 */
export function refreshedCookie(
  settings: Settings<never>,
  setup: Setup,
  presented: Presented,
  token: Token,
  use: Use,
): Promise<string> | undefined {
  const { idle, touch, emit } = settings
  const revision = revisionFor(settings, token, use)
  if (token === presented.token) {
    const { recordsUse } = setup.store
    // Where the store keeps no time of use, the token is the only record.
    const isDue = use.at - token.usedAt >= (recordsUse ? idle / 2 : touch)
    const isNews = revision !== token.revision
    if (!isDue && !isNews && !presented.isOldKey) return undefined
    if (presented.isOldKey) emit({ type: 're-signed', id: setup.store.idOf(token.handle) })
  }
  const { revision: _, ...rest } = token
  const usedAt = Math.max(token.usedAt, use.recordedAt)
  return signedCookie(settings, setup, {
    ...rest,
    usedAt,
    ...(revision !== undefined && { revision }),
  })
}

/** What the token says of the session's revision; never less than before, and nothing where no cache asks for it. */
function revisionFor(
  { readCache }: Settings<never>,
  { revision: known = -1 }: Token,
  { revision: seen = -1 }: Use,
): number | undefined {
  const revision = Math.max(known, seen)
  return readCache === undefined || revision < 0 ? undefined : revision
}

/** The Set-Cookie value with this token. */
export async function signedCookie(
  { cookie, absolute, now }: Settings<never>,
  { keyring }: Setup,
  token: Token,
): Promise<string> {
  const value = await signToken(keyring, cookie.name, token)
  return serializeCookie(cookie, value, (token.createdAt + absolute - now()) / 1000)
}
