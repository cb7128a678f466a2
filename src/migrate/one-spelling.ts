import { decodeBase64url, encodeBase64url } from '../codec/base64url.ts'
import type { Bytes } from '../codec/mac.ts'

/**
 * Returns the bytes of unpadded base64url text, or `undefined` if the text is not canonical: decoders ignore stray
 * trailing bits (RFC 4648 section 3.5), so one MAC would have several spellings.
 */
export function bytesOfBase64url(text: string): Bytes | undefined {
  if (!/^[\w-]*$/.test(text) || text.length % 4 === 1) return undefined
  const bytes = decodeBase64url(text)
  return encodeBase64url(bytes) === text ? bytes : undefined
}

/** Same as `bytesOfBase64url`, for the alphabet with `+` and `/`. */
export function bytesOfBase64(text: string): Bytes | undefined {
  if (/[-_]/.test(text)) return undefined
  return bytesOfBase64url(text.replaceAll('+', '-').replaceAll('/', '_'))
}

/** Same as `bytesOfBase64`, with padding, as Python and most others write it. */
export function bytesOfPaddedBase64(text: string): Bytes | undefined {
  if (text.length % 4 !== 0) return undefined
  return bytesOfBase64(text.replace(/={1,2}$/, ''))
}

/** Returns the bytes as base64 with `+`, `/` and padding. */
export function paddedBase64(bytes: Uint8Array): string {
  const text = encodeBase64url(bytes).replaceAll('-', '+').replaceAll('_', '/')
  return text.padEnd(Math.ceil(text.length / 4) * 4, '=')
}

/**
 * Returns the bytes of lower-case hexadecimal text with this many pairs, or `undefined` for anything else, including
 * upper case.
 */
export function bytesOfHex(text: string, length: number): Bytes | undefined {
  if (text.length !== 2 * length || !/^[0-9a-f]*$/.test(text)) return undefined
  return Uint8Array.from({ length }, (_, at) => Number.parseInt(text.slice(2 * at, 2 * at + 2), 16))
}
