import { checkCookie, clearCookie as clearingText } from './cookie.ts'

/** The scope of a cookie. A browser deletes a cookie only if its scope is the same. */
export interface ClearCookieOptions {
  /** Default `/`. */
  readonly path?: string
  /** Default none: this host only. */
  readonly domain?: string
  /** Default false. The cookie of each top-level site has to be cleared separately. */
  readonly partitioned?: boolean
}

/**
 * Returns the Set-Cookie value that deletes a cookie (RFC 6265bis section 5.7), as Tornado's `clear_cookie` does.
 * Throws `ERR_OPTION` for an invalid name, path or domain.
 */
export function clearCookie(name: string, options: ClearCookieOptions = {}): string {
  const { path = '/', domain, partitioned = false } = options
  // Not needed, and it would prevent clearing a cookie on plain http.
  const secure = partitioned || /^__(host|http|secure)-/i.test(name)
  const cookie = { ...UNSEEN, name, path, domain, partitioned, secure }
  checkCookie(cookie)
  return clearingText(cookie)
}

/** The attributes that do not affect deletion. The prefix `__Http-` requires HttpOnly. */
const UNSEEN = { sameSite: 'Lax', httpOnly: true, persistent: false } as const

/**
 * Returns the Set-Cookie values that delete every cookie of the request, as Tornado's `clear_all_cookies` does. They
 * apply only to this path and domain, since a request does not include the scope of its cookies. Skips cookies with an
 * invalid name, and those after a comma, which may be part of a value. The session's cookie is included. To end the
 * session itself, use `session.signOut()`.
 */
export function clearAllCookies(
  request: { readonly headers: { get(name: string): string | null } },
  options: ClearCookieOptions = {},
): string[] {
  const header = request.headers.get('cookie') ?? ''
  const names = header.split(';').map((pair) => pair.split('=', 1).join('').trim())
  return [...new Set(names)].flatMap((name) => {
    try {
      return [clearCookie(name, options)]
    } catch {
      return []
    }
  })
}
