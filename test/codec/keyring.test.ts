import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { importKeyring, type Keyring, type Secrets } from '../../src/codec/keyring.ts'
import { sign } from '../../src/codec/mac.ts'
import { SessionError } from '../../src/errors.ts'
import { anyCharacter } from '../support/any-character.ts'

const NO_SECRETS =
  'ERR_SECRET: There are no secrets. Write secrets: (env) => [env.SESSION_SECRET], and make one: npx edge-session secret'
const GOOD = 'x'.repeat(32)

/** Imports what plain JavaScript can give. */
async function importAny(secrets: unknown): Promise<Keyring> {
  return importKeyring(secrets as Secrets)
}

async function refusalOf(secrets: unknown): Promise<unknown> {
  return importAny(secrets).catch((error: unknown) => error)
}

describe('secrets are refused', () => {
  test.for<[what: string, secrets: unknown, fault: string]>([
    ['short', ['too-short'], 'Secret 1 has 9 bytes'],
    ['of one byte', ['x'], 'Secret 1 has 1 bytes'],
    ['a byte too short', ['x'.repeat(31)], 'Secret 1 has 31 bytes'],
    ['short in the second place', [GOOD, 'too-short'], 'Secret 2 has 9 bytes'],
    ['short twice, the first of them', [GOOD, 'short', ''], 'Secret 2 has 5 bytes'],
    ['empty', [''], 'Secret 1 is missing'],
    ['undefined, as a binding that is not there', [undefined], 'Secret 1 is missing'],
    ['null', [null], 'Secret 1 is missing'],
    ['undefined in the second place', [GOOD, undefined], 'Secret 2 is missing'],
    ['a number', [12_345], 'Secret 1 is missing'],
    ['bytes', [new Uint8Array(32)], 'Secret 1 is missing'],
    ['a list in the list', [[GOOD]], 'Secret 1 is missing'],
  ])('when one is %s', async ([, secrets, fault]) => {
    const error = await refusalOf(secrets)
    expect(error).toBeInstanceOf(SessionError)
    expect(error).toMatchObject({
      code: 'ERR_SECRET',
      message: `ERR_SECRET: ${fault}. Use at least 32 bytes: npx edge-session secret`,
    })
  })

  test.for<[what: string, secrets: unknown]>([
    ['there are none', []],
    ['the list is missing', undefined],
    ['the list is null', null],
    ['a text stands in place of the list', GOOD],
    ['an object stands in place of the list', { 0: GOOD, length: 1 }],
  ])('when %s', async ([, secrets]) => {
    const error = await refusalOf(secrets)
    expect(error).toBeInstanceOf(SessionError)
    expect(error).toMatchObject({ code: 'ERR_SECRET', message: NO_SECRETS })
  })

  test('without a word of what they are', async () => {
    const error = await refusalOf([GOOD, 'hunter2'])
    expect(String(error instanceof Error ? error.stack : error)).not.toContain('hunter2')
  })
})

describe('a secret is measured in the bytes of its UTF-8 text:', () => {
  test.for<[secret: string, bytes: number]>([
    ['€'.repeat(10), 30],
    ['é'.repeat(15), 30],
    ['🔑'.repeat(7), 28],
  ])('%s has %i', async ([secret, bytes]) => {
    expect(await refusalOf([secret])).toMatchObject({
      message: `ERR_SECRET: Secret 1 has ${bytes} bytes. Use at least 32 bytes: npx edge-session secret`,
    })
  })

  test.for(['€'.repeat(11), 'é'.repeat(16), '🔑'.repeat(8), GOOD])(
    '%s is enough',
    async (secret) => {
      expect(await importKeyring([secret])).toHaveLength(1)
    },
  )
})

describe('a keyring', () => {
  test('has a key for each secret, in their order', async () => {
    const secrets = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(32))
    const alone = await Promise.all(secrets.map((secret) => importKeyring([secret])))
    const together = await importAny(secrets)
    expect(together.map(({ id }) => id)).toEqual(alone.map(([{ id }]) => id))
  })

  test('names each key by four base64url characters, distinct and always the same', async () => {
    const secrets = Array.from({ length: 40 }, (_, index) => `secret number ${index} `.repeat(3))
    const ids = (await importAny(secrets)).map(({ id }) => id)
    for (const id of ids) expect(id).toMatch(/^[\w-]{4}$/)
    expect(new Set(ids).size).toBe(ids.length)
    expect((await importAny(secrets)).map(({ id }) => id)).toEqual(ids)
  })

  test('keeps the names that tokens out there were signed under', async () => {
    const [{ id }] = await importKeyring([GOOD])
    expect(id).toBe('3Jty')
  })

  test('has another key for each purpose, and always the same', async () => {
    const macs = async (): Promise<string[]> => {
      const [{ key, keyFor }] = await importKeyring([GOOD])
      const others = (['renewal', 'csrf', 'adoption'] as const).map(keyFor)
      const keys = [key, ...(await Promise.all(others))]
      return Promise.all(keys.map((each) => sign(each, 'text')))
    }
    const first = await macs()
    expect(new Set(first).size).toBe(4)
    expect(await macs()).toEqual(first)
  })

  test('takes any text of 32 bytes or more, and its keys sign, verify and cannot be read back', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: anyCharacter, minLength: 32, maxLength: 200 }),
        async (secret) => {
          const [{ key }] = await importKeyring([secret])
          expect(key.extractable).toBe(false)
          expect(key.usages).toEqual(['sign', 'verify'])
          expect(key.algorithm).toMatchObject({ name: 'HMAC', hash: { name: 'SHA-256' } })
        },
      ),
      { numRuns: 50 },
    )
  })
})
