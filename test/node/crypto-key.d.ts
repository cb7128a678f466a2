import type { webcrypto } from 'node:crypto'

declare global {
  /** Node's own types have the value alone. */
  type CryptoKey = webcrypto.CryptoKey
}
