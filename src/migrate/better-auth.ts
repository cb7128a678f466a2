import { readCookies } from '../codec/cookie.ts'
import { type Adoption, adoption, type AdoptionOptions, type FromEnv, fromEnv } from './adoption.ts'
import { chunksOf } from './chunked-cookie.ts'
import { decodedCookie } from './decoded-cookie.ts'
import { unsigned } from './hono.ts'
import type { Secrets } from './signed-text.ts'

/** better-auth splits a cookie over at most so many. */
const MAX_CHUNKS = 100

/**
 * Returns the token of a session of better-auth 1 in a Cookie header, as its `getSignedCookie` returns it: signed by
 * HMAC-SHA-256, by one of the secrets. `undefined` for anything else. The signature has one spelling. Whether the session
 * still lives, only its storage knows. Throws `ERR_SECRET` for an empty secret.
 */
export async function sessionToken(
  header: string,
  name: string,
  secrets: Secrets,
): Promise<string | undefined> {
  const text = decodedCookie(header, name)
  return text === undefined ? undefined : tokenOf(text, secrets)
}

/** The part that is used of what better-auth's `findSession` returns, or its `secondaryStorage` has as JSON. */
export interface StoredSession {
  readonly session: {
    /** A `Date`, or what makes one: a text in ISO 8601, or milliseconds since 1970. */
    readonly expiresAt: Date | string | number
  }
}

export interface BetterAuthCookieOptions<Env, Found extends StoredSession, Loaded> extends Omit<
  AdoptionOptions<Env, Loaded>,
  'load'
> {
  /** better-auth's `secret`, or all that may have signed. Of its `secrets` only the first ever signs cookies. */
  readonly secrets: FromEnv<Env, Secrets>
  /**
   * Returns what better-auth has stored for a token; `undefined` or `null` if the session is over. What it throws counts as a
   * failure of the store.
   */
  readonly readSession: (
    token: string,
    env: Env,
  ) => Found | null | undefined | Promise<Found | null | undefined>
  /**
   * What the new session begins with, of a session that has not expired; `undefined` leaves visitor and cookie as they are.
   * It may be asked several times for one cookie, so let it change nothing.
   */
  readonly load: (found: Found, env: Env) => Loaded | undefined | Promise<Loaded | undefined>
}

/**
 * Returns an adoption of a session of better-auth 1, for `adopting`. `name` is the cookie's whole name:
 * `__Secure-better-auth.session_token`, and without the prefix where better-auth was on http. Of a name that ends in
 * `session_token`, the cookies of its `session_data`, `account_data` and `dont_remember` are cleared, too. Throws
 * `ERR_OPTION` for an invalid cookie.
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
      // The time goes with it, since only the sessions' own clock counts.
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
  // It is signed as by Hono; but an empty value is none.
  const token = await unsigned(text, secrets)
  return token === '' ? undefined : token
}

/** An expiry that is no time is over. */
function isLive({ session }: StoredSession, now: number): boolean {
  return new Date(session.expiresAt).getTime() >= now
}

/** Returns the names of better-auth's other cookies of a session, those of their parts among them. */
function companionsOf(header: string, name: string): string[] {
  const prefix = /^(.*)session_token$/.exec(name)?.[1]
  if (prefix === undefined) return []
  const names = ['session_data', 'account_data', 'dont_remember'].map((each) => prefix + each)
  return names.flatMap((each) => [
    ...(readCookies(header, each).length === 0 ? [] : [each]),
    ...chunksOf(header, each, MAX_CHUNKS).map(([chunk]) => chunk),
  ])
}
