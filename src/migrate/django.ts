import type { Bytes } from '../codec/mac.ts'
import { jsonOfPayload } from './json-payload.ts'
import { bytesOf } from './mac-key.ts'
import { checkMaxAge } from './max-age.ts'
import { type KeyRecipe, type Secrets, signedPart, splitAtLast } from './signed-text.ts'

export interface DjangoOptions {
  /** `SECRET_KEY`, or that and its `SECRET_KEY_FALLBACKS`. */
  readonly key: Secrets
  /** What the signer was made with. Default: Django's own for each of these functions. */
  readonly salt?: string
  /** Whether signatures by SHA-1 are taken too, of before Django 3.1. Default no. */
  readonly legacy?: boolean
}

export interface DjangoTimedOptions extends DjangoOptions {
  /** Seconds after which a value is too old. Default: it never is. */
  readonly maxAge?: number | undefined
  /** The clock, in seconds since 1970. */
  readonly now?: number
}

/** What Django's `Signer().unsign` gives (django/core/signing.py): the value, or `undefined` where Django raises. */
export function unsign(
  signed: string,
  { key, salt = 'django.core.signing.Signer', legacy = false }: DjangoOptions,
): Promise<string | undefined> {
  const current = saltedKey('SHA-256', salt)
  const recipes = legacy ? [current, saltedKey('SHA-1', salt)] : [current]
  return signedPart(signed, ':', { secrets: key, recipes })
}

/** What `TimestampSigner().unsign(signed, max_age)` gives: the value; `undefined` where Django raises, or it is too old. */
export async function unsignTimestamped(
  signed: string,
  { salt = 'django.core.signing.TimestampSigner', maxAge, ...options }: DjangoTimedOptions,
): Promise<string | undefined> {
  checkMaxAge(maxAge)
  const { now = Date.now() / 1000 } = options
  const [value, time] = splitAtLast((await unsign(signed, { ...options, salt })) ?? '', ':') ?? []
  const signedAt = time === undefined ? Number.NaN : base62(time)
  if (Number.isNaN(signedAt) || now - signedAt > (maxAge ?? Infinity)) return undefined
  return value
}

/**
 * What `signing.loads` gives: the JSON value, `undefined` where Django raises. With the salt
 * `django.contrib.sessions.backends.signed_cookies` it reads the cookie of that session engine, with
 * `django.contrib.sessions.SessionStore` the column `django_session.session_data`. An integer beyond 2^53 - 1, `NaN` and
 * `Infinity` are returned as their texts, so that no id is rounded to another one.
 */
export async function loads(
  signed: string,
  { salt = 'django.core.signing', ...options }: DjangoTimedOptions,
): Promise<unknown> {
  const payload = await unsignTimestamped(signed, { ...options, salt })
  return payload === undefined ? undefined : jsonOfPayload(payload)
}

/**
 * What `request.get_signed_cookie(name, salt, max_age)` gives for the cookie's text: the value, `undefined` where Django
 * raises. `key` is `SECRET_KEY` itself.
 */
export function getSignedCookie(
  name: string,
  text: string,
  { key, salt = '', ...options }: DjangoTimedOptions,
): Promise<string | undefined> {
  const keys = (typeof key === 'object' ? key : [key]).map((each) => each && PREFIX + each)
  return unsignTimestamped(text, { ...options, key: keys, salt: name + salt })
}

const PREFIX = 'django.http.cookies'

/** The key of django.utils.crypto's `salted_hmac`. */
function saltedKey(hash: KeyRecipe['hash'], salt: string): KeyRecipe {
  const prefix = bytesOf(`${salt}signer`)
  return {
    hash,
    purpose: `django ${salt}`,
    derive: async (secret: Bytes) =>
      new Uint8Array(await crypto.subtle.digest(hash, Uint8Array.of(...prefix, ...secret))),
  }
}

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** The number that a text of base-62 digits stands for, or NaN. */
function base62(text: string): number {
  if (!/^[0-9A-Za-z]{1,8}$/.test(text)) return Number.NaN
  return Array.from(text).reduce((value, digit) => value * 62 + BASE62.indexOf(digit), 0)
}
