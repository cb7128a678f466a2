const hasNative = 'toBase64' in Uint8Array.prototype && 'fromBase64' in Uint8Array
const FORMAT = { alphabet: 'base64url', omitPadding: true } as const
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
/** The value of each character, by character code. */
const VALUES = Uint8Array.from({ length: 128 }, (_, code) =>
  Math.max(0, ALPHABET.indexOf(String.fromCharCode(code))),
)

/** Returns the bytes as unpadded base64url (RFC 4648 section 5). */
export function encodeBase64url(source: Uint8Array | ArrayBuffer): string {
  const bytes = new Uint8Array(source)
  if (hasNative) return bytes.toBase64(FORMAT)
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
}

/**
 * Returns the bytes of unpadded base64url text, whose alphabet and length the caller has checked. Accepts a text that
 * is not canonical: call `isCanonical32` first if that matters.
 */
export function decodeBase64url(text: string): Uint8Array<ArrayBuffer> {
  if (hasNative) return Uint8Array.fromBase64(text, FORMAT)
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(binary, (character) => character.charCodeAt(0))
}

/**
 * True if the text is the canonical form of 32 bytes: 43 characters, of which the last holds four bits and two zeros.
 * Decoders ignore trailing bits (RFC 4648 section 3.5), so one MAC would have four spellings.
 */
export function isCanonical32(text: string): boolean {
  return /^[\w-]{42}[AEIMQUYcgkosw048]$/.test(text)
}

/** Returns a whole number as a fixed number of characters with six bits each, the highest first. Eight hold 48 bits. */
export function encodeInteger(value: number, characters: number): string {
  let text = ''
  let rest = value
  for (let place = 0; place < characters; place += 1) {
    text = ALPHABET.charAt(rest % 64) + text
    rest = Math.floor(rest / 64)
  }
  return text
}

/** Returns the whole number at this position in a base64url text. */
export function decodeInteger(text: string, start: number, characters: number): number {
  let value = 0
  for (let at = start; at < start + characters; at += 1) {
    value = value * 64 + (VALUES[text.charCodeAt(at)] ?? 0)
  }
  return value
}

/**
 * Returns the bytes of a handle from any store. If the length of a foreign text is not valid base64url, one character
 * is added.
 */
export function decodeHandle(handle: string): Uint8Array<ArrayBuffer> {
  return decodeBase64url(handle.length % 4 === 1 ? `${handle}A` : handle)
}

/** Returns the bytes as lower-case hexadecimal (RFC 4648 section 8). */
export function encodeHex(bytes: Uint8Array): string {
  if (hasNative) return bytes.toHex()
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Returns the bytes of valid hexadecimal text. */
export function decodeHex(text: string): Uint8Array<ArrayBuffer> {
  if (hasNative) return Uint8Array.fromHex(text)
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number(`0x${pair}`))
}
