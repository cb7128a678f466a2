import type { Bytes, MacKey } from '../codec/mac.ts'
import { SessionError } from '../errors.ts'

export type Hash = 'SHA-1' | 'SHA-256'

const encoder = new TextEncoder()
/** An application has a few secrets, and a few purposes for each. */
const MAX_KEYS = 100
/** Finished keys only: on Workers no request may await another's promise. */
const keys = new Map<string, MacKey>()

/**
 * The HMAC key of a secret, made once an isolate; `derive` gives its bytes, and `purpose` tells them from others of the
 * same secret. Throws `ERR_SECRET` for a secret that is missing or empty: everybody could sign with that.
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

/** Makes a key's bytes of a secret's. */
type Derive = (secret: Bytes) => Bytes | Promise<Bytes>
type KeyUsage = 'sign' | 'verify'

const AS_IT_IS = { purpose: '', derive: (secret: Bytes) => secret }

/** Returns the secret. Throws `ERR_SECRET` for one that is missing or empty. */
export function secretText(secret: unknown): string {
  if (typeof secret === 'string' && secret !== '') return secret
  throw new SessionError(
    'ERR_SECRET',
    'The old secret is missing or empty. Give the one that the old application signs its cookies with.',
  )
}

/** Whether one of the keys has made this MAC of the data; compared by Web Crypto, in constant time. */
export async function verifiesAny(
  candidates: readonly MacKey[],
  mac: Bytes,
  data: Bytes,
): Promise<boolean> {
  const verdicts = candidates.map((key) => crypto.subtle.verify('HMAC', key, mac, data))
  return (await Promise.all(verdicts)).includes(true)
}

/** A text's bytes in UTF-8. */
export function bytesOf(text: string): Bytes {
  return new Uint8Array(encoder.encode(text))
}

/** The text of bytes in UTF-8; `undefined` for bytes that are none. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}
