import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'

import * as native from '../../src/codec/base64url.ts'

type Codec = typeof native

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'.split('')

const VECTORS = [
  // RFC 4648 section 10, without padding.
  ['', ''],
  ['f', 'Zg'],
  ['fo', 'Zm8'],
  ['foo', 'Zm9v'],
  ['foob', 'Zm9vYg'],
  ['fooba', 'Zm9vYmE'],
  ['foobar', 'Zm9vYmFy'],
  // Section 5: where the URL-safe alphabet differs.
  ['\u00fb\u00ff\u00fe', '-__-'],
] as const

const LACKING = [
  ['neither', []],
  ['toBase64', ['fromBase64']],
  ['fromBase64', ['toBase64']],
] as const

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0))
}

/** What a codec gives where the runtime has just these of the two functions, as Node 24 has neither. */
async function resultWith<T>(
  functions: readonly string[],
  use: (codec: Codec) => T,
): Promise<[T, Codec]> {
  const owners = { toBase64: Uint8Array.prototype, fromBase64: Uint8Array }
  const lost = Object.entries(owners)
    .filter(([name]) => !functions.includes(name))
    .map(([name, owner]) => {
      const property = Object.getOwnPropertyDescriptor(owner, name) ?? {}
      return { name, owner, property }
    })
  try {
    for (const { owner, name } of lost) Reflect.deleteProperty(owner, name)
    vi.resetModules()
    const codec = await import('../../src/codec/base64url.ts')
    return [use(codec), codec]
  } finally {
    for (const { owner, name, property } of lost) Object.defineProperty(owner, name, property)
    vi.resetModules()
  }
}

test('a codec made without the runtime’s functions is another one, and they are there again', async () => {
  const [had, fallback] = await resultWith([], () => 'toBase64' in Uint8Array.prototype)
  expect(had).toBe(false)
  expect(fallback.encodeBase64url).not.toBe(native.encodeBase64url)
  expect(Uint8Array.fromBase64('Zm8=').toBase64()).toBe('Zm8=')
})

describe.for([['both', ['toBase64', 'fromBase64']] as const, ...LACKING])(
  'where the runtime has %s of toBase64 and fromBase64, the codec',
  ([, functions]) => {
    test('agrees with RFC 4648', async () => {
      const [results] = await resultWith(functions, (codec) =>
        VECTORS.map(([text, encoded]) => [
          codec.encodeBase64url(bytesOf(text)),
          codec.decodeBase64url(encoded),
        ]),
      )
      expect(results).toEqual(VECTORS.map(([text, encoded]) => [encoded, bytesOf(text)]))
    })

    test('gives every byte sequence back, and the same text as any other runtime', async () => {
      const samples = fc.sample(fc.uint8Array({ maxLength: 100 }), 1000)
      const [results] = await resultWith(functions, (codec) =>
        samples.map((bytes) => {
          const text = codec.encodeBase64url(bytes)
          return [text, codec.decodeBase64url(text).join()]
        }),
      )
      expect(results).toEqual(samples.map((bytes) => [native.encodeBase64url(bytes), bytes.join()]))
      expect(results.filter(([text = '']) => !/^[\w-]*$/.test(text))).toEqual([])
    })

    test('takes a buffer, and of a view its own part only', async () => {
      const bytes = bytesOf('foobar')
      const [results] = await resultWith(functions, ({ encodeBase64url }) => [
        encodeBase64url(bytes.buffer),
        encodeBase64url(bytes.subarray(3)),
      ])
      expect(results).toEqual(['Zm9vYmFy', 'YmFy'])
    })
  },
)

describe('the canonical spelling of 32 bytes', () => {
  test('is the encoded one, and no other last character passes for it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
        const text = native.encodeBase64url(bytes)
        expect(native.isCanonical32(text)).toBe(true)
        // The four spellings that a decoder takes for these bytes differ in the last character.
        const same = BASE64URL.map((last) => text.slice(0, -1) + last).filter(
          (other) => native.decodeBase64url(other).join() === bytes.join(),
        )
        expect(same).toHaveLength(4)
        expect(same.filter(native.isCanonical32)).toEqual([text])
      }),
      { numRuns: 50 },
    )
  })

  test('has one of sixteen last characters', () => {
    const canonical = BASE64URL.filter((last) => native.isCanonical32('A'.repeat(42) + last))
    expect(canonical.join('')).toBe('AEIMQUYcgkosw048')
  })

  const text = native.encodeBase64url(new Uint8Array(32).fill(0xfb))

  test.for<[what: string, spelling: string]>([
    ['padding', `${text}=`],
    ['a space before', ` ${text}`],
    ['a space after', `${text} `],
    ['a line feed after', `${text}\n`],
    ['a space inside', `${text.slice(0, 20)} ${text.slice(21)}`],
    ['a space more inside', `${text.slice(0, 20)} ${text.slice(20)}`],
    ['a plus of the standard alphabet', text.replace('-', '+')],
    ['a slash of the standard alphabet', text.replace('_', '/')],
    ['a dot', `.${text.slice(1)}`],
    ['a letter that is not ASCII', `é${text.slice(1)}`],
    ['a character less', text.slice(1)],
    ['a character more', `A${text}`],
    ['a line more', `${text}\n${text}`],
    ['nothing', ''],
  ])('does not have %s', ([, spelling]) => {
    expect(text).toContain('-')
    expect(text).toContain('_')
    expect(native.isCanonical32(spelling)).toBe(false)
  })
})

test.for([
  ['by the runtime', ['toBase64', 'fromBase64']],
  ['without it', []],
] as const)('hexadecimal has two lower-case digits a byte, %s', async ([, functions]) => {
  const [, codec] = await resultWith(functions, () => undefined)
  const bytes = Uint8Array.of(0, 1, 15, 16, 171, 255)
  expect(codec.encodeHex(bytes)).toBe('00010f10abff')
  expect(codec.decodeHex('00010f10abff')).toEqual(bytes)
  expect(codec.encodeHex(new Uint8Array())).toBe('')
  expect(codec.decodeHex('')).toEqual(new Uint8Array())
})
