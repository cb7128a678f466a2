import { encodeBase64url } from './base64url.ts'

/**
 * Returns 144 bits from the runtime's CSPRNG as 24 base64url characters. OWASP ASVS 7.2.3 requires at least 128 bits
 * for an identifier. A multiple of three bytes lets texts be joined without re-encoding.
 */
export function newRandomText(): string {
  return encodeBase64url(crypto.getRandomValues(new Uint8Array(18)))
}

/** The length of a text from `newRandomText`. */
export const RANDOM_TEXT_LENGTH = 24

let prefix: string | undefined
let count = 0

/** Returns a text that is unique across isolates, but guessable. */
export function newUniqueText(): string {
  // Workers have no random numbers before the first request.
  prefix ??= newRandomText().slice(0, PREFIX_LENGTH)
  count += 1
  return prefix + count.toString(36)
}

/** 72 bits are enough: few isolates ever write to one session. */
const PREFIX_LENGTH = 12
