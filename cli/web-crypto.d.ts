import type { webcrypto } from 'node:crypto'

declare global {
  /** Node's types have the global's value, and its type only in the module. */
  type CryptoKey = webcrypto.CryptoKey
}
