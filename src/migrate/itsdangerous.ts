import type { Bytes } from '../codec/mac.ts'
import { jsonOfPayload } from './json-payload.ts'
import { bytesOf, type Hash } from './mac-key.ts'
import { checkMaxAge } from './max-age.ts'
import { bytesOfBase64url } from './one-spelling.ts'
import { type KeyRecipe, type Secrets, signedPart, splitAtLast } from './signed-text.ts'

export interface ItsdangerousOptions {
  /** The secret key, or all keys that may have signed. */
  readonly secret: Secrets
  /** The salt of the signer or serializer. Default: the one that itsdangerous uses for each of these functions. */
  readonly salt?: string
  /** How the key is derived from secret and salt. Default `django-concat`, as in itsdangerous. */
  readonly keyDerivation?: 'concat' | 'django-concat' | 'hmac' | 'none'
  /** Default SHA-1, as in itsdangerous. */
  readonly digest?: Hash
}

export interface ItsdangerousTimedOptions extends ItsdangerousOptions {
  /** Seconds after which a value is too old. Also refuses one signed in the future. Default unlimited. */
  readonly maxAge?: number | undefined
  /** The clock, in seconds since 1970. */
  readonly now?: number
}

/** Returns the same as itsdangerous's `Signer.unsign`: the value, or `undefined` where that raises. */
export function unsign(
  signed: string,
  { secret, salt = 'itsdangerous.Signer', keyDerivation, digest }: ItsdangerousOptions,
): Promise<string | undefined> {
  const recipes = [recipeFor(salt, keyDerivation, digest)]
  return signedPart(signed, '.', { secrets: secret, recipes })
}

/** Returns the same as `TimestampSigner.unsign(signed, max_age)`: the value, or `undefined` where that raises. */
export async function unsignTimestamped(
  signed: string,
  options: ItsdangerousTimedOptions,
): Promise<string | undefined> {
  const { maxAge, now = Date.now() / 1000 } = options
  checkMaxAge(maxAge)
  const [value, time = ''] = splitAtLast((await unsign(signed, options)) ?? '', '.') ?? []
  const signedAt = integerOf(bytesOfBase64url(time) ?? new Uint8Array())
  const age = Math.floor(now) - signedAt
  const isInTime = maxAge === undefined || (age >= 0 && age <= maxAge)
  return isInTime && !Number.isNaN(signedAt) ? value : undefined
}

/**
 * Returns the same as `URLSafeTimedSerializer.loads(signed, max_age)`: the JSON value, or `undefined` where that
 * raises. An integer beyond 2^53 - 1, `NaN` and `Infinity` are returned as texts, so that no id is rounded to another
 * one.
 */
export async function loads(
  signed: string,
  { salt = 'itsdangerous', ...options }: ItsdangerousTimedOptions,
): Promise<unknown> {
  const payload = await unsignTimestamped(signed, { ...options, salt })
  return payload === undefined ? undefined : jsonOfPayload(payload)
}

/** Flask's `PERMANENT_SESSION_LIFETIME`. */
const FLASK_SECONDS = 31 * 86_400

/**
 * Returns the data of Flask's own session cookie (`SecureCookieSessionInterface` in flask/sessions.py), or `undefined`
 * for one that Flask would refuse. `maxAge` is `PERMANENT_SESSION_LIFETIME`, by default 31 days. Flask's tagged values
 * stay tagged: a tuple is `{ ' t': […] }`, bytes are `{ ' b': base64 }`, a datetime is `{ ' d': HTTP date }`, and a
 * UUID is `{ ' u': hex }`. Numbers are returned as by `loads`.
 */
export function loadsFlaskSession(
  text: string,
  {
    secret,
    maxAge = FLASK_SECONDS,
    ...options
  }: Pick<ItsdangerousTimedOptions, 'secret' | 'maxAge' | 'now'>,
): Promise<unknown> {
  const flask = { salt: 'cookie-session', keyDerivation: 'hmac' } as const
  return loads(text, { ...options, ...flask, secret, maxAge })
}

function recipeFor(
  salt: string,
  derivation: ItsdangerousOptions['keyDerivation'] = 'django-concat',
  hash: Hash = 'SHA-1',
): KeyRecipe {
  const prefix = bytesOf(derivation === 'concat' ? salt : `${salt}signer`)
  return {
    hash,
    purpose: `itsdangerous ${derivation} ${salt}`,
    derive: async (secret: Bytes) => {
      if (derivation === 'none') return secret
      if (derivation === 'hmac') return hmac(hash, secret, bytesOf(salt))
      const joined = Uint8Array.of(...prefix, ...secret)
      return new Uint8Array(await crypto.subtle.digest(hash, joined))
    },
  }
}

async function hmac(hash: Hash, secret: Bytes, data: Bytes): Promise<Bytes> {
  const algorithm = { name: 'HMAC', hash }
  const key = await crypto.subtle.importKey('raw', secret, algorithm, false, ['sign'])
  return new Uint8Array(await crypto.subtle.sign('HMAC', key, data))
}

/** Returns the whole number in big-endian bytes, or NaN if there are none or more than a time has. */
function integerOf(bytes: Uint8Array): number {
  if (bytes.length === 0 || bytes.length > 6) return Number.NaN
  return bytes.reduce((value, byte) => value * 256 + byte, 0)
}
