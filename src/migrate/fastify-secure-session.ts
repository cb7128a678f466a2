import { SessionError } from '../errors.ts'
import { type Adoption, type FromEnv, fromEnv } from './adoption.ts'
import {
  dataCookie,
  type DataCookieOptions,
  type GenuineData,
  objectOfJson,
} from './data-cookie.ts'
import { decodedCookie } from './decoded-cookie.ts'
import { textOf } from './mac-key.ts'
import { bytesOfBase64url, bytesOfPaddedBase64 } from './one-spelling.ts'

/** A key of @fastify/secure-session: 32 bytes, or their base64. */
export type SecureSessionKey = string | Uint8Array

/**
 * `secretbox` of `@noble/ciphers/salsa.js`, or another XSalsa20-Poly1305, which Web Crypto does not have. `open` throws for a
 * box that is not genuine, and compares the tags in constant time.
 */
export type Secretbox = (
  key: Uint8Array,
  nonce: Uint8Array,
) => { readonly open: (box: Uint8Array) => Uint8Array }

interface SecretboxOptions {
  readonly secretbox: Secretbox
  /** Its `expiry`: seconds after its last change for which a session lives. Default, and 0: 86,401, as there. */
  readonly expiry?: number | undefined
}

export interface DecodeOptions extends SecretboxOptions {
  /** Its `key`: one, or several of which any may have encrypted. */
  readonly key: SecureSessionKey | readonly SecureSessionKey[]
  /** The clock, in seconds since 1970. */
  readonly now?: number
}

const EXPIRY_SECONDS = 86_401
const KEY_BYTES = 32
const NONCE_BYTES = 24
/** No browser sends as much: a Worker's request has at most 128 KB of headers. */
const MAX_CHARACTERS = 131_072
/** The box, its nonce of 24 bytes, and the signature of `signed: true`. */
const COOKIE = /^(([A-Za-z0-9+/]+={0,2});([A-Za-z0-9+/]+))(?:\.[A-Za-z0-9+/]*)?$/

/**
 * Returns the data of a session that `encodeSecureSession` of @fastify/secure-session has encrypted: `<box>;<nonce>` in
 * base64, not percent-encoded. `undefined` if the session has expired, is forged, or is by another key. A signature behind
 * it is not checked. Throws `ERR_SECRET` for a key that is not 32 bytes, and `ERR_OPTION` for an `expiry` that is not a number.
 */
export function decodeSecureSession(text: string, options: DecodeOptions): object | undefined {
  return opened(text, options)?.data
}

export interface SecureSessionCookieOptions<Env, Data, Loaded>
  extends DataCookieOptions<Env, Data, Loaded>, SecretboxOptions {
  /** Its `key`: one, or several of which any may have encrypted. */
  readonly key: FromEnv<Env, SecureSessionKey | readonly SecureSessionKey[]>
}

/**
 * Returns an adoption of a session of @fastify/secure-session, for `adopting`. `name` is its `cookieName`, or else its
 * `sessionName`, `session` by default there. `load` is given the session's data. Every change encrypts anew, and is a cookie
 * of its own. Throws `ERR_OPTION` for an invalid cookie, and for an `expiry` that is not a number.
 */
export function secureSessionCookie<Env, Data, Loaded>({
  key,
  secretbox,
  expiry,
  ...rest
}: SecureSessionCookieOptions<Env, Data, Loaded>): Adoption<Env, Loaded> {
  const { name } = rest
  checkExpiry(expiry)
  return dataCookie({
    ...rest,
    find: (header) => decodedCookie(header, name),
    read: (text, env, now) => opened(text, { key: fromEnv(key, env), secretbox, expiry, now }),
  })
}

interface Opened extends GenuineData {
  readonly data: object
}

function opened(text: string, options: DecodeOptions): Opened | undefined {
  const { key, secretbox, expiry, now = Date.now() / 1000 } = options
  checkExpiry(expiry)
  const keys = (isList(key) ? key : [key]).map(keyBytes)
  const { signed, box, nonce } = partsOf(text)
  if (box === undefined || nonce?.length !== NONCE_BYTES) return undefined
  const boxes = keys.map((each) => secretbox(each, nonce))
  const { __ts: changedAt, ...data } = sessionOf(firstOpened(boxes, box))
  return isLive(changedAt, expiry, now) ? { data, signed } : undefined
}

interface Parts {
  /** What is encrypted, and its nonce: in one spelling, and random. */
  readonly signed: string
  readonly box: Uint8Array | undefined
  readonly nonce: Uint8Array | undefined
}

function partsOf(text: string): Parts {
  const [, signed = '', box = '', nonce = ''] =
    (text.length > MAX_CHARACTERS ? null : COOKIE.exec(text)) ?? []
  return { signed, box: bytesOfPaddedBase64(box), nonce: bytesOfPaddedBase64(nonce) }
}

/** Returns the session that a message is; an empty object, which has no time, if it is none. */
function sessionOf(message: Uint8Array | undefined): { readonly __ts?: unknown } {
  return objectOfJson(message && textOf(message)) ?? {}
}

/** Like there, with 0 the default counts. */
function isLive(changedAt: unknown, expiry: number | undefined, now: number): boolean {
  const lifetime = expiry === undefined || expiry === 0 ? EXPIRY_SECONDS : expiry
  return typeof changedAt === 'number' && now < changedAt + lifetime
}

/** Throws `ERR_OPTION` for an expiry that is not a number: nothing is older than NaN, so sessions would never expire. */
function checkExpiry(expiry: unknown): void {
  if (expiry === undefined || (typeof expiry === 'number' && expiry >= 0)) return
  throw new SessionError(
    'ERR_OPTION',
    'expiry must be a number of seconds. Leave it out if the old application did.',
  )
}

function isList<Each>(one: Each | readonly Each[]): one is readonly Each[] {
  return Array.isArray(one)
}

/** Returns a key's bytes. As there, its base64 may be without padding, or base64url. */
function keyBytes(key: SecureSessionKey): Uint8Array {
  const bytes = typeof key === 'string' ? bytesOfBase64url(base64url(key)) : key
  if (bytes?.length === KEY_BYTES) return bytes
  throw new SessionError(
    'ERR_SECRET',
    'The old key is missing, or not 32 bytes. Give the one that the old application has as `key`, in base64.',
  )
}

function base64url(text: string): string {
  const unpadded = text.trim().replace(/=+$/, '')
  return unpadded.replaceAll('+', '-').replaceAll('/', '_')
}

/** Returns what the first box that opens has in it. */
function firstOpened(
  boxes: readonly ReturnType<Secretbox>[],
  bytes: Uint8Array,
): Uint8Array | undefined {
  for (const { open } of boxes) {
    try {
      return open(bytes)
    } catch {
      // Not by this key, or forged.
    }
  }
  return undefined
}
