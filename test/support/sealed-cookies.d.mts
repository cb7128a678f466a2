/** The libraries that seal their sessions in cookies, at work. Their own types need Node's, or a browser's. */

export type IronPassword = string | Record<number, string>

export interface IronOptions {
  readonly password: IronPassword
  readonly cookieName?: string
  /** Seconds; 0 for never. */
  readonly ttl?: number
  /** True if a large session may be split over several cookies (version 9). */
  readonly chunk?: boolean
}

export type IronVersion = 'iron-session 8' | 'iron-session 9'

/** The Set-Cookie headers with which iron-session saves this data. Its cookie is `app-session` by default. */
export function ironCookies(
  version: IronVersion,
  data: object,
  options: IronOptions,
): Promise<string[]>
/** What iron-session has for a Cookie header; an empty object where it refuses it, or throws. */
export function readIron(
  version: IronVersion,
  cookieHeader: string,
  options: IronOptions,
): Promise<object>

export interface H3Options {
  readonly password: string
  /** Default `h3`. */
  readonly name?: string
  /** Seconds. */
  readonly maxAge?: number
  /** Seconds; of h3 2 only. */
  readonly idleTimeout?: number
}

export type H3Version = 'h3 1' | 'h3 2'

export interface H3Seen {
  readonly id: string
  readonly data: Record<string, unknown>
  readonly setCookies: string[]
}

/**
 * What `useSession` of h3 has for a Cookie header, after an update with this data, and the Set-Cookie headers of the
 * response. Where it refuses the cookie it begins a session.
 */
export function useH3(
  version: H3Version,
  options: H3Options,
  request?: { readonly data?: object; readonly cookie?: string },
): Promise<H3Seen>
