import type { Bytes, MacKey } from '../codec/mac.ts'
import { SessionError } from '../errors.ts'

export type Hash = 'SHA-1' | 'SHA-256'

const encoder = new TextEncoder()
/** An application has a few secrets, each with a few purposes. */
const MAX_KEYS = 100
/** Only imported keys, never promises: on Workers a request must not await another request's promise. */
const keys = new Map<string, MacKey>()

/**
 * Returns a secret's HMAC key, imported once per isolate. `derive` returns the key's bytes. `purpose` separates keys
 * derived from the same secret. Throws `ERR_SECRET` for a missing or empty secret, with which anyone could sign.
 */
export async function macKey(
  hash: Hash,
  secret: string,
  { purpose, derive }: { readonly purpose: string; readonly derive: Derive } = AS_IT_IS,
): Promise<MacKey> {
  const name = JSON.stringify([hash, purpose, secretText(secret)])
  const known = keys.get(name)
  if (known !== undefined) return known
  const bytes = await derive(bytesOf(secret))
  const usages: KeyUsage[] = ['sign', 'verify']
  const key = await crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash }, false, usages)
  if (keys.size >= MAX_KEYS) keys.clear()
  keys.set(name, key)
  return key
}

/** Derives a key's bytes from those of a secret. */
type Derive = (secret: Bytes) => Bytes | Promise<Bytes>
type KeyUsage = 'sign' | 'verify'

const AS_IT_IS = { purpose: '', derive: (secret: Bytes) => secret }

/** Returns the secret. Throws `ERR_SECRET` if it is missing or empty. */
export function secretText(secret: unknown): string {
  if (typeof secret === 'string' && secret !== '') return secret
  throw new SessionError(
    'ERR_SECRET',
    'The old secret is missing or empty. Use the one that signed the old cookies.',
  )
}

/** True if one of the keys made this MAC of the data, compared in constant time by Web Crypto. */
export async function verifiesAny(
  candidates: readonly MacKey[],
  mac: Bytes,
  data: Bytes,
): Promise<boolean> {
  const verdicts = candidates.map((key) => crypto.subtle.verify('HMAC', key, mac, data))
  return (await Promise.all(verdicts)).includes(true)
}

/** Returns a text's UTF-8 bytes. */
export function bytesOf(text: string): Bytes {
  return new Uint8Array(encoder.encode(text))
}

/** Returns the text of UTF-8 bytes, or `undefined` if they are not UTF-8. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}
