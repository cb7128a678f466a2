import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { decodeBase64url, encodeBase64url, encodeHex } from '../../src/codec/base64url.ts'
import { type Bytes, deriveBytes, importMacKey, sha256, sign, verify } from '../../src/codec/mac.ts'
import { anyCharacter } from '../support/any-character.ts'

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'.split('')

function bytesOf(hex: string): Bytes {
  return Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))
}

async function hmac(keyBytes: Bytes, data: Bytes): Promise<Bytes> {
  const hash = { name: 'HMAC', hash: 'SHA-256' }
  const key = await crypto.subtle.importKey('raw', keyBytes, hash, false, ['sign'])
  return new Uint8Array(await crypto.subtle.sign('HMAC', key, data))
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
    expect(await verify(key, mac, data.slice(1))).toBe(false)
  })

  test('is taken over the UTF-8 bytes of a text', async () => {
    const keyBytes = bytesOf('0b'.repeat(32))
    const text = 'é€🔑'
    const mac = await hmac(keyBytes, bytesOf('c3a9e282acf09f9491'))
    expect(await sign(await importMacKey(keyBytes), text)).toBe(encodeBase64url(mac))
  })

  test('is verified for what was signed, and for no other text or key', async () => {
    const key = await importMacKey(bytesOf('0b'.repeat(32)))
    const otherKey = await importMacKey(bytesOf(`${'0b'.repeat(31)}0c`))
    const wellFormed = fc.string({ unit: anyCharacter, maxLength: 60 })
    await fc.assert(
      fc.asyncProperty(wellFormed, wellFormed, async (text, other) => {
        const mac = await sign(key, text)
        expect(mac).toMatch(/^[\w-]{43}$/)
        expect(await verify(key, mac, text)).toBe(true)
        expect(await verify(key, mac, other)).toBe(other === text)
        expect(await verify(otherKey, mac, text)).toBe(false)
      }),
      { numRuns: 300 },
    )
  })

  test('has a key that cannot be read back', async () => {
    const key = await importMacKey(bytesOf('0b'.repeat(32)))
    await expect(crypto.subtle.exportKey('raw', key)).rejects.toThrow(/extractable/)
  })
})

describe('a MAC', () => {
  const key = importMacKey(bytesOf('0b'.repeat(32)))

  /** Whether a MAC in this spelling is taken for this text's. */
  async function isTaken(spelling: string, text: string): Promise<boolean> {
    return verify(await key, spelling, text)
  }

  test('is refused with any of its 256 bits flipped', async () => {
    const mac = decodeBase64url(await sign(await key, 'text'))
    for (let bit = 0; bit < 256; bit += 1) {
      const flipped = mac.map((byte, index) =>
        index === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte,
      )
      expect(await isTaken(encodeBase64url(flipped), 'text'), `bit ${bit}`).toBe(false)
    }
  })

  test('is taken with one of the 64 last characters only', async () => {
    for (const text of ['text', 'another', '']) {
      const mac = await sign(await key, text)
      const spellings = BASE64URL.map((last) => mac.slice(0, -1) + last)
      const taken = await Promise.all(spellings.map((spelling) => isTaken(spelling, text)))
      expect(spellings.filter((_, index) => taken[index] === true)).toEqual([mac])
    }
  })

  test('is refused in any spelling but its own', async () => {
    // A MAC with both of the characters that the standard alphabet writes otherwise.
    let text = ''
    let mac = ''
    while (!mac.includes('-') || !mac.includes('_')) {
      text += '.'
      mac = await sign(await key, text)
    }
    expect(await isTaken(mac, text)).toBe(true)
    const spellings = [
      `${mac}=`,
      `${mac}==`,
      ` ${mac}`,
      `${mac} `,
      `${mac}\n`,
      `\t${mac}`,
      `${mac.slice(0, 20)}\n${mac.slice(20)}`,
      `"${mac}"`,
      `${mac}A`,
      `A${mac}`,
      mac.slice(0, -1),
      mac.slice(1),
      mac.replaceAll('-', '+').replaceAll('_', '/'),
      mac.replaceAll('-', '%2D'),
      mac.toLowerCase(),
      mac.toUpperCase(),
      encodeHex(decodeBase64url(mac)),
      mac + mac,
      '',
      '=',
    ]
    const taken = await Promise.all(spellings.map((spelling) => isTaken(spelling, text)))
    expect(spellings.filter((_, index) => taken[index] !== false)).toEqual([])
  })
})

describe('SHA-256', () => {
  // FIPS 180-2 appendix B, and the empty text.
  test.for([
    ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [
      'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    ],
  ] as const)('of %j agrees with FIPS 180', async ([text, hash]) => {
    expect(encodeHex(decodeBase64url(await sha256(text)))).toBe(hash)
  })
})

describe('derived bytes', () => {
  const secret = bytesOf('0b'.repeat(32))

  /** RFC 5869, section 2, spelt out in HMACs: extract without salt, then expand. */
  async function hkdf(key: Bytes, info: string, length: number): Promise<Bytes> {
    const extracted = await hmac(new Uint8Array(32), key)
    const infoBytes = new TextEncoder().encode(info)
    let block: Bytes = new Uint8Array()
    const output: number[] = []
    for (let round = 1; output.length < length; round += 1) {
      block = await hmac(extracted, Uint8Array.from([...block, ...infoBytes, round]))
      output.push(...block)
    }
    return Uint8Array.from(output.slice(0, length))
  }

  test('are those of HKDF by another hand, for test case 3 of RFC 5869', async () => {
    const okm =
      '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8'
    expect(encodeHex(await hkdf(bytesOf('0b'.repeat(22)), '', 42))).toBe(okm)
  })

  test.for([1, 16, 32, 35, 64, 100])('agree with RFC 5869 in a length of %i', async (length) => {
    for (const purpose of ['session token', 'csrf token', 'é', '']) {
      expect(await deriveBytes(secret, purpose, length)).toEqual(
        await hkdf(secret, `edge-session 1 ${purpose}`, length),
      )
    }
  })

  test('are the same each time, and others for another purpose or secret', async () => {
    const purposes = ['session token', 'session token ', 'session', 'csrf token', 'encryption', '']
    const other = bytesOf(`${'0b'.repeat(31)}0c`)
    const seen = new Set<string>()
    for (const from of [secret, other]) {
      for (const purpose of purposes) {
        const derived = await deriveBytes(from, purpose, 32)
        expect(await deriveBytes(from, purpose, 32)).toEqual(derived)
        seen.add(encodeHex(derived))
      }
    }
    expect(seen.size).toBe(2 * purposes.length)
  })

  test('sign what the secret itself does not verify, nor another purpose', async () => {
    const keys = await Promise.all(
      [
        secret,
        await deriveBytes(secret, 'session token', 32),
        await deriveBytes(secret, 'csrf token', 32),
      ].map(importMacKey),
    )
    const macs = await Promise.all(keys.map((key) => sign(key, 'text')))
    for (const [signer, mac] of macs.entries()) {
      for (const [verifier, key] of keys.entries()) {
        expect(await verify(key, mac, 'text')).toBe(signer === verifier)
      }
    }
  })
})
