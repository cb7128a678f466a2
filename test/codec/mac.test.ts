import { afterEach, describe, expect, test, vi } from 'vitest'

import {
  decodeBase64url,
  encodeBase64url,
  encodeHex,
  isCanonical32,
} from '../../src/codec/base64url.ts'
import { importKeyring } from '../../src/codec/keyring.ts'
import { deriveBytes, importMacKey, sha256, sign, verify } from '../../src/codec/mac.ts'

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))
}

describe('HMAC-SHA-256', () => {
  // RFC 4231, the cases whose data is text.
  test.for<[number, string, string, string]>([
    [
      1,
      '0b'.repeat(20),
      'Hi There',
      'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
    ],
    [
      2,
      '4a656665',
      'what do ya want for nothing?',
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    ],
    [
      6,
      'aa'.repeat(131),
      'Test Using Larger Than Block-Size Key - Hash Key First',
      '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
    ],
    [
      7,
      'aa'.repeat(131),
      'This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.',
      '9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2',
    ],
  ])('agrees with case %i of RFC 4231', async ([, keyHex, data, macHex]) => {
    const key = await importMacKey(bytesOf(keyHex))
    const mac = encodeBase64url(bytesOf(macHex))
    expect(await sign(key, data)).toBe(mac)
    expect(await verify(key, mac, data)).toBe(true)
    expect(await verify(key, mac, `${data} `)).toBe(false)
  })

  test('takes one spelling of a MAC, and no key can be read back', async () => {
    const key = await importMacKey(bytesOf('0b'.repeat(20)))
    const mac = await sign(key, 'text')
    const accepted = []
    for (const last of BASE64URL) {
      if (await verify(key, mac.slice(0, -1) + last, 'text')) accepted.push(last)
    }
    expect(accepted).toEqual([mac.slice(-1)])
    for (const spelling of [`${mac}=`, ` ${mac}`, mac.slice(0, -1), `${mac}A`, '', `${mac}\n`]) {
      expect(await verify(key, spelling, 'text')).toBe(false)
    }
    await expect(crypto.subtle.exportKey('raw', key)).rejects.toThrow(/extractable/)
  })
})

test('SHA-256 agrees with FIPS 180', async () => {
  const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
  expect(encodeHex(decodeBase64url(await sha256('abc')))).toBe(abc)
})

test('HKDF agrees with its definition in RFC 5869, and keeps purposes apart', async () => {
  const secret = bytesOf('0b'.repeat(32))
  const hmac = async (keyBytes: Uint8Array<ArrayBuffer>, data: Uint8Array<ArrayBuffer>) =>
    new Uint8Array(await crypto.subtle.sign('HMAC', await importMacKey(keyBytes), data))
  const extracted = await hmac(new Uint8Array(32), secret)
  const info = new TextEncoder().encode('edge-session 1 session token')
  const first = await hmac(extracted, Uint8Array.from([...info, 1]))
  const second = await hmac(extracted, Uint8Array.from([...first, ...info, 2]))
  expect(await deriveBytes(secret, 'session token', 35)).toEqual(
    Uint8Array.from([...first, ...second.slice(0, 3)]),
  )
  expect(await deriveBytes(secret, 'another', 32)).not.toEqual(first)
})

describe('secrets', () => {
  test.for<[unknown, string]>([
    [['short'], 'Secret 1 has 5 bytes. Use at least 32: openssl rand -base64 32'],
    [['x'.repeat(31)], 'Secret 1 has 31 bytes. Use at least 32: openssl rand -base64 32'],
    [['x'.repeat(32), ''], 'Secret 2 is missing. Use at least 32: openssl rand -base64 32'],
    [[undefined], 'Secret 1 is missing. Use at least 32: openssl rand -base64 32'],
    [
      [],
      'There are no secrets. Write secrets: (env) => [env.SESSION_SECRET], and make one: openssl rand -base64 32',
    ],
  ])('%j are refused', async ([secrets, message]) => {
    const importing = importKeyring(secrets as [string])
    await expect(importing).rejects.toMatchObject({
      code: 'ERR_SECRET',
      message: `ERR_SECRET: ${message}`,
    })
  })

  test('are measured in bytes', async () => {
    expect(await importKeyring(['€'.repeat(11)])).toHaveLength(1)
    await expect(importKeyring(['€'.repeat(10)])).rejects.toThrow('has 30 bytes')
  })

  test('have a key id each, always the same', async () => {
    const [one, two] = await importKeyring(['a'.repeat(32), 'b'.repeat(32)])
    expect(one.id).toMatch(/^[\w-]{4}$/)
    expect(one.id).not.toBe(two?.id)
    expect((await importKeyring(['a'.repeat(32)]))[0].id).toBe(one.id)
  })
})

describe('base64url', () => {
  const VECTORS = [
    ['', ''],
    ['f', 'Zg'],
    ['fo', 'Zm8'],
    ['foo', 'Zm9v'],
    ['foobar', 'Zm9vYmFy'],
    ['\u00fb\u00ff\u00fe', '-__-'],
  ] as const

  interface Codec {
    readonly encodeBase64url: typeof encodeBase64url
    readonly decodeBase64url: typeof decodeBase64url
  }

  /** What a codec makes of the vectors, and of random bytes of every length up to 80, there and back. */
  function resultsOf(codec: Codec): unknown[] {
    const random = Array.from({ length: 80 }, (_, length) =>
      Uint8Array.from({ length }, (__, index) => (index * 167 + length * 31) % 256),
    )
    const texts = VECTORS.map(([text]) =>
      Uint8Array.from(text, (character) => character.charCodeAt(0)),
    )
    return [...texts, ...random].map((bytes) => {
      const encoded = codec.encodeBase64url(bytes)
      return [encoded, codec.decodeBase64url(encoded).join() === bytes.join()]
    })
  }

  const RESULTS = resultsOf({ encodeBase64url, decodeBase64url })

  afterEach(() => {
    vi.resetModules()
  })

  test('agrees with RFC 4648, by the runtime’s own functions', () => {
    expect(RESULTS.slice(0, VECTORS.length)).toEqual(VECTORS.map(([, encoded]) => [encoded, true]))
    for (const result of RESULTS) expect(result).toEqual([expect.stringMatching(/^[\w-]*$/), true])
  })

  test('agrees where the runtime has no functions of its own, as Node 24 has none', async () => {
    const native = Object.getOwnPropertyDescriptor(Uint8Array, 'fromBase64') ?? {}
    try {
      Reflect.deleteProperty(Uint8Array, 'fromBase64')
      vi.resetModules()
      const fallback = await import('../../src/codec/base64url.ts')
      expect(fallback.encodeBase64url).not.toBe(encodeBase64url)
      expect(resultsOf(fallback)).toEqual(RESULTS)
    } finally {
      Object.defineProperty(Uint8Array, 'fromBase64', native)
    }
  })

  test('has one canonical spelling of 32 bytes', () => {
    const text = encodeBase64url(crypto.getRandomValues(new Uint8Array(32)))
    expect(isCanonical32(text)).toBe(true)
    expect(BASE64URL.split('').filter((last) => isCanonical32('A'.repeat(42) + last))).toHaveLength(
      16,
    )
  })
})
