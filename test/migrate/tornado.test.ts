import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { encodeHex } from '../../src/codec/base64url.ts'
import { SessionError } from '../../src/errors.ts'
import { textOf } from '../../src/migrate/mac-key.ts'
import {
  createSignedValue,
  decodeSignedValue,
  decodeXsrfToken,
  parseCookie,
  tornadoCookie,
  type TornadoSecret,
} from '../../src/migrate/tornado.ts'
import { anyCharacter } from '../support/any-character.ts'
import { runs } from '../support/thorough.ts'
import { oneBitOff } from './one-bit-off.ts'

const SECRET = 'a secret of the tests'
const NOW = 1_700_000_000
const DAY = 86_400
const names = fc.stringMatching(/^[\w!#$%&'*+.^`|~-]{1,20}$/)

async function decoded(
  value: string,
  secret: TornadoSecret = SECRET,
  name = 'user',
): Promise<string | undefined> {
  const bytes = await decodeSignedValue(secret, name, value, { now: NOW })
  return bytes && textOf(bytes)
}

describe('a value signed for Tornado', () => {
  test('is read back, whatever its bytes, name and secret', async () => {
    await fc.assert(
      fc.asyncProperty(
        names,
        fc.uint8Array({ maxLength: 300 }),
        fc.string({ minLength: 1 }),
        async (name, bytes, secret) => {
          const signed = await createSignedValue(secret, name, bytes, { now: NOW })
          expect(await decodeSignedValue(secret, name, signed, { now: NOW })).toEqual(bytes)
          expect(await decodeSignedValue(`${secret}x`, name, signed, { now: NOW })).toBe(undefined)
          expect(await decodeSignedValue(secret, `${name}x`, signed, { now: NOW })).toBe(undefined)
        },
      ),
    )
  })

  test('is refused with any of its characters changed, left out or put in', async () => {
    const signed = await createSignedValue(SECRET, 'user', 'Ada Lovelace', { now: NOW })
    const at = fc.nat(signed.length - 1)
    const character = fc.oneof(
      fc.string({ minLength: 1, maxLength: 1 }),
      fc.constantFrom('0', 'a', 'A', '|', ':', '='),
    )
    await fc.assert(
      fc.asyncProperty(at, character, async (index, other) => {
        const changed = signed.slice(0, index) + other + signed.slice(index + 1)
        expect(await decoded(changed)).toBe(changed === signed ? 'Ada Lovelace' : undefined)
        expect(await decoded(signed.slice(0, index) + signed.slice(index + 1))).toBe(undefined)
        const inserted = signed.slice(0, index) + other + signed.slice(index)
        expect(await decoded(inserted)).toBe(undefined)
      }),
      { numRuns: runs(1000) },
    )
    expect(await decoded(signed)).toBe('Ada Lovelace')
  })

  test('is refused with any bit of any of its characters changed', async () => {
    const signed = await createSignedValue(SECRET, 'user', 'Ada', { now: NOW })
    const taken = oneBitOff(signed).map((changed) => decoded(changed))
    expect(await Promise.all(taken)).toEqual(taken.map(() => undefined))
  })

  test('is signed by the key version asked for, and read by that alone', async () => {
    const secrets = { 1: 'one', 2: 'two' }
    const signed = await createSignedValue(secrets, 'user', 'Ada', { keyVersion: 2, now: NOW })
    expect(signed).toMatch(/^2\|1:2\|/)
    expect(await decoded(signed, secrets)).toBe('Ada')
    expect(await decoded(signed, { 2: 'two' })).toBe('Ada')
    expect(await decoded(signed, { 1: 'one' })).toBe(undefined)
    expect(await decoded(signed, { 1: 'two', 2: 'one' })).toBe(undefined)
  })

  test.for<[keyVersion: number | undefined]>([[undefined], [3], [-1]])(
    'is not signed where key version %s names no secret',
    async ([keyVersion]) => {
      const options = keyVersion === undefined ? {} : { keyVersion }
      const signing = createSignedValue({ 1: 'one' }, 'user', 'Ada', options)
      await expect(signing).rejects.toThrow(
        new SessionError(
          'ERR_OPTION',
          'createSignedValue: keyVersion matches none of the secrets. Name the one that signs, such as { keyVersion: 1 }.',
        ),
      )
    },
  )

  test.for<[what: string, secret: TornadoSecret]>([
    ['an empty secret', ''],
    ['an empty one of several', { 0: '' }],
    ['no secret', undefined as unknown as string],
  ])('is neither made nor read with %s', async ([, secret]) => {
    const signed = await createSignedValue(SECRET, 'user', 'Ada', { now: NOW })
    const missing = expect.objectContaining({ code: 'ERR_SECRET' })
    await expect(decodeSignedValue(secret, 'user', signed, { now: NOW })).rejects.toEqual(missing)
    const isVersioned = typeof secret === 'object'
    const signing = createSignedValue(secret, 'user', 'Ada', isVersioned ? { keyVersion: 0 } : {})
    await expect(signing).rejects.toEqual(missing)
  })

  test('is as old as its own time says, by the clock where none is given', async () => {
    const old = await createSignedValue(SECRET, 'user', 'Ada', {
      now: Date.now() / 1000 - 31.5 * DAY,
    })
    const young = await createSignedValue(SECRET, 'user', 'Ada')
    expect(await decodeSignedValue(SECRET, 'user', old)).toBe(undefined)
    expect(await decodeSignedValue(SECRET, 'user', old, { maxAgeDays: 32 })).toHaveLength(3)
    expect(await decodeSignedValue(SECRET, 'user', young)).toHaveLength(3)
    expect(await decodeSignedValue(SECRET, 'user', undefined)).toBe(undefined)
  })
})

/** What Tornado signed before 3.2.1. */
async function signedV1(secret: string, name: string, value: string): Promise<string> {
  const bytes = new TextEncoder().encode(secret)
  const algorithm = { name: 'HMAC', hash: 'SHA-1' }
  const key = await crypto.subtle.importKey('raw', bytes, algorithm, false, ['sign'])
  const data = new TextEncoder().encode(name + value + String(NOW))
  const mac = new Uint8Array(await crypto.subtle.sign('HMAC', key, data))
  return `${value}|${NOW}|${encodeHex(mac)}`
}

describe('a value in the old format', () => {
  test('is taken only when asked for', async () => {
    const signed = await signedV1(SECRET, 'user', btoa('Ada'))
    expect(await decoded(signed)).toBe(undefined)
    const value = await decodeSignedValue(SECRET, 'user', signed, { now: NOW, minVersion: 1 })
    expect(value && textOf(value)).toBe('Ada')
  })

  test('of one name is good for another, which is why', async () => {
    const signed = await signedV1(SECRET, 'user', `bbbb${btoa('Li')}`)
    const moved = signed.slice(4)
    const options = { now: NOW, minVersion: 1 }
    const value = await decodeSignedValue(SECRET, 'userbbbb', moved, options)
    expect(value && textOf(value)).toBe('Li')
  })
})

describe('whatever text comes', () => {
  const texts = fc.oneof(
    fc.string({ unit: anyCharacter }),
    fc.string({ unit: 'grapheme' }),
    fc.stringMatching(/^2\|(\d{1,9}:[\w|=]{0,9}\|){0,5}[0-9a-f]{0,70}$/),
    fc.stringMatching(/^[\w=]{0,9}\|\d{0,12}\|[0-9a-f]{40}$/),
    fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
  )

  test('it is refused, and nothing is thrown', async () => {
    await fc.assert(
      fc.asyncProperty(texts, fc.constantFrom(1, 2, 3), async (text, minVersion) => {
        for (const secret of [SECRET, { 0: SECRET }]) {
          const options = { now: NOW, minVersion }
          expect(await decodeSignedValue(secret, 'user', text, options)).toBe(undefined)
        }
        expect(parseCookie(text)).toBeInstanceOf(Map)
        expect(decodeXsrfToken(text)?.version ?? 1).toBeLessThan(3)
      }),
      { numRuns: runs(1000) },
    )
  })

  test('a text of a million characters too', async () => {
    expect(await decoded('2|'.padEnd(1_000_000, '1'))).toBe(undefined)
    expect(await decoded(`2|1:0|10:1700000000|4:user|999999:${'a'.repeat(999_999)}|`)).toBe(
      undefined,
    )
  })
})

test('an XSRF token is the same under every mask', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      (token, mask) => {
        const masked = token.map((byte, index) => byte ^ (mask[index % 4] ?? 0))
        const text = `2|${encodeHex(mask)}|${encodeHex(masked)}|${NOW}`
        expect(decodeXsrfToken(text)).toEqual({ version: 2, token, timestamp: NOW })
      },
    ),
  )
})

describe('an adoption of a Tornado cookie', () => {
  const takeover = tornadoCookie({
    name: 'user',
    secret: (env: { readonly secret: string }) => env.secret,
    load: (value) => ({ userId: value }),
  })
  const env = { secret: SECRET }

  test('finds it as Tornado does, the last of its name, quoted or not', () => {
    expect(takeover(env).find('user=a; user="b\\054c"; other=d')).toBe('b,c')
    expect(takeover(env).find('other=d')).toBe(undefined)
  })

  test('has each signed text stand for itself', async () => {
    const one = await createSignedValue(SECRET, 'user', 'Ada', { now: NOW })
    const other = await createSignedValue(SECRET, 'user', 'Ada', { now: NOW - 1 })
    expect(await takeover(env).verify(one, NOW)).toEqual({ value: 'Ada', identity: one })
    expect(await takeover(env).verify(other, NOW)).toEqual({ value: 'Ada', identity: other })
    expect(await takeover({ secret: 'another' }).verify(one, NOW)).toBe(undefined)
  })

  test('takes no value that is no text', async () => {
    const bytes = Uint8Array.of(0xff)
    const signed = await createSignedValue(SECRET, 'user', bytes, { now: NOW })
    expect(await takeover(env).verify(signed, NOW)).toBe(undefined)
  })

  test('is remembered as long as the cookie is good', () => {
    expect(takeover(env).rememberSeconds).toBe(31 * DAY)
  })
})
