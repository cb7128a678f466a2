import type { Bytes } from '../codec/mac.ts'
import { type Adoption, type FromEnv, fromEnv } from './adoption.ts'
import { chunksOf, wholeCookie } from './chunked-cookie.ts'
import { dataCookie, type DataCookieOptions } from './data-cookie.ts'
import { decryptJwe } from './jwe.ts'
import { bytesOf, secretText } from './mac-key.ts'
import type { Secrets } from './signed-text.ts'

/** The claims of an Auth.js session: its own, and those that the callback `jwt` added. */
export interface AuthjsClaims {
  /** The user's id. */
  readonly sub?: string
  readonly name?: string | null
  readonly email?: string | null
  readonly picture?: string | null
  /** The times when the cookie was made and when it expires, in seconds since 1970. */
  readonly iat?: number
  readonly exp?: number
  /** A random id, new with each cookie. */
  readonly jti?: string
}

export interface DecodeOptions {
  /** Auth.js's `secret`: one, or several if any of them may have made the cookie. */
  readonly secret: Secrets
  /** The cookie's whole name, without the number of a part. */
  readonly salt: string
  /** The clock, in seconds since 1970. */
  readonly now?: number
}

/** Auth.js's `clockTolerance`: a cookie is accepted for this long after it expires. */
const SKEW_SECONDS = 15
const MAX_CHUNKS = 100
const KEY_BITS = 512

/**
 * Returns the same as `decode` of `@auth/core/jwt` (Auth.js 5): a session's claims. Returns `undefined` where that
 * throws, because the token is expired, forged, or made with another secret. Throws `ERR_SECRET` for an empty secret.
 */
export async function decode(
  token: string,
  { secret, salt, now = Date.now() / 1000 }: DecodeOptions,
): Promise<AuthjsClaims | undefined> {
  const secrets = typeof secret === 'object' ? secret : [secret]
  const keys = await Promise.all(secrets.map((each) => keyOf(secretText(each), salt)))
  const claims = await decryptJwe(token, keys)
  return claims !== undefined && isInTime(claims, Math.floor(now)) ? claims : undefined
}

/**
 * Returns the token from a Cookie header: the cookie with this name, or else its parts (`name.0`, …) joined. Returns
 * `undefined` if there is none.
 */
export function tokenOf(header: string, name: string): string | undefined {
  return wholeCookie(header, name, MAX_CHUNKS)
}

export interface AuthjsCookieOptions<Env, Claims, Loaded> extends DataCookieOptions<
  Env,
  Claims & AuthjsClaims,
  Loaded
> {
  /** Auth.js's `secret` (`AUTH_SECRET`): one, or several if any of them may have made the cookie. */
  readonly secret: FromEnv<Env, Secrets>
}

/**
 * Returns an adoption for sessions of Auth.js 5 (`next-auth` 5, `@auth/…`) with the strategy `jwt`, for `adopting`.
 * `name` is the cookie's whole name: `__Secure-authjs.session-token`, or without the prefix if the site was on http.
 * `load` gets the claims. Auth.js makes a new cookie each time the session is requested, and each counts as a cookie of
 * its own. Throws `ERR_OPTION` for an invalid cookie name or attribute.
 */
export function authjsCookie<Env, Claims, Loaded>({
  secret,
  ...rest
}: AuthjsCookieOptions<Env, Claims, Loaded>): Adoption<Env, Loaded> {
  const { name } = rest
  return dataCookie({
    ...rest,
    find: (header) => tokenOf(header, name),
    companions: (header) => chunksOf(header, name, MAX_CHUNKS).map(([chunk]) => chunk),
    read: async (text, env, now) => {
      const data = await decode(text, { secret: fromEnv(secret, env), salt: name, now })
      return data && { data, signed: text }
    },
  })
}

/** Returns the key of a cookie: HKDF-SHA-256 (RFC 5869) with the cookie's name as salt, as in `@auth/core/jwt`. */
async function keyOf(secret: string, salt: string): Promise<Bytes> {
  const key = await crypto.subtle.importKey('raw', bytesOf(secret), 'HKDF', false, ['deriveBits'])
  const info = bytesOf(`Auth.js Generated Encryption Key (${salt})`)
  const hkdf = { name: 'HKDF', hash: 'SHA-256', salt: bytesOf(salt), info }
  return new Uint8Array(await crypto.subtle.deriveBits(hkdf, key, KEY_BITS))
}

/** RFC 7519 sections 4.1.4 and 4.1.5. A token without times never expires. */
function isInTime(claims: object, now: number): boolean {
  const { exp = Infinity, nbf = -Infinity } = claims as Record<string, unknown>
  if (typeof exp !== 'number' || typeof nbf !== 'number') return false
  return exp > now - SKEW_SECONDS && nbf <= now + SKEW_SECONDS
}
