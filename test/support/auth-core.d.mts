/** Auth.js at work. Its own types need a browser's. */

export const AUTH_SECRET: string
export const AUTH_COOKIE: string

/** The Set-Cookie headers of a sign-in at Auth.js that are of its session. `claims` are added by the callback `jwt`. */
export function signInThere(user: {
  readonly id: string
  readonly name?: string
  readonly claims?: object
}): Promise<string[]>
/** The user's name in the session that Auth.js has for a Cookie header; `undefined` if there is none. */
export function whoIsThere(cookie: string): Promise<unknown>
/** A token by `encode` of `@auth/core/jwt`. */
export function encoded(
  claims: object,
  options?: { readonly secret?: string; readonly salt?: string; readonly maxAge?: number },
): Promise<string>
/** What `decode` of `@auth/core/jwt` returns for a token; `undefined` where it throws. */
export function decoded(token: string, secret?: string | readonly string[]): Promise<unknown>
