import { decodeBase64url, encodeBase64url } from '../../src/codec/base64url.ts'
import { AUTH_COOKIE, AUTH_SECRET } from './auth-core.mjs'

/**
 * A token of Auth.js with any header and any content, in a genuine seal; for those that its own `encode` does not make.
 * RFC 7518 section 5.2.5.
 */
export async function sealed(
  content: string | Uint8Array,
  header: object = { alg: 'dir', enc: 'A256CBC-HS512' },
): Promise<string> {
  const bytes = (text: string): Uint8Array<ArrayBuffer> =>
    Uint8Array.from(new TextEncoder().encode(text))
  const secret = await crypto.subtle.importKey('raw', bytes(AUTH_SECRET), 'HKDF', false, [
    'deriveBits',
  ])
  const info = bytes(`Auth.js Generated Encryption Key (${AUTH_COOKIE})`)
  const hkdf = { name: 'HKDF', hash: 'SHA-256', salt: bytes(AUTH_COOKIE), info }
  const key = new Uint8Array(await crypto.subtle.deriveBits(hkdf, secret, 512))
  const hmac = { name: 'HMAC', hash: 'SHA-512' }
  const macKey = await crypto.subtle.importKey('raw', key.slice(0, 32), hmac, false, ['sign'])
  const aesKey = await crypto.subtle.importKey('raw', key.slice(32), 'AES-CBC', false, ['encrypt'])
  const iv = crypto.getRandomValues(new Uint8Array(16))
  const plain = typeof content === 'string' ? bytes(content) : Uint8Array.from(content)
  const encrypted = await crypto.subtle.encrypt({ name: 'AES-CBC', iv }, aesKey, plain)
  const associated = encodeBase64url(bytes(JSON.stringify(header)))
  const length = new Uint8Array(8)
  new DataView(length.buffer).setUint32(4, associated.length * 8)
  const parts = [bytes(associated), iv, new Uint8Array(encrypted), length]
  const signed = new Uint8Array(await new Blob(parts).arrayBuffer())
  const tag = new Uint8Array(await crypto.subtle.sign('HMAC', macKey, signed)).slice(0, 32)
  return [
    associated,
    '',
    encodeBase64url(iv),
    encodeBase64url(encrypted),
    encodeBase64url(tag),
  ].join('.')
}

/** A token whose part is another one: 0 is its header, 2 the vector, 3 the content, 4 the tag. */
export function withPart(token: string, part: number, change: (text: string) => string): string {
  return token
    .split('.')
    .map((text, index) => (index === part ? change(text) : text))
    .join('.')
}

/** The header of a token, with these members more. */
export function withHeader(token: string, more: object): string {
  return withPart(token, 0, (text) => {
    const header = JSON.parse(new TextDecoder().decode(decodeBase64url(text))) as object
    return encodeBase64url(new TextEncoder().encode(JSON.stringify({ ...header, ...more })))
  })
}
