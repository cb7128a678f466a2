import { SessionError } from '../errors.ts'
import { encodeBase64url } from './base64url.ts'
import { type Bytes, deriveBytes, importMacKey, type MacKey } from './mac.ts'

/** One or more secrets of at least 32 bytes each, newest first. The first signs, and all verify. */
export type Secrets = readonly [string, ...string[]]

const MIN_SECRET_BYTES = 32
/** As long as the hash (RFC 2104 section 3). Other output of HKDF reveals nothing about the key (RFC 5869 section 3.2). */
const KEY_BYTES = 32

export interface SigningKey {
  /** Four base64url characters that identify the key in a token, derived one-way from the secret. */
  readonly id: string
  readonly key: MacKey
  /** Returns a key for another purpose, derived from the same secret (RFC 5869) and imported once. */
  readonly keyFor: (purpose: Purpose) => Promise<MacKey>
}

type Purpose = 'renewal' | 'csrf' | 'adoption' | 'bound'

/** The imported keys, newest first. */
export type Keyring = readonly [SigningKey, ...SigningKey[]]

/**
 * Checks and imports the secrets. Throws `ERR_SECRET` if one is missing or shorter than 32 bytes (RFC 2104 section 3
 * requires at least the hash's length).
 */
export async function importKeyring(secrets: Secrets): Promise<Keyring> {
  const list: readonly unknown[] = Array.isArray(secrets) ? secrets : []
  const [newest, ...older] = list.map(checkedBytes)
  if (newest === undefined) {
    throw new SessionError(
      'ERR_SECRET',
      `There are no secrets. Write secrets: (env) => [env.SESSION_SECRET], and make one: ${HOW_TO_MAKE}`,
    )
  }
  return [await importKey(newest), ...(await Promise.all(older.map(importKey)))]
}

const HOW_TO_MAKE = 'npx edge-session secret'

function checkedBytes(secret: unknown, index: number): Bytes {
  const bytes = new Uint8Array(new TextEncoder().encode(typeof secret === 'string' ? secret : ''))
  if (bytes.length >= MIN_SECRET_BYTES) return bytes
  const fault = bytes.length > 0 ? `has ${bytes.length} bytes` : 'is missing'
  throw new SessionError(
    'ERR_SECRET',
    `Secret ${index + 1} ${fault}. Use at least ${MIN_SECRET_BYTES} bytes: ${HOW_TO_MAKE}`,
  )
}

async function importKey(secret: Bytes): Promise<SigningKey> {
  const bytes = await deriveBytes(secret, 'session token', KEY_BYTES + 3)
  const key = await importMacKey(bytes.slice(0, KEY_BYTES))
  const others = new Map<Purpose, MacKey>()

  // The key is shared, not a promise of it: on Workers a request must not await another request's promise.
  async function keyFor(purpose: Purpose): Promise<MacKey> {
    const known = others.get(purpose)
    if (known !== undefined) return known
    const other = await importMacKey(await deriveBytes(secret, `session ${purpose}`, KEY_BYTES))
    others.set(purpose, other)
    return other
  }

  return { id: encodeBase64url(bytes.slice(KEY_BYTES)), key, keyFor }
}
