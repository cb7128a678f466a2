import { encodeHex } from '../codec/base64url.ts'
import { isDuration } from '../codec/duration.ts'
import { SessionError } from '../errors.ts'
import { type Adoption, adoption, type AdoptionOptions, type FromEnv, fromEnv } from './adoption.ts'
import { bytesOf, macKey, textOf, verifiesAny } from './mac-key.ts'
import { bytesOfHex, bytesOfPaddedBase64, paddedBase64 } from './one-spelling.ts'
import { parseCookie } from './tornado-cookies.ts'
import { fieldsOf, isSame } from './tornado-fields.ts'

export { decodeXsrfToken, parseCookie, type XsrfToken } from './tornado-cookies.ts'

/** Tornado's `cookie_secret`: one, or one for each key version. */
export type TornadoSecret = string | Readonly<Record<number, string>>

export interface DecodeOptions {
  /** Days after which a value is too old, whatever the cookie's own `expires_days`. Default 31. */
  readonly maxAgeDays?: number
  /**
   * The lowest accepted version of the format. Default 2. Use 1 to accept the old format too, whose MAC joins name and
   * value: a value `bbbbTGk=` signed for `user` is also valid as `TGk=` for `userbbbb`. So use 1 only if no text from
   * users can get into another cookie signed with this secret.
   */
  readonly minVersion?: number
  /** The clock, in seconds since 1970. */
  readonly now?: number
}

export interface CreateOptions {
  /** The version of the secret that signs. Required if there are several. */
  readonly keyVersion?: number
  /** The clock, in seconds since 1970. */
  readonly now?: number
}

const DAY_SECONDS = 86_400
const MAX_AGE_DAYS = 31

/**
 * Returns the same as Tornado's `decode_signed_value` for a signed cookie (tornado/web.py; `get_signed_cookie`): the
 * value's bytes, which may be empty, or `undefined` for a value that is not genuine, is too old, has a lower version or
 * another name, or makes Tornado raise. A timestamp in the future is treated as in Tornado: format 2 does not check it.
 * Throws `ERR_SECRET` without a secret.
 */
export async function decodeSignedValue(
  secret: TornadoSecret,
  name: string,
  value: string | undefined,
  options: DecodeOptions = {},
): Promise<Uint8Array | undefined> {
  const { minVersion = 2 } = options
  if (value === undefined || minVersion > 2 || !value.isWellFormed()) return undefined
  const version = versionOf(value)
  if (version < minVersion || version > 2) return undefined
  return version === 2
    ? decodeV2(secret, name, value, options)
    : decodeV1(secret, name, value, options)
}

/** Format 1 begins with base64. If that reads as a number, its number of digits is a multiple of four. */
function versionOf(value: string): number {
  const [, digits = '1'] = /^([1-9]\d*)\|/.exec(value) ?? []
  return digits.length > 3 ? 1 : Number(digits)
}

async function decodeV2(
  secret: TornadoSecret,
  name: string,
  value: string,
  options: DecodeOptions,
): Promise<Uint8Array | undefined> {
  const fields = fieldsOf(bytesOf(value))
  const mac = fields && bytesOfHex(fields.signature, 32)
  const key = fields && secretOf(secret, Number(fields.keyVersion))
  if (fields === undefined || mac === undefined || key === undefined) return undefined
  if (!(await verifiesAny([await macKey('SHA-256', key)], mac, fields.signed))) return undefined
  const isOurs = isSame(fields.name, bytesOf(name)) && isInTime(fields.timestamp, options)
  return isOurs ? bytesOfPaddedBase64(fields.value) : undefined
}

async function decodeV1(
  secret: TornadoSecret,
  name: string,
  text: string,
  options: DecodeOptions,
): Promise<Uint8Array | undefined> {
  const [value, timestamp, signature] = v1FieldsOf(text)
  const mac = bytesOfHex(signature, 20)
  if (typeof secret === 'object' || mac === undefined) return undefined
  const key = await macKey('SHA-1', secret)
  if (!(await verifiesAny([key], mac, bytesOf(name + value + timestamp)))) return undefined
  // Digits moved here from the end of the value make a time far in the future, or one that begins with 0.
  const { now = clock() } = options
  const isMoved = timestamp.startsWith('0') || Number(timestamp) > now + MAX_AGE_DAYS * DAY_SECONDS
  return isMoved || !isInTime(timestamp, options) ? undefined : bytesOfPaddedBase64(value)
}

function v1FieldsOf(text: string): readonly [value: string, timestamp: string, signature: string] {
  const [, value = '', timestamp = '', signature = ''] =
    /^([^|]*)\|([^|]*)\|([^|]*)$/.exec(text) ?? []
  return [value, timestamp, signature]
}

function isInTime(
  timestamp: string,
  { maxAgeDays = MAX_AGE_DAYS, now = clock() }: DecodeOptions,
): boolean {
  return /^\d{1,15}$/.test(timestamp) && Number(timestamp) >= now - maxAgeDays * DAY_SECONDS
}

function clock(): number {
  return Date.now() / 1000
}

/**
 * Returns the secret of this key version, or `undefined` for an unknown version. A single secret serves all versions,
 * and a missing one is empty.
 */
function secretOf(secret: TornadoSecret | undefined, keyVersion: number): string | undefined {
  if (typeof secret !== 'object') return secret ?? ''
  return Object.hasOwn(secret, keyVersion) ? secret[keyVersion] : undefined
}

/**
 * Returns a value signed as by Tornado's `create_signed_value`, in format 2, for a cookie with this name. Tornado reads
 * it with `get_signed_cookie`. It needs no quotes in a Set-Cookie header. Throws `ERR_OPTION` if there are several
 * secrets and `keyVersion` names none of them, and `ERR_SECRET` without a secret.
 */
export async function createSignedValue(
  secret: TornadoSecret,
  name: string,
  value: string | Uint8Array,
  { keyVersion, now = clock() }: CreateOptions = {},
): Promise<string> {
  const signing = secretOf(secret, keyVersion ?? -1)
  if (signing === undefined) {
    throw new SessionError(
      'ERR_OPTION',
      'createSignedValue: keyVersion matches none of the secrets. Name the one that signs, such as { keyVersion: 1 }.',
    )
  }
  const bytes = typeof value === 'string' ? bytesOf(value) : value
  const texts = [keyVersion ?? 0, Math.floor(now), name, paddedBase64(bytes)].map(String)
  // Tornado counts a name's characters but reads bytes, so it refuses its own cookie if the name is not ASCII.
  const signed = `2|${texts.map((text) => `${Array.from(text).length}:${text}|`).join('')}`
  const mac = await crypto.subtle.sign('HMAC', await macKey('SHA-256', signing), bytesOf(signed))
  return signed + encodeHex(new Uint8Array(mac))
}

export interface TornadoCookieOptions<Env, Loaded>
  extends AdoptionOptions<Env, Loaded>, Pick<DecodeOptions, 'maxAgeDays' | 'minVersion'> {
  /** Tornado's `cookie_secret`. */
  readonly secret: FromEnv<Env, TornadoSecret>
}

/** Throws `ERR_OPTION` for limits with which a cookie would never be genuine, or would start session after session. */
function checkLimits(
  name: string,
  { maxAgeDays, minVersion, rememberSeconds }: Record<string, number>,
): void {
  const seconds = typeof maxAgeDays === 'number' ? maxAgeDays * DAY_SECONDS : undefined
  const fault = !isDuration(seconds)
    ? `maxAgeDays is ${String(maxAgeDays)}. Write a finite number of days above 0`
    : minVersion !== 1 && minVersion !== 2
      ? `minVersion is ${String(minVersion)}. Write 1 or 2`
      : Number(rememberSeconds) < seconds
        ? `rememberSeconds is ${String(rememberSeconds)}, less than its maxAgeDays. Write as many seconds, or leave it out`
        : undefined
  if (fault === undefined) return
  throw new SessionError('ERR_OPTION', `The ${name} cookie's ${fault}.`)
}

/**
 * Returns an adoption for visitors of a Tornado application who have this signed cookie, for `adopting`. `load` gets
 * its value. A value that is not UTF-8 counts as not genuine. Throws `ERR_OPTION` for an invalid cookie name, attribute
 * or limit.
 */
export function tornadoCookie<Env, Loaded>({
  name,
  secret,
  maxAgeDays = MAX_AGE_DAYS,
  minVersion = 2,
  ...rest
}: TornadoCookieOptions<Env, Loaded>): Adoption<Env, Loaded> {
  const { rememberSeconds = maxAgeDays * DAY_SECONDS } = rest
  checkLimits(name, { maxAgeDays, minVersion, rememberSeconds })
  return adoption({
    ...rest,
    rememberSeconds,
    name,
    // workerd joins two Cookie headers with a comma, which no signed value contains.
    find: (header) => parseCookie(header.replaceAll(/,[^;]*/g, '')).get(name),
    verify: async (text, env, now) => {
      const options = { maxAgeDays, minVersion, now }
      const bytes = await decodeSignedValue(fromEnv(secret, env), name, text, options)
      const value = bytes && textOf(bytes)
      return value === undefined ? undefined : { value, identity: text }
    },
  })
}
