import type { Bytes } from '../codec/mac.ts'
import { jsonOfPayload } from './json-payload.ts'
import { bytesOf } from './mac-key.ts'
import { checkMaxAge } from './max-age.ts'
import { type KeyRecipe, type Secrets, signedPart, splitAtLast } from './signed-text.ts'

export interface DjangoOptions {
  /** Django's `SECRET_KEY`, or a list of it and the `SECRET_KEY_FALLBACKS`. */
  readonly key: Secrets
  /** The signer's salt. Default: the one that Django uses for each of these functions. */
  readonly salt?: string
  /** True to accept SHA-1 signatures too, from before Django 3.1. Default false. */
  readonly legacy?: boolean
}

export interface DjangoTimedOptions extends DjangoOptions {
  /** Seconds after which a value is too old. Default unlimited. */
  readonly maxAge?: number | undefined
  /** The clock, in seconds since 1970. */
  readonly now?: number
}

/**
 * Returns the same as Django's `Signer().unsign` (django/core/signing.py): the value, or `undefined` where Django
 * raises.
 */
export function unsign(
  signed: string,
  { key, salt = 'django.core.signing.Signer', legacy = false }: DjangoOptions,
): Promise<string | undefined> {
  const current = saltedKey('SHA-256', salt)
  const recipes = legacy ? [current, saltedKey('SHA-1', salt)] : [current]
  return signedPart(signed, ':', { secrets: key, recipes })
}

/**
 * Returns the same as `TimestampSigner().unsign(signed, max_age)`: the value, or `undefined` where Django raises, such
 * as for one that is too old.
 */
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
 * Returns the same as `signing.loads`: the JSON value, or `undefined` where Django raises. With the salt
 * `django.contrib.sessions.backends.signed_cookies` it reads the cookie of that session engine, and with
 * `django.contrib.sessions.SessionStore` the column `django_session.session_data`. An integer beyond 2^53 - 1, `NaN`
 * and `Infinity` are returned as texts, so that no id is rounded to another one.
 */
export async function loads(
  signed: string,
  { salt = 'django.core.signing', ...options }: DjangoTimedOptions,
): Promise<unknown> {
  const payload = await unsignTimestamped(signed, { ...options, salt })
  return payload === undefined ? undefined : jsonOfPayload(payload)
}

/**
 * Returns the same as `request.get_signed_cookie(name, salt, max_age)` for the cookie's text: the value, or `undefined`
 * where Django raises. `key` is `SECRET_KEY` itself.
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

/** The key of `salted_hmac` in django.utils.crypto. */
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

/** Returns the number that base-62 digits stand for, or NaN. */
function base62(text: string): number {
  if (!/^[0-9A-Za-z]{1,8}$/.test(text)) return Number.NaN
  return Array.from(text).reduce((value, digit) => value * 62 + BASE62.indexOf(digit), 0)
}
