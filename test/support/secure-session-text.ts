import { secretbox } from '@noble/ciphers/salsa.js'

import { paddedBase64 } from '../../src/migrate/one-spelling.ts'

/** Returns the value of a cookie of @fastify/secure-session with any text in it, where the package cannot be run. */
export function secureSessionText(text: string, key: Uint8Array): string {
  const nonce = crypto.getRandomValues(new Uint8Array(24))
  const box = secretbox(key, nonce).seal(new TextEncoder().encode(text))
  return `${paddedBase64(box)};${paddedBase64(nonce)}`
}
