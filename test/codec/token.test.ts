import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'

import { importKeyring, type Keyring } from '../../src/codec/keyring.ts'
import { deriveBytes, importMacKey, sign } from '../../src/codec/mac.ts'
import { newRandomText } from '../../src/codec/random.ts'
import { openToken, signToken, type Token } from '../../src/codec/token.ts'

const NAME = '__Host-session'
const SECRET = 'a secret of this test, of more than 32 bytes'
const OLD_SECRET = 'an older secret of this test, of more than 32 bytes'
const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

let keyring: Keyring
let value: string
const token: Token = {
  handle: `${'h'.repeat(42)}g`,
  secret: newRandomText(),
  createdAt: 1_800_000_000_000,
  usedAt: 1_800_000_012_345,
}

beforeAll(async () => {
  keyring = await importKeyring([SECRET])
  value = await signToken(keyring, NAME, token)
})

async function reasonOf(text: string): Promise<string> {
  const opened = await openToken(keyring, NAME, text)
  return opened.ok ? 'accepted' : opened.reason
}

test('what was signed is read back, for every handle and time', async () => {
  const handle = fc.string({
    unit: fc.constantFrom(...BASE64URL.split('')),
    minLength: 1,
    maxLength: 64,
  })
  const time = fc.integer({ min: 0, max: 2 ** 48 - 1 })
  await fc.assert(
    fc.asyncProperty(handle, time, time, async (text, createdAt, usedAt) => {
      const one = { handle: text, secret: newRandomText(), createdAt, usedAt }
      const opened = await openToken(keyring, NAME, await signToken(keyring, NAME, one))
      expect(opened).toEqual({ ok: true, token: one, isNewestKey: true })
    }),
    { numRuns: 300 },
  )
})

test.for([24, 43, 48])(
  'with a handle of %i characters the cookie has under 200 bytes',
  async (length) => {
    const cookie = await signToken(keyring, NAME, { ...token, handle: 'h'.repeat(length) })
    expect(`${NAME}=${cookie}`.length).toBeLessThan(170)
  },
)

test('every part is the one base64url text of its bytes', () => {
  const parts = value.split('.')
  expect(parts).toHaveLength(4)
  for (const part of parts.slice(1)) {
    const bytes = Uint8Array.fromBase64(part, { alphabet: 'base64url' })
    expect(bytes.toBase64({ alphabet: 'base64url', omitPadding: true })).toBe(part)
  }
})

describe('a changed token is refused:', () => {
  test('any character replaced by any of its alphabet', async () => {
    for (let at = 0; at < value.length; at += 1) {
      for (const character of ['A', 'B', 'z', '0', '_', '.', '=', ' ', 'é']) {
        if (value.charAt(at) === character) continue
        const changed = value.slice(0, at) + character + value.slice(at + 1)
        expect(await reasonOf(changed), `${at} ${character}`).not.toBe('accepted')
      }
    }
  })

  test('the last character of the MAC in any spelling of the same bits', async () => {
    const accepted = []
    for (const last of BASE64URL) {
      const reason = await reasonOf(value.slice(0, -1) + last)
      if (reason === 'accepted') accepted.push(last)
    }
    expect(accepted).toEqual([value.slice(-1)])
  })

  test('cut at any place, at either end', async () => {
    for (let at = 0; at < value.length; at += 1) {
      expect(await reasonOf(value.slice(0, at))).not.toBe('accepted')
      expect(await reasonOf(value.slice(at + 1))).not.toBe('accepted')
    }
  })

  test('lengthened, padded, quoted, spaced, in another alphabet or letter case', async () => {
    const changed = [
      `${value}A`,
      `A${value}`,
      `${value}=`,
      `${value}==`,
      `"${value}"`,
      ` ${value}`,
      `${value}\n`,
      value.toUpperCase(),
      value.toLowerCase(),
      value.replaceAll('.', '.A'),
      `${value}.${value}`,
      encodeURIComponent(`${value}=`),
      'x'.repeat(100_000),
      '',
    ]
    for (const text of changed) {
      expect(await reasonOf(text)).not.toBe('accepted')
    }
  })

  test('under another cookie name', async () => {
    for (const name of ['__Host-other', 'session', '__host-session', '__Host-session ', '']) {
      expect(await openToken(keyring, name, value)).toEqual({ ok: false, reason: 'forged' })
    }
  })

  test('with another version or key id', async () => {
    expect(await reasonOf(`2${value.slice(1)}`)).toBe('malformed')
    expect(await reasonOf(`1.AAAA${value.slice(6)}`)).toBe('unknown-key')
  })

  test('with a MAC by the raw secret, by a key for another purpose, or of another text', async () => {
    const bytes = new Uint8Array(new TextEncoder().encode(SECRET))
    const signed = value.slice(0, -44)
    const keys = [
      await importMacKey(bytes),
      await importMacKey(await deriveBytes(bytes, 'csrf token', 32)),
    ]
    for (const key of keys) {
      const mac = await sign(key, `session ${NAME} ${signed}`)
      expect(await reasonOf(`${signed}.${mac}`)).toBe('forged')
    }
    const [{ key }] = keyring
    for (const text of [signed, `csrf ${NAME} ${signed}`, `session ${signed}`]) {
      expect(await reasonOf(`${signed}.${await sign(key, text)}`)).toBe('forged')
    }
    expect(await reasonOf(`${signed}.${await sign(key, `session ${NAME} ${signed}`)}`)).toBe(
      'accepted',
    )
  })

  test('made of 10,000 random strings, of which none is accepted and none throws', async () => {
    const part = fc.string({ unit: fc.constantFrom(...BASE64URL.split('')), maxLength: 90 })
    const shaped = fc
      .tuple(part, part)
      .map(([body, mac]) => `1.${value.slice(2, 6)}.${body}.${mac}`)
    const mutated = fc
      .tuple(fc.nat(value.length - 1), fc.string({ minLength: 1, maxLength: 3 }))
      .map(([at, text]) => value.slice(0, at) + text + value.slice(at + text.length))
      .filter((text) => text !== value)
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string(), fc.base64String(), shaped, mutated), async (text) => {
        expect(await reasonOf(text)).not.toBe('accepted')
      }),
      { numRuns: 10_000 },
    )
  }, 30_000)
})

describe('several secrets', () => {
  test('verify what the older one signed, and say that it is not the newest', async () => {
    const old = await importKeyring([OLD_SECRET])
    const both = await importKeyring([SECRET, OLD_SECRET])
    const opened = await openToken(both, NAME, await signToken(old, NAME, token))
    expect(opened).toEqual({ ok: true, token, isNewestKey: false })
    expect(await openToken(both, NAME, value)).toMatchObject({ ok: true, isNewestKey: true })
    expect(await openToken(old, NAME, value)).toEqual({ ok: false, reason: 'unknown-key' })
  })
})

test('100,000 secrets are distinct, and every bit of them varies', () => {
  const seen = new Set<string>()
  const ones = new Uint32Array(144)
  for (let drawn = 0; drawn < 100_000; drawn += 1) {
    const text = newRandomText()
    seen.add(text)
    const bytes = Uint8Array.fromBase64(text, { alphabet: 'base64url' })
    bytes.forEach((byte, index) => {
      for (let bit = 0; bit < 8; bit += 1) {
        const at = index * 8 + bit
        ones[at] = (ones[at] ?? 0) + ((byte >> bit) & 1)
      }
    })
  }
  expect(seen.size).toBe(100_000)
  expect(Math.min(...ones)).toBeGreaterThan(49_000)
  expect(Math.max(...ones)).toBeLessThan(51_000)
})
