import type { Bytes } from '../codec/mac.ts'
import { objectOfJson } from './data-cookie.ts'
import { bytesOf, textOf } from './mac-key.ts'
import { bytesOfBase64url } from './one-spelling.ts'

/** More than any browser sends: a Worker's request has at most 128 KB of headers. */
const MAX_CHARACTERS = 131_072
/** With `dir` there is no encrypted key between the first two dots. */
const JWE = /^(?<header>[\w-]+)\.\.(?<iv>[\w-]{22})\.(?<encrypted>[\w-]+)\.(?<tag>[\w-]{43})$/
const MAC = { name: 'HMAC', hash: 'SHA-512' } as const
const KEY_BYTES = 32

/** The decoded parts of a JWE. The header stays text, since the tag covers that. */
interface JweParts {
  readonly header: string
  readonly iv: Bytes
  readonly encrypted: Bytes
  readonly tag: Bytes
}

/**
 * Returns the object in a compact JWE (RFC 7516) with algorithm `dir` and encryption `A256CBC-HS512` (RFC 7518 sections
 * 4.5 and 5.2.5), if it was made with one of the 64-byte keys. Returns `undefined` for anything else. The tag is
 * verified before anything is decrypted or parsed. Only one spelling of each part is accepted. Compressed content
 * (`zip`) and critical headers (`crit`) are refused.
 */
export async function decryptJwe(
  text: string,
  keys: readonly Bytes[],
): Promise<object | undefined> {
  const parts = partsOf(text)
  if (parts === undefined) return undefined
  for (const key of keys) {
    // In sequence, since the first one usually verifies.
    // oxlint-disable-next-line no-await-in-loop
    if (await isGenuine(parts, key.slice(0, KEY_BYTES))) {
      return isOfDir(parts.header) ? decrypted(parts, key.slice(KEY_BYTES)) : undefined
    }
  }
  return undefined
}

function partsOf(text: string): JweParts | undefined {
  const found = text.length > MAX_CHARACTERS ? undefined : JWE.exec(text)?.groups
  if (found === undefined) return undefined
  const { header = '', iv = '', encrypted = '', tag = '' } = found
  const parts = {
    iv: bytesOfBase64url(iv),
    encrypted: bytesOfBase64url(encrypted),
    tag: bytesOfBase64url(tag),
  }
  const isWhole = Object.values(parts).every((part) => part !== undefined)
  return isWhole ? { header, ...(parts as Omit<JweParts, 'header'>) } : undefined
}

/** The tag is the first half of a MAC. Its other half is added so that Web Crypto compares it in constant time. */
async function isGenuine({ header, iv, encrypted, tag }: JweParts, bytes: Bytes): Promise<boolean> {
  const key = await crypto.subtle.importKey('raw', bytes, MAC, false, ['sign', 'verify'])
  const associated = bytesOf(header)
  const bits = new Uint8Array(8)
  new DataView(bits.buffer).setBigUint64(0, BigInt(associated.length * 8))
  const data = joined(associated, iv, encrypted, bits)
  const mac = new Uint8Array(await crypto.subtle.sign('HMAC', key, data))
  return crypto.subtle.verify('HMAC', key, joined(tag, mac.slice(tag.length)), data)
}

function isOfDir(header: string): boolean {
  const json = textOf(bytesOfBase64url(header) ?? new Uint8Array())
  const { alg, enc, zip, crit } = (objectOfJson(json) ?? {}) as Record<string, unknown>
  return alg === 'dir' && enc === 'A256CBC-HS512' && zip === undefined && crit === undefined
}

async function decrypted({ iv, encrypted }: JweParts, bytes: Bytes): Promise<object | undefined> {
  try {
    const key = await crypto.subtle.importKey('raw', bytes, 'AES-CBC', false, ['decrypt'])
    const content = await crypto.subtle.decrypt({ name: 'AES-CBC', iv }, key, encrypted)
    return objectOfJson(textOf(new Uint8Array(content)))
  } catch {
    return undefined
  }
}

function joined(...parts: readonly Uint8Array[]): Bytes {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}
