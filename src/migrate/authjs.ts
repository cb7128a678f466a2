import type { Bytes } from '../codec/mac.ts'
import { type Adoption, type FromEnv, fromEnv } from './adoption.ts'
import { chunksOf, wholeCookie } from './chunked-cookie.ts'
import { dataCookie, type DataCookieOptions } from './data-cookie.ts'
import { decryptJwe } from './jwe.ts'
import { bytesOf, secretText } from './mac-key.ts'
import type { Secrets } from './signed-text.ts'

/** The claims of a session of Auth.js: those that it sets itself, and what the callback `jwt` has added. */
export interface AuthjsClaims {
  /** The user's id. */
  readonly sub?: string
  readonly name?: string | null
  readonly email?: string | null
  readonly picture?: string | null
  /** When the cookie was made, and when it expires, in seconds since 1970. */
  readonly iat?: number
  readonly exp?: number
  /** Random, and new with each cookie. */
  readonly jti?: string
}

export interface DecodeOptions {
  /** Auth.js's `secret`: one, or several of which any may have made the cookie. */
  readonly secret: Secrets
  /** The cookie's whole name, without the number of a part. */
  readonly salt: string
  /** The clock, in seconds since 1970. */
  readonly now?: number
}

/** Auth.js's `clockTolerance`: a cookie is taken for this long after its end. */
const SKEW_SECONDS = 15
const MAX_CHUNKS = 100
const KEY_BITS = 512

/**
 * Returns what `decode` of `@auth/core/jwt` (Auth.js 5) returns: the claims of a session. `undefined` where it throws, because
 * the token is expired, forged, or by another secret. Throws `ERR_SECRET` for an empty secret.
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
 * Returns the token in a Cookie header: the cookie of this name, or else its parts, `name.0` and so on. `undefined` if there
 * is none.
 */
export function tokenOf(header: string, name: string): string | undefined {
  return wholeCookie(header, name, MAX_CHUNKS)
}

export interface AuthjsCookieOptions<Env, Claims, Loaded> extends DataCookieOptions<
  Env,
  Claims & AuthjsClaims,
  Loaded
> {
  /** Auth.js's `secret`, `AUTH_SECRET`: one, or several of which any may have made the cookie. */
  readonly secret: FromEnv<Env, Secrets>
}

/**
 * Returns an adoption of a session of Auth.js 5 (`next-auth` 5, `@auth/…`) with the strategy `jwt`, for `adopting`. `name` is the
 * cookie's whole name: `__Secure-authjs.session-token`, and without the prefix where it was on http. `load` is given the
 * claims. Auth.js makes a new cookie whenever it is asked for the session, and each is a cookie of its own. Throws
 * `ERR_OPTION` for an invalid cookie.
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

/** Returns the key of a cookie: HKDF-SHA-256 (RFC 5869), with the cookie's name as salt, as `@auth/core/jwt` derives it. */
async function keyOf(secret: string, salt: string): Promise<Bytes> {
  const key = await crypto.subtle.importKey('raw', bytesOf(secret), 'HKDF', false, ['deriveBits'])
  const info = bytesOf(`Auth.js Generated Encryption Key (${salt})`)
  const hkdf = { name: 'HKDF', hash: 'SHA-256', salt: bytesOf(salt), info }
  return new Uint8Array(await crypto.subtle.deriveBits(hkdf, key, KEY_BITS))
}

/** As RFC 7519 sections 4.1.4 and 4.1.5 have it. A token without times has no end. */
function isInTime(claims: object, now: number): boolean {
  const { exp = Infinity, nbf = -Infinity } = claims as Record<string, unknown>
  if (typeof exp !== 'number' || typeof nbf !== 'number') return false
  return exp > now - SKEW_SECONDS && nbf <= now + SKEW_SECONDS
}
