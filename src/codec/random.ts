import { encodeBase64url } from './base64url.ts'

/**
 * 144 bits from the runtime's CSPRNG as 24 base64url characters: above the 128 bits that OWASP ASVS 7.2.3 asks of an
 * identifier, and a multiple of three bytes, so that texts can be joined without re-encoding.
 */
export function newRandomText(): string {
  return encodeBase64url(crypto.getRandomValues(new Uint8Array(18)))
}

/** The length of what `newRandomText` gives. */
export const RANDOM_TEXT_LENGTH = 24

let prefix: string | undefined
let count = 0

/** A text that no other call gives, here or elsewhere; it can be guessed. */
export function newUniqueText(): string {
  // Workers have no random numbers before the first request.
  prefix ??= newRandomText().slice(0, PREFIX_LENGTH)
  count += 1
  return prefix + count.toString(36)
}

/** 72 bits: isolates that ever write to one session are few. */
const PREFIX_LENGTH = 12
