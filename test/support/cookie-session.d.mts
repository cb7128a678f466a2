/** cookie-session 2.1.1 at work, behind a server of Node. Its own types need Node's. */

export interface CookieSessionOptions {
  /** Default `session`. */
  readonly name?: string
  readonly keys: readonly string[]
}

export interface CookieSessionSeen {
  /** What its session has; `undefined` if it has begun one. */
  readonly data: Record<string, unknown> | undefined
  readonly setCookies: string[]
}

/** What cookie-session has for a Cookie header, and the Set-Cookie headers after it was given this data. */
export function useCookieSession(
  options: CookieSessionOptions,
  request?: { readonly data?: object; readonly cookie?: string },
): Promise<CookieSessionSeen>

/** The Cookie header for a value that the package cookies, which Koa has, signs by Keygrip with this hash. */
export function signedByKeygrip(
  name: string,
  value: string,
  keys: readonly string[],
  algorithm?: 'sha1' | 'sha256',
): string
/** What the package cookies has for a Cookie header. */
export function readByKeygrip(
  header: string,
  name: string,
  keys: readonly string[],
  algorithm?: 'sha1' | 'sha256',
): string | undefined
