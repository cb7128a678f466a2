import { checkCookie, clearCookie as clearingText } from './cookie.ts'

/** Where a cookie was set to reach: a browser deletes it only where these are the same. */
export interface ClearCookieOptions {
  /** Default `/`. */
  readonly path?: string
  /** Default none: of this very host. */
  readonly domain?: string
  /** Default false. A cookie of each top-level site has to be cleared by itself. */
  readonly partitioned?: boolean
}

/**
 * The Set-Cookie value that deletes a cookie (RFC 6265bis section 5.7), Tornado's `clear_cookie`. Throws `ERR_OPTION` for
 * a name, path or domain that no cookie has.
 */
export function clearCookie(name: string, options: ClearCookieOptions = {}): string {
  const { path = '/', domain, partitioned = false } = options
  // Elsewhere it is not needed, and would keep a cookie of plain http from being cleared.
  const secure = partitioned || /^__(host|http|secure)-/i.test(name)
  const cookie = { ...UNSEEN, name, path, domain, partitioned, secure }
  checkCookie(cookie)
  return clearingText(cookie)
}

/** What makes no difference to a cookie that goes; the prefix `__Http-` asks for HttpOnly. */
const UNSEEN = { sameSite: 'Lax', httpOnly: true, persistent: false } as const

/**
 * The Set-Cookie values that delete every cookie that the request brought, Tornado's `clear_all_cookies`: of this path and
 * domain, since a request does not tell what its cookies were set with. Cookies whose names no server could have set so are
 * passed over. The session's own is among them: `session.signOut()` ends the session itself.
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
