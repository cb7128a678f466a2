import { decodeBase64url, encodeBase64url, isCanonical32 } from './base64url.ts'
import { BoundedMap } from './bounded-map.ts'

/** Bytes that Web Crypto takes. */
export type Bytes = Uint8Array<ArrayBuffer>

/** A `CryptoKey`, by the name that every runtime's types have for it: Node's have no global one. */
export type MacKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>

const HMAC = { name: 'HMAC', hash: 'SHA-256' } as const
const encoder = new TextEncoder()

/**
 * Bits for one purpose out of a secret, by HKDF-SHA-256 (RFC 5869) without salt. What one purpose signs, no other
 * purpose verifies, and a leaked derived key does not give the secret back.
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

/** An HMAC-SHA-256 key (RFC 2104) that signs and verifies and cannot be read back. */
export async function importMacKey(bytes: Bytes): Promise<MacKey> {
  return crypto.subtle.importKey('raw', bytes, HMAC, false, ['sign', 'verify'])
}

/** The MAC of a text's UTF-8 bytes as 43 base64url characters. */
export async function sign(key: MacKey, text: string): Promise<string> {
  return encodeBase64url(await crypto.subtle.sign('HMAC', key, encoder.encode(text)))
}

/**
 * True if the MAC is that of the text, compared in constant time by Web Crypto (OWASP ASVS 11.2.4). A MAC in any spelling
 * but the canonical one is wrong.
 */
export function verify(key: MacKey, mac: string, text: string): Promise<boolean> {
  if (!isCanonical32(mac)) return Promise.resolve(false)
  return crypto.subtle.verify('HMAC', key, decodeBase64url(mac), encoder.encode(text))
}

/**
 * The SHA-256 of a text as base64url. For texts with their own 144 random bits, such as a session's rotating secret:
 * a short or guessable text would need a slow hash instead.
 */
export async function sha256(text: string): Promise<string> {
  return encodeBase64url(await crypto.subtle.digest('SHA-256', encoder.encode(text)))
}

/** Hashes of secrets in use, so that not every request has to work out its own. */
const hashes = new BoundedMap<string>(1000)

/** The SHA-256 of a session's secret, as `sha256` returns it; remembered for a secret in use. */
export async function hashOf(secret: string): Promise<string> {
  return hashes.get(secret) ?? hashes.set(secret, await sha256(secret))
}
