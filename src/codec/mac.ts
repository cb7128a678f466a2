import { decodeBase64url, encodeBase64url, isCanonical32 } from './base64url.ts'
import { BoundedMap } from './bounded-map.ts'

/** Bytes that Web Crypto accepts. */
export type Bytes = Uint8Array<ArrayBuffer>

/** A `CryptoKey`. Node's types have no global of that name. */
export type MacKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>

const HMAC = { name: 'HMAC', hash: 'SHA-256' } as const
const encoder = new TextEncoder()

/**
 * Returns bytes for one purpose, derived from a secret by HKDF-SHA-256 (RFC 5869) without salt. A signature for one
 * purpose is not valid for another. A leaked derived key does not reveal the secret.
 */
export async function deriveBytes(secret: Bytes, purpose: string, length: number): Promise<Bytes> {
  const key = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveBits'])
  const hkdf = {
    name: 'HKDF',
    hash: 'SHA-256',
    salt: new Uint8Array(),
    info: encoder.encode(`edge-session 1 ${purpose}`),
  }
  return new Uint8Array(await crypto.subtle.deriveBits(hkdf, key, length * 8))
}

/** Returns an HMAC-SHA-256 key (RFC 2104) that can sign and verify, and cannot be exported. */
export async function importMacKey(bytes: Bytes): Promise<MacKey> {
  return crypto.subtle.importKey('raw', bytes, HMAC, false, ['sign', 'verify'])
}

/** Returns the MAC of a text's UTF-8 bytes as 43 base64url characters. */
export async function sign(key: MacKey, text: string): Promise<string> {
  return encodeBase64url(await crypto.subtle.sign('HMAC', key, encoder.encode(text)))
}

/**
 * True if the MAC matches the text, compared in constant time by Web Crypto (OWASP ASVS 11.2.4). Refuses a MAC that is
 * not canonical.
 */
export function verify(key: MacKey, mac: string, text: string): Promise<boolean> {
  if (!isCanonical32(mac)) return Promise.resolve(false)
  return crypto.subtle.verify('HMAC', key, decodeBase64url(mac), encoder.encode(text))
}

/**
 * Returns the SHA-256 of a text as base64url. Only for texts with at least 144 random bits, such as a session's secret.
 * A short or guessable text would need a slow hash.
 */
export async function sha256(text: string): Promise<string> {
  return encodeBase64url(await crypto.subtle.digest('SHA-256', encoder.encode(text)))
}

/** The hashes of secrets in use, so that they are not computed for each request. */
const hashes = new BoundedMap<string>(1000)

/** Returns the SHA-256 of a session's secret, as `sha256` does, from a cache if possible. */
export async function hashOf(secret: string): Promise<string> {
  return hashes.get(secret) ?? hashes.set(secret, await sha256(secret))
}
