import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'

import { importKeyring, type Keyring } from '../../src/codec/keyring.ts'
import { deriveBytes, importMacKey, sign } from '../../src/codec/mac.ts'
import { newRandomText } from '../../src/codec/random.ts'
import {
  type OpenedToken,
  newSecret,
  openToken,
  type RefusedToken,
  signToken,
  type Token,
  unverifiedToken,
} from '../../src/codec/token.ts'
import { anyCharacter } from '../support/any-character.ts'
import { runs } from '../support/thorough.ts'

const NAME = '__Host-session'
const SECRET = 'a secret of this test, of more than 32 bytes'
const OLD_SECRET = 'an older secret of this test, of more than 32 bytes'
const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'.split('')

let keyring: Keyring
let value: string
const token: Token = {
  handle: `${'h'.repeat(42)}g`,
  secret: newSecret(),
  createdAt: 1_800_000_000_000,
  usedAt: 1_800_000_012_345,
}

beforeAll(async () => {
  keyring = await importKeyring([SECRET])
  value = await signToken(keyring, NAME, token)
})

async function openedWith(text: string): Promise<OpenedToken> {
  return openToken(keyring, NAME, text)
}

/** Those of the texts that are not refused for this reason, with what they are instead; none, if all is well. */
async function notRefused(reason: RefusedToken, texts: readonly string[]): Promise<string[]> {
  const opened = await Promise.all(texts.map(openedWith))
  const results = opened.map((each) => (each.ok ? 'accepted' : each.reason))
  const wrong = texts.map((text, index) => [results[index], text.slice(0, 300)])
  return wrong.filter(([result]) => result !== reason).map((each) => each.join(': '))
}

function replaceAt(at: number, character: string): string {
  return value.slice(0, at) + character + value.slice(at + 1)
}

/** The value's parts by position: version, key id, body, MAC, and the dots between. */
const ID_AT = 2
const BODY_AT = 7
const MAC_AT = -43

describe('what was signed', () => {
  const textOf = (length: number) =>
    fc.string({
      unit: fc.constantFrom(...BASE64URL),
      minLength: length,
      maxLength: length,
    })
  const timeUpTo = (max: number) =>
    fc.oneof(
      fc.integer({ min: 0, max }),
      fc.constantFrom(0, 1, 255, 256, 2 ** 32 - 1, 2 ** 32, 2 ** 46, max),
    )

  test.for([1, 22, 24, 43, 48, 64])(
    'is read back, with a handle of %i characters',
    async (length) => {
      await fc.assert(
        fc.asyncProperty(
          textOf(length),
          textOf(32),
          timeUpTo(2 ** 47 - 1),
          timeUpTo(2 ** 48 - 1),
          async (handle, secret, createdAt, usedAt) => {
            const one = { handle, secret, createdAt, usedAt }
            const all = [one, { ...one, bookmark: usedAt }]
            for (const each of [
              ...all,
              ...all.map((other) => ({ ...other, isRemembered: true })),
            ]) {
              const opened = await openedWith(await signToken(keyring, NAME, each))
              expect(opened).toEqual({ ok: true, token: each, isNewestKey: true })
            }
          },
        ),
        { numRuns: 100 },
      )
    },
  )

  test('is the same each time', async () => {
    expect(await signToken(keyring, NAME, token)).toBe(value)
  })

  test('is not read back with a handle past 64 characters', async () => {
    const long = { ...token, handle: 'h'.repeat(65) }
    const both = [long, { ...long, bookmark: 1 }].map((each) => signToken(keyring, NAME, each))
    expect(await notRefused('malformed', await Promise.all(both))).toEqual([])
  })

  test.for([24, 43, 48, 64])(
    'has under 200 bytes with its cookie name, with a handle of %i characters',
    async (length) => {
      const long = { ...token, handle: 'h'.repeat(length), bookmark: 1 }
      const cookie = await signToken(keyring, NAME, long)
      expect(new TextEncoder().encode(`${NAME}=${cookie}`).length).toBeLessThan(200)
    },
  )

  test.for(['h'.repeat(24), `${'h'.repeat(42)}g`, 'h'.repeat(48)])(
    'is base64url text of bytes in its one spelling, with the handle %s',
    async (handle) => {
      for (const each of [
        { ...token, handle },
        { ...token, handle, bookmark: 5 },
      ]) {
        const [version, ...parts] = (await signToken(keyring, NAME, each)).split('.')
        expect(version).toBe('bookmark' in each ? '2' : '1')
        expect(parts).toHaveLength(3)
        for (const part of parts) {
          const bytes = Uint8Array.fromBase64(part, { alphabet: 'base64url' })
          expect(bytes.toBase64({ alphabet: 'base64url', omitPadding: true })).toBe(part)
        }
      }
    },
  )
})

test.for([
  ['in memory', 24, 138],
  ['on Durable Objects', 43, 157],
  ['on KV', 48, 162],
] as const)(
  'the cookie has the bytes that the storage schema says, %s',
  async ([, length, bytes]) => {
    const cookie = await signToken(keyring, NAME, { ...token, handle: 'A'.repeat(length) })
    expect(`${NAME}=${cookie}`).toHaveLength(bytes)
    const marked = { ...token, handle: 'A'.repeat(length), bookmark: 1 }
    expect(`${NAME}=${await signToken(keyring, NAME, marked)}`).toHaveLength(bytes + 8)
  },
)

describe('a changed token is refused:', () => {
  test('another version', async () => {
    const others = [...BASE64URL, '.', '=', ' ', '+', 'é', '١'].filter(
      (each) => each !== '1' && each !== '2',
    )
    const texts = others.map((character) => replaceAt(0, character))
    texts.push(value.slice(1), value.slice(2), `1${value}`, `v${value}`)
    expect(await notRefused('malformed', texts)).toEqual([])
    expect(await notRefused('forged', [replaceAt(0, '2')])).toEqual([])
  })

  test('each character replaced by each of its alphabet', async () => {
    for (let at = ID_AT; at < value.length; at += 1) {
      if (value.charAt(at) === '.') continue
      const others = BASE64URL.filter((character) => character !== value.charAt(at))
      expect(
        await notRefused(
          at < BODY_AT ? 'unknown-key' : 'forged',
          others.map((character) => replaceAt(at, character)),
        ),
      ).toEqual([])
    }
  })

  test('each character replaced by one of no such alphabet, and each dot by any', async () => {
    const foreign = '.=+/ ~%;,"\\\t\n\r\0\u007fé\u212a\u0660'.split('')
    for (let at = 0; at < value.length; at += 1) {
      const isDot = value.charAt(at) === '.'
      const others = (isDot ? [...foreign, ...BASE64URL] : foreign).filter(
        (character) => character !== value.charAt(at),
      )
      expect(
        await notRefused(
          'malformed',
          others.map((character) => replaceAt(at, character)),
        ),
      ).toEqual([])
    }
  })

  test('the last character of the MAC in any spelling of the same bits', async () => {
    const spellings = BASE64URL.map((last) => value.slice(0, -1) + last)
    const opened = await Promise.all(spellings.map(openedWith))
    expect(spellings.filter((_, index) => opened[index]?.ok === true)).toEqual([value])
  })

  test('each bit of what the body says', async () => {
    const body = value.slice(BODY_AT, MAC_AT - 1)
    const bytes = Uint8Array.fromBase64(body, { alphabet: 'base64url' })
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const flipped = bytes.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte))
      const text = flipped.toBase64({ alphabet: 'base64url', omitPadding: true })
      expect(
        await notRefused('forged', [value.slice(0, BODY_AT) + text + value.slice(MAC_AT - 1)]),
      ).toEqual([])
    }
  })

  test('two characters exchanged', async () => {
    for (let at = 0; at + 1 < value.length; at += 1) {
      const [one = '', two = ''] = value.slice(at, at + 2)
      if (one === two) continue
      const exchanged = value.slice(0, at) + two + one + value.slice(at + 2)
      expect(await openedWith(exchanged)).toMatchObject({ ok: false })
    }
  })

  test('cut at any place, at either end', async () => {
    for (let at = 0; at < value.length; at += 1) {
      expect(await notRefused('malformed', [value.slice(0, at), value.slice(at + 1)])).toEqual([])
    }
  })

  test('one character left out, or one put in', async () => {
    for (let at = 0; at < value.length; at += 1) {
      const isBody = at >= BODY_AT && at < value.length + MAC_AT - 1
      const without = value.slice(0, at) + value.slice(at + 1)
      const within = `${value.slice(0, at)}A${value.slice(at)}`
      expect(await notRefused(isBody ? 'forged' : 'malformed', [without])).toEqual([])
      expect(await openedWith(within)).toMatchObject({ ok: false })
    }
  })

  test('white space put in at any place', async () => {
    for (let at = 0; at <= value.length; at += 1) {
      for (const space of [' ', '\t', '\n', '\r\n', '\u00a0', '\u2000']) {
        expect(
          await notRefused('malformed', [value.slice(0, at) + space + value.slice(at)]),
        ).toEqual([])
      }
    }
  })

  test('lengthened, padded, quoted, joined, or empty', async () => {
    const [version, id, body, mac] = value.split('.')
    expect(
      await notRefused('malformed', [
        `${value}A`,
        `A${value}`,
        `${value}=`,
        `${value}==`,
        `${version}.${id}.${body}=.${mac}`,
        `${version}.${id}==.${body}.${mac}`,
        `${version}.${id}.${body}.`,
        `${version}.${id}.${body}`,
        `${version}.${id}..${mac}`,
        `${id}.${body}.${mac}`,
        `${body}.${mac}`,
        `${value}.`,
        `.${value}`,
        `${value}.${mac}`,
        value.replaceAll('.', '.A'),
        value.replaceAll('.', '..'),
        value.replaceAll('.', '|'),
        `"${value}"`,
        `${value};${value}`,
        `${value}, ${value}`,
        `${value}.${value}`,
        encodeURIComponent(`${value}=`),
        'x'.repeat(100_000),
        `1.${'A'.repeat(100_000)}`,
        `${version}.${id}.${'A'.repeat(113)}.${mac}`,
        `${version}.${id}.${'A'.repeat(48)}.${mac}`,
        '',
        '.',
        '...',
      ]),
    ).toEqual([])
  })

  test('in the standard alphabet', async () => {
    const odd = await signToken(keyring, NAME, { ...token, handle: '-_'.repeat(12) })
    expect(await openedWith(odd)).toMatchObject({ ok: true })
    expect(
      await notRefused('malformed', [
        odd.replaceAll('-', '+').replaceAll('_', '/'),
        odd.replaceAll('-', '+'),
        odd.replaceAll('_', '/'),
        odd.replaceAll('-', '%2D'),
      ]),
    ).toEqual([])
  })

  test('in another letter case', async () => {
    const [version, id, body = '', mac = ''] = value.split('.')
    for (const text of [value.toUpperCase(), value.toLowerCase()]) {
      expect(await openedWith(text)).toMatchObject({ ok: false })
    }
    expect(
      await notRefused('forged', [
        `${version}.${id}.${body.toUpperCase()}.${mac}`,
        `${version}.${id}.${body.toLowerCase()}.${mac}`,
        `${version}.${id}.${body}.${mac.toUpperCase()}`,
        `${version}.${id}.${body}.${mac.toLowerCase()}`,
      ]),
    ).toEqual([])
  })

  test('put together of two tokens', async () => {
    const other = await signToken(keyring, NAME, { ...token, usedAt: token.usedAt + 1 })
    expect(
      await notRefused('forged', [
        value.slice(0, MAC_AT) + other.slice(MAC_AT),
        other.slice(0, MAC_AT) + value.slice(MAC_AT),
      ]),
    ).toEqual([])
  })

  test('under another cookie name', async () => {
    for (const name of ['__Host-other', 'session', '__host-session', '__Host-session ', '']) {
      expect(await openToken(keyring, name, value)).toEqual({ ok: false, reason: 'forged' })
    }
  })

  test('under another secret', async () => {
    const other = await importKeyring([OLD_SECRET])
    expect(await openToken(other, NAME, value)).toEqual({ ok: false, reason: 'unknown-key' })
    // Even where two secrets should have one key id.
    const [{ id }] = keyring
    const namesake: Keyring = [{ ...other[0], id }]
    expect(await openToken(namesake, NAME, value)).toEqual({ ok: false, reason: 'forged' })
  })

  test('with the key id of another of our keys', async () => {
    const both = await importKeyring([OLD_SECRET, SECRET])
    const changed = `1.${both[0].id}${value.slice(6)}`
    expect(await openToken(both, NAME, changed)).toEqual({ ok: false, reason: 'forged' })
    expect(await openToken(both, NAME, value)).toMatchObject({ ok: true })
  })

  test('with a MAC by the raw secret, or by a key for another purpose', async () => {
    const bytes = new Uint8Array(new TextEncoder().encode(SECRET))
    const signed = value.slice(0, MAC_AT - 1)
    const input = `session ${NAME} ${signed}`
    const keys = [
      bytes,
      await deriveBytes(bytes, 'csrf token', 32),
      await deriveBytes(bytes, 'session', 32),
      await deriveBytes(bytes, '', 32),
    ]
    for (const keyBytes of keys) {
      const mac = await sign(await importMacKey(keyBytes), input)
      expect(await notRefused('forged', [`${signed}.${mac}`])).toEqual([])
    }
    // The same by the right key, so that the above says something.
    const own = await importMacKey(await deriveBytes(bytes, 'session token', 32))
    expect(`${signed}.${await sign(own, input)}`).toBe(value)
  })

  test('with a MAC by our key of another text', async () => {
    const [{ key }] = keyring
    const signed = value.slice(0, MAC_AT - 1)
    const inputs = [signed, `csrf ${NAME} ${signed}`, `session ${signed}`, `${NAME} ${signed}`, '']
    for (const input of inputs) {
      expect(await notRefused('forged', [`${signed}.${await sign(key, input)}`])).toEqual([])
    }
  })

  test('made of random strings, of which none is accepted and none throws', async () => {
    const part = fc.string({ unit: fc.constantFrom(...BASE64URL), maxLength: 110 })
    const mac = fc.string({
      unit: fc.constantFrom(...BASE64URL),
      minLength: 43,
      maxLength: 43,
    })
    const shaped = fc
      .tuple(part, fc.oneof(mac, part))
      .map(([body, tag]) => `1.${value.slice(ID_AT, BODY_AT - 1)}.${body}.${tag}`)
    const mutated = fc
      .tuple(fc.nat(value.length - 1), fc.string({ minLength: 1, maxLength: 3 }))
      .map(([at, text]) => value.slice(0, at) + text + value.slice(at + text.length))
      .filter((text) => text !== value)
    const any = fc.oneof(
      fc.string(),
      fc.string({ unit: anyCharacter, maxLength: 300 }),
      fc.base64String(),
      shaped,
      mutated,
    )
    const seen = new Set<string>()
    await fc.assert(
      fc.asyncProperty(any, async (text) => {
        const opened = await openedWith(text)
        seen.add(opened.ok ? 'accepted' : opened.reason)
        expect(opened.ok).toBe(false)
      }),
      { numRuns: runs(10_000) },
    )
    expect(seen).toEqual(new Set(['malformed', 'unknown-key', 'forged']))
  })
})

describe('several secrets', () => {
  test('verify what an older one signed, and say that it is not the newest', async () => {
    const old = await importKeyring([OLD_SECRET])
    const three = await importKeyring([SECRET, 'x'.repeat(32), OLD_SECRET])
    const opened = await openToken(three, NAME, await signToken(old, NAME, token))
    expect(opened).toEqual({ ok: true, token, isNewestKey: false })
  })

  test('sign with the newest', async () => {
    const both = await importKeyring([SECRET, OLD_SECRET])
    expect(await signToken(both, NAME, token)).toBe(value)
    expect(await openToken(both, NAME, value)).toEqual({ ok: true, token, isNewestKey: true })
  })

  test('no longer verify what a retired one signed', async () => {
    const retired = await signToken(await importKeyring([OLD_SECRET]), NAME, token)
    expect(await openedWith(retired)).toEqual({ ok: false, reason: 'unknown-key' })
  })
})

test('secrets are distinct, and every bit of them varies', () => {
  const count = runs(100_000)
  const seen = new Set<string>()
  const ones = new Uint32Array(144)
  for (let drawn = 0; drawn < count; drawn += 1) {
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
  expect(seen.size).toBe(count)
  // Six standard deviations.
  const deviation = 3 * Math.sqrt(count)
  expect(Math.min(...ones)).toBeGreaterThan(count / 2 - deviation)
  expect(Math.max(...ones)).toBeLessThan(count / 2 + deviation)
})

describe('what nobody has verified', () => {
  test('says what the verified token says, in both forms', async () => {
    const { id } = keyring[0]
    expect(unverifiedToken(value)).toEqual({ form: 1, keyId: id, token })
    const other = { ...token, bookmark: 7 }
    const text = await signToken(keyring, NAME, other)
    expect(unverifiedToken(text)).toEqual({ form: 2, keyId: id, token: other })
    expect(await openedWith(text)).toMatchObject({ token: other })
  })

  test('is read of a forged value too, and of nothing that is malformed', async () => {
    const texts = Array.from(value, (_, at) => [replaceAt(at, 'A'), replaceAt(at, '!')])
      .flat()
      .concat('', value.slice(1), value.slice(0, -1), `${value}A`)
    const opened = await Promise.all(texts.map(openedWith))
    const isRead = texts.map((text) => unverifiedToken(text) !== undefined)
    expect(isRead).toEqual(opened.map((each) => each.ok || each.reason !== 'malformed'))
    expect(new Set(isRead)).toEqual(new Set([true, false]))
  })
})
