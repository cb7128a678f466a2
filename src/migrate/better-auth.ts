import { readCookies } from '../codec/cookie.ts'
import { type Adoption, adoption, type AdoptionOptions, type FromEnv, fromEnv } from './adoption.ts'
import { chunksOf } from './chunked-cookie.ts'
import { decodedCookie } from './decoded-cookie.ts'
import { unsigned } from './hono.ts'
import type { Secrets } from './signed-text.ts'

/** The maximum number of parts that better-auth splits a cookie into. */
const MAX_CHUNKS = 100

/**
 * Returns the token of a better-auth 1 session from a Cookie header, as better-auth's `getSignedCookie` does: signed
 * with HMAC-SHA-256 by one of the secrets. Returns `undefined` for anything else. Only one spelling of the signature is
 * accepted. Only better-auth's storage knows if the session still exists. Throws `ERR_SECRET` for an empty secret.
 */
export async function sessionToken(
  header: string,
  name: string,
  secrets: Secrets,
): Promise<string | undefined> {
  const text = decodedCookie(header, name)
  return text === undefined ? undefined : tokenOf(text, secrets)
}

/** The used part of a session from better-auth's `findSession`, or from its `secondaryStorage` as JSON. */
export interface StoredSession {
  readonly session: {
    /** A `Date`, an ISO 8601 text, or milliseconds since 1970. */
    readonly expiresAt: Date | string | number
  }
}

export interface BetterAuthCookieOptions<Env, Found extends StoredSession, Loaded> extends Omit<
  AdoptionOptions<Env, Loaded>,
  'load'
> {
  /**
   * better-auth's `secret`, or all secrets that may have signed. Of better-auth's `secrets`, only the first one signs
   * cookies.
   */
  readonly secrets: FromEnv<Env, Secrets>
  /**
   * Returns better-auth's stored session for a token, or `undefined` or `null` if it is over. If it throws, the store
   * counts as failed.
   */
  readonly readSession: (
    token: string,
    env: Env,
  ) => Found | null | undefined | Promise<Found | null | undefined>
  /**
   * Returns the content of the new session, from an old one that has not expired. If it returns `undefined`, the
   * visitor and the cookie stay as they are. It may be called several times for one cookie, so it must not change
   * anything.
   */
  readonly load: (found: Found, env: Env) => Loaded | undefined | Promise<Loaded | undefined>
}

/**
 * Returns an adoption for sessions of better-auth 1, for `adopting`. `name` is the cookie's whole name:
 * `__Secure-better-auth.session_token`, or without the prefix if better-auth was on http. If the name ends in
 * `session_token`, the matching `session_data`, `account_data` and `dont_remember` cookies are cleared too. Throws
 * `ERR_OPTION` for an invalid cookie name or attribute.
 */
export function betterAuthCookie<Env, Found extends StoredSession, Loaded>({
  name,
  secrets,
  readSession,
  load,
  ...rest
}: BetterAuthCookieOptions<Env, Found, Loaded>): Adoption<Env, Loaded> {
  return adoption({
    ...rest,
    name,
    find: (header) => decodedCookie(header, name),
    companions: (header) => companionsOf(header, name),
    verify: async (text, env, now) => {
      const token = await tokenOf(text, fromEnv(secrets, env))
      // The time is passed on, since only the sessions' own clock counts.
      return token === undefined
        ? undefined
        : { value: JSON.stringify([token, now * 1000]), identity: token }
    },
    load: async (value, env) => {
      const [token, now] = JSON.parse(value) as [token: string, now: number]
      const found = (await readSession(token, env)) ?? undefined
      return found && isLive(found, now) ? load(found, env) : undefined
    },
  })
}

async function tokenOf(text: string, secrets: Secrets): Promise<string | undefined> {
  // Signed as in Hono, except that an empty value is refused.
  const token = await unsigned(text, secrets)
  return token === '' ? undefined : token
}

/** An expiry that is not a valid time counts as past. */
function isLive({ session }: StoredSession, now: number): boolean {
  return new Date(session.expiresAt).getTime() >= now
}

/** Returns the names of a session's other better-auth cookies, including their parts. */
function companionsOf(header: string, name: string): string[] {
  const prefix = /^(.*)session_token$/.exec(name)?.[1]
  if (prefix === undefined) return []
  const names = ['session_data', 'account_data', 'dont_remember'].map((each) => prefix + each)
  return names.flatMap((each) => [
    ...(readCookies(header, each).length === 0 ? [] : [each]),
    ...chunksOf(header, each, MAX_CHUNKS).map(([chunk]) => chunk),
  ])
}
