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
