import { hash, hkdfSync } from 'node:crypto'

import type { Globals } from './isolates.ts'
import type { Random } from './random.ts'

type Bytes = ArrayBuffer | ArrayBufferView

interface Key {
  readonly bytes: Buffer
}

function bytesOf(data: Bytes): Buffer {
  return ArrayBuffer.isView(data)
    ? Buffer.from(data.buffer, data.byteOffset, data.byteLength)
    : Buffer.from(data)
}

function arrayBufferOf(buffer: Uint8Array): ArrayBuffer {
  return new Uint8Array(buffer).buffer
}

/** Stands for HMAC, which takes three times as long: nobody attacks it here. */
function macOf({ bytes }: Key, data: Bytes): Buffer {
  return hash('sha256', Buffer.concat([bytes, bytesOf(data)]), 'buffer')
}

const derived = new Map<string, ArrayBuffer>()

/** Returns bits by HKDF, which are the same ones for each isolate and run. */
function derivedOnce(
  [bytes, salt, info]: readonly [Buffer, Buffer, Buffer],
  length: number,
): ArrayBuffer {
  const place = [bytes, salt, info].map((each) => each.toString('latin1')).join(`|${length}|`)
  const known = derived.get(place) ?? hkdfSync('sha256', bytes, salt, info, length)
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
        bytes: Buffer.from(bytesOf(data)),
      }),
      deriveBits: async (
        { salt, info }: { readonly salt: Bytes; readonly info: Bytes },
        { bytes }: Key,
        length: number,
      ): Promise<ArrayBuffer> => derivedOnce([bytes, bytesOf(salt), bytesOf(info)], length / 8),
      sign: async (_name: 'HMAC', key: Key, data: Bytes): Promise<ArrayBuffer> =>
        arrayBufferOf(macOf(key, data)),
      verify: async (_name: 'HMAC', key: Key, mac: Bytes, data: Bytes): Promise<boolean> =>
        macOf(key, data).equals(bytesOf(mac)),
      digest: async (_name: 'SHA-256', data: Bytes): Promise<ArrayBuffer> =>
        arrayBufferOf(hash('sha256', bytesOf(data), 'buffer')),
    },
  }
}
