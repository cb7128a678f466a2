import type { webcrypto } from 'node:crypto'

declare global {
  // Node's types have the value of this name only.
  interface CryptoKey extends webcrypto.CryptoKey {}
}
