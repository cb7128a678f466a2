import { hkdfSync } from 'node:crypto'

import type { Globals } from './isolates.ts'
import type { Random } from './random.ts'

type Bytes = ArrayBuffer | ArrayBufferView

interface Key {
  readonly bytes: Uint8Array
}

function bytesOf(data: Bytes): Uint8Array {
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data)
}

/**
 * Stands for SHA-256 and HMAC, which take ten times as long: nobody attacks them here, and 64 bits tell all inputs of a
 * run apart (the rounds are those of cyrb53).
 */
function hashOf(...parts: readonly Uint8Array[]): Uint32Array<ArrayBuffer> {
  let [one, two] = [0xdeadbeef, 0x41c6ce57]
  for (const part of parts) {
    for (let index = 0; index < part.length; index += 1) {
      const byte = part[index] ?? 0
      one = Math.imul(one ^ byte, 0x9e3779b1)
      two = Math.imul(two ^ byte, 0x5f356495)
    }
  }
  one = Math.imul(one ^ (one >>> 16), 0x85ebca6b) ^ Math.imul(two ^ (two >>> 13), 0xc2b2ae35)
  two = Math.imul(two ^ (two >>> 16), 0x85ebca6b) ^ Math.imul(one ^ (one >>> 13), 0xc2b2ae35)
  const hash = new Uint32Array(8)
  for (let index = 0; index < hash.length; index += 2) {
    hash[index] = Math.imul(one + index, 0x85ebca6b)
    hash[index + 1] = Math.imul(two + index, 0xc2b2ae35)
  }
  return hash
}

const derived = new Map<string, ArrayBuffer>()

/** Returns bits by HKDF, which are the same ones for each isolate and run. */
function derivedOnce(parts: readonly [Uint8Array, Uint8Array, Uint8Array], length: number) {
  const place = [length, ...hashOf(...parts), ...parts.map((part) => part.length)].join(' ')
  const known = derived.get(place) ?? hkdfSync('sha256', ...parts, length)
  derived.set(place, known)
  return known.slice(0)
}

/**
 * The part of Web Crypto that the library uses, with random numbers from a seed, and with results that are ready at once:
 * Web Crypto's own come from other threads, in an order that no seed decides.
 */
export function synchronousCrypto(random: Random): Globals['crypto'] {
  return {
    getRandomValues: <T extends ArrayBufferView>(view: T): T => random.fill(view),
    subtle: {
      importKey: async (_format: 'raw', data: Bytes): Promise<Key> => ({
        bytes: bytesOf(data).slice(),
      }),
      deriveBits: async (
        { salt, info }: { readonly salt: Bytes; readonly info: Bytes },
        { bytes }: Key,
        length: number,
      ): Promise<ArrayBuffer> => derivedOnce([bytes, bytesOf(salt), bytesOf(info)], length / 8),
      sign: async (_name: 'HMAC', { bytes }: Key, data: Bytes): Promise<ArrayBuffer> =>
        hashOf(bytes, bytesOf(data)).buffer,
      verify: async (_name: 'HMAC', { bytes }: Key, mac: Bytes, data: Bytes): Promise<boolean> => {
        const right = new Uint8Array(hashOf(bytes, bytesOf(data)).buffer)
        const given = bytesOf(mac)
        return right.length === given.length && right.every((byte, index) => byte === given[index])
      },
      digest: async (_name: 'SHA-256', data: Bytes): Promise<ArrayBuffer> =>
        hashOf(bytesOf(data)).buffer,
    },
  }
}
