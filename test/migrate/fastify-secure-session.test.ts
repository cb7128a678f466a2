import { secretbox } from '@noble/ciphers/salsa.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { derivedKey } from '../../examples/migrate/secure-session-key.mjs'
import {
  decodeSecureSession,
  type DecodeOptions,
  secureSessionCookie,
} from '../../src/migrate/fastify-secure-session.ts'
import { anyCharacter } from '../support/any-character.ts'
import { secureSessionText } from '../support/secure-session-text.ts'
import { useSecureSession } from '../support/secure-session.mjs'
import { runs } from '../support/thorough.ts'
import { cookieHeader, forgedAt } from './moved-cookies.ts'

const KEY = new Uint8Array(32).fill(7)
const OTHER = new Uint8Array(32).fill(8)
const DATA = { user: { id: 1, name: 'Zoë' }, cart: ['tea'] }
const DAY = 86_400

async function headerOf(data: object, key: DecodeOptions['key'] = Buffer.from(KEY)) {
  return cookieHeader((await useSecureSession({ key }, { data })).setCookies)
}

async function readThere(cookie: string, key: DecodeOptions['key'] = Buffer.from(KEY)) {
  return (await useSecureSession({ key }, { cookie })).data
}

/** What ours has for a Cookie header; an empty object where the package has that. */
async function readHere(
  header: string,
  options: Partial<DecodeOptions> = {},
  name = 'session',
): Promise<object> {
  const adoption = secureSessionCookie({
    name,
    key: KEY,
    secretbox,
    load: (data: Record<string, unknown>) => data,
    ...options,
  })
  const { find, verify } = adoption(undefined)
  const text = find(header)
  const found =
    text === undefined ? undefined : await verify(text, options.now ?? Date.now() / 1000)
  return JSON.parse(found?.value ?? '{}') as object
}

test.for<[what: string, data: object]>([
  ['a user', DATA],
  ['one byte', { a: 1 }],
  ['other languages', { text: 'Zoë 日本語 👩‍🚀', ключ: 'значение' }],
  ['half a character', { text: '\uD800' }],
  ['a mark of the order of bytes', { text: '\uFEFF' }],
  ['all kinds of values', { a: null, b: true, c: -1.5e300, d: [[], {}], e: '', f: ';.%+/=' }],
  ['keys of objects', { constructor: 1, toJSON: 2, hasOwnProperty: 3 }],
  ['as much as a cookie holds', { text: 'x'.repeat(2800) }],
])('a session is read: %s', async ([, data]) => {
  const header = await headerOf(data)
  expect(await readThere(header)).toEqual(data)
  expect(await readHere(header)).toEqual(data)
  expect(await readHere(`a=1; ${header}; session=second`)).toEqual(data)
  const text = decodeURIComponent(header.slice('session='.length))
  expect(decodeSecureSession(text, { key: KEY, secretbox })).toEqual(data)
})

test('sessions of each length of the padding are read', async () => {
  for (let length = 0; length < 12; length += 1) {
    const data = { text: 'x'.repeat(length) }
    expect(await readHere(await headerOf(data))).toEqual(data)
  }
})

test('a session is read under rotated keys, whichever of them encrypted it', async () => {
  const buffers = [Buffer.from(OTHER), Buffer.from(KEY)]
  const [newer, older] = [await headerOf(DATA, buffers), await headerOf(DATA)]
  for (const header of [newer, older]) {
    expect(await readThere(header, buffers)).toEqual(DATA)
    expect(await readHere(header, { key: [OTHER, KEY] })).toEqual(DATA)
    for (const key of [KEY, OTHER]) {
      const there = await readThere(header, Buffer.from(key))
      expect(await readHere(header, { key })).toEqual(there)
      expect(await readHere(header, { key: [key] })).toEqual(there)
    }
  }
  expect(await readHere(older, { key: OTHER })).toEqual({})
  expect(await readHere(older, { key: [] })).toEqual({})
})

test('a key is given as its base64, in any of its forms, or as bytes', async () => {
  const key = Uint8Array.from({ length: 32 }, (_, index) => 255 - index)
  const base64 = Buffer.from(key).toString('base64')
  const forms = [
    base64,
    base64.replace('=', ''),
    `${base64}\n`,
    Buffer.from(key).toString('base64url'),
  ]
  const header = await headerOf(DATA, base64)
  expect(base64).toMatch(/[+/].*=/)
  for (const form of forms) {
    expect(await readThere(header, form)).toEqual(DATA)
    expect(await readHere(header, { key: form })).toEqual(DATA)
  }
  expect(await readHere(header, { key: [OTHER, base64] })).toEqual(DATA)
  expect(await readHere(header, { key })).toEqual(DATA)
})

test('a key that was derived from a secret is derived in Node by the example', async () => {
  const secret = 'the secret of the old application'
  for (const salt of [undefined, 'sixteen letters!']) {
    const options = { secret, ...(salt !== undefined && { salt: Buffer.from(salt) }) }
    const header = cookieHeader((await useSecureSession(options, { data: DATA })).setCookies)
    expect(await readHere(header, { key: derivedKey(secret, salt) })).toEqual(DATA)
  }
})

test('a session is refused when it has expired, counted from its last change', async () => {
  const before = Math.floor(Date.now() / 1000)
  const header = await headerOf(DATA)
  const after = Math.ceil(Date.now() / 1000)
  expect(await readHere(header, { now: before + DAY })).toEqual(DATA)
  expect(await readHere(header, { now: after + DAY + 1 })).toEqual({})
  expect(await readHere(header, { expiry: 0, now: before + DAY })).toEqual(DATA)
  expect(await readHere(header, { expiry: 0, now: after + DAY + 1 })).toEqual({})
  expect(await readHere(header, { expiry: 60, now: before + 59 })).toEqual(DATA)
  expect(await readHere(header, { expiry: 60, now: after + 60 })).toEqual({})
  expect(await readHere(header, { expiry: 60 * DAY, now: after + 59 * DAY })).toEqual(DATA)
  expect(await readHere(header, { expiry: Infinity, now: after + 4000 * DAY })).toEqual(DATA)
})

test('the time of a session is that of the package', async () => {
  const expiry = 100
  for (const age of [-1000, 0, 98, 102, 1000]) {
    const data = { a: 1, __ts: Math.round(Date.now() / 1000) - age }
    const { setCookies } = await useSecureSession({ key: Buffer.from(KEY) }, { data })
    const header = cookieHeader(setCookies)
    const there = await useSecureSession({ key: Buffer.from(KEY), expiry }, { cookie: header })
    expect(there.data).toEqual(age < expiry ? { a: 1 } : {})
    expect(await readHere(header, { expiry })).toEqual(there.data)
  }
})

test('a session without a time is refused: it would never expire', async () => {
  const cookies = ['{"a":1}', '{"a":1,"__ts":"2000000000"}', '{"a":1,"__ts":null}']
  for (const text of cookies) expect(await readHere(headerWith(text))).toEqual({})
  expect(await readHere(headerWith(`{"a":1,"__ts":${Date.now() / 1000}}`))).toEqual({ a: 1 })
})

test('a session of another name of session and cookie is read by the cookie’s', async () => {
  const key = Buffer.from(KEY)
  const named = { key, sessionName: 'visit', cookieName: '__Host-visit', cookie: { path: '/' } }
  const header = cookieHeader((await useSecureSession(named, { data: DATA })).setCookies)
  expect(header).toMatch(/^__Host-visit=/)
  expect(await readHere(header, {}, '__Host-visit')).toEqual(DATA)
  expect(await readHere(header, {}, 'visit')).toEqual({})
  expect(await readHere(header)).toEqual({})
})

test('a session that is signed besides is read, without regard to the signature', async () => {
  const options = { key: Buffer.from(KEY), cookie: { path: '/', signed: true } }
  const header = cookieHeader((await useSecureSession(options, { data: DATA })).setCookies)
  expect(decodeURIComponent(header)).toMatch(/^session=[^;]+;[^;.]+\.[^.;]+$/)
  expect((await useSecureSession(options, { cookie: header })).data).toEqual(DATA)
  expect(await readHere(header)).toEqual(DATA)
  // The box is authenticated by itself.
  expect(await readHere(forgedAt(header, -1))).toEqual(DATA)
  const [unsigned = ''] = header.split('.')
  expect((await useSecureSession(options, { cookie: unsigned })).data).toEqual(DATA)
  expect(await readHere(unsigned)).toEqual(DATA)
})

describe('a session is refused, as there, with', () => {
  const inParts =
    (forge: (box: string, nonce: string) => string) =>
    (header: string): string => {
      const [box = '', nonce = ''] = decodeURIComponent(header.slice('session='.length)).split(';')
      return `session=${encodeURIComponent(forge(box, nonce))}`
    }

  test.for<[what: string, forge: (header: string) => string]>([
    ['another tag', inParts((box, nonce) => `${forgedAt(box, 0)};${nonce}`)],
    ['another end of the tag', inParts((box, nonce) => `${forgedAt(box, 20)};${nonce}`)],
    ['another text', inParts((box, nonce) => `${forgedAt(box, 40)};${nonce}`)],
    ['another end of the text', inParts((box, nonce) => `${forgedAt(box, -5)};${nonce}`)],
    ['another nonce', inParts((box, nonce) => `${box};${forgedAt(nonce, 0)}`)],
    ['another end of the nonce', inParts((box, nonce) => `${box};${forgedAt(nonce, -1)}`)],
    ['a shorter box', inParts((box, nonce) => `${box.slice(0, -8)};${nonce}`)],
    ['a box of 15 bytes', inParts((box, nonce) => `${box.slice(0, 20)};${nonce}`)],
    ['a box of 16 bytes', inParts((box, nonce) => `${box.slice(0, 22)};${nonce}`)],
    ['a longer box', inParts((box, nonce) => `AAAA${box};${nonce}`)],
    ['a shorter nonce', inParts((box, nonce) => `${box};${nonce.slice(0, -4)}`)],
    ['a longer nonce', inParts((box, nonce) => `${box};${nonce}AAAA`)],
    ['nonce and box interchanged', inParts((box, nonce) => `${nonce};${box}`)],
    ['no box', inParts((_, nonce) => `;${nonce}`)],
    ['no nonce', inParts((box) => `${box};`)],
    ['no semicolon', inParts((box, nonce) => `${box}${nonce}`)],
    ['only a box', inParts((box) => box)],
    ['a semicolon alone', inParts(() => ';')],
    ['an empty cookie', () => 'session='],
    ['no cookie', () => ''],
    ['a raw semicolon, which ends a cookie', (header) => header.replace('%3B', ';')],
    ['what cannot be percent-decoded', (header) => header.replace('%3B', '%3')],
    ['another name', (header) => header.replace('session', 'visit')],
    ['a name that ends in this one', (header) => `my-${header}`],
    ['a name in capitals', (header) => header.replace('session', 'SESSION')],
    ['an earlier cookie of the name', (header) => `session=x; ${header}`],
  ])('%s', async ([, forge]) => {
    const header = forge(await headerOf(DATA))
    expect(await readThere(header)).toEqual({})
    expect(await readHere(header)).toEqual({})
  })

  test('the text of another session', async () => {
    const parts = async (data: object): Promise<string[]> =>
      decodeURIComponent((await headerOf(data)).slice('session='.length)).split(';')
    const [[box], [, nonce]] = [await parts({ user: 'ada' }), await parts({ user: 'eve' })]
    const header = `session=${encodeURIComponent(`${box};${nonce}`)}`
    expect(await readThere(header)).toEqual({})
    expect(await readHere(header)).toEqual({})
  })

  test('any one of its bits changed', async () => {
    const header = await headerOf({ a: 1 })
    const text = decodeURIComponent(header.slice('session='.length))
    const [box = '', nonce = ''] = text.split(';').map((part) => atob(part))
    const whole = box + nonce
    for (let bit = 0; bit < whole.length * 8; bit += 1) {
      const at = bit >> 3
      const byte = String.fromCharCode(whole.charCodeAt(at) ^ (1 << (bit & 7)))
      const changed = whole.slice(0, at) + byte + whole.slice(at + 1)
      const forged = `${btoa(changed.slice(0, box.length))};${btoa(changed.slice(box.length))}`
      expect(decodeSecureSession(forged, { key: KEY, secretbox })).toBe(undefined)
    }
  })
})

test('a second spelling of a session is refused, which the package reads', async () => {
  const spelled = (text: string): string => `session=${encodeURIComponent(text)}`
  const isPadded = (text: string): boolean => /[^=]=;/.test(text)
  let text = ''
  for (let length = 0; !isPadded(text); length += 1) {
    const header = await headerOf({ text: 'x'.repeat(length) })
    text = decodeURIComponent(header.slice('session='.length))
  }
  const [box = '', nonce = ''] = text.split(';')
  for (const other of [
    `${box.replace('=', '')};${nonce}`,
    `${box.slice(0, 8)}\n${box.slice(8)};${nonce}`,
    `${box};${nonce};more`,
    `${box.slice(0, -2)}${nextLetter(box.at(-2))}=;${nonce}`,
  ]) {
    expect(await readThere(spelled(other))).toMatchObject({ text: expect.any(String) })
    expect(await readHere(spelled(other))).toEqual({})
  }
})

test('what is no session throws nothing, whatever text it is', async () => {
  const texts = fc.oneof(
    fc.string({ unit: anyCharacter }),
    fc.stringMatching(/^[\w+/]{22,90}={0,2};[\w+/]{32}$/),
    fc.string({ unit: anyCharacter }).map((text) => secureSessionText(text, KEY)),
    fc.json().map((text) => secureSessionText(text, KEY)),
  )
  await fc.assert(
    fc.asyncProperty(texts, async (text) => {
      expect(await readHere(`session=${text}`)).toEqual({})
      expect(decodeSecureSession(text, { key: KEY, secretbox })).toBe(undefined)
    }),
    { numRuns: runs(1000) },
  )
})

test('a session that is longer than a request’s headers is not opened, though it is genuine', () => {
  const read = (length: number): unknown => {
    const session = JSON.stringify({ text: 'x'.repeat(length), __ts: Date.now() / 1000 })
    return decodeSecureSession(secureSessionText(session, KEY), { key: KEY, secretbox })
  }
  expect(read(98_000)).toEqual({ text: 'x'.repeat(98_000) })
  expect(read(98_400)).toBe(undefined)
})

test('values that are not objects are refused', async () => {
  for (const text of ['[1]', '"ada"', 'null', '{', '', '12']) {
    expect(await readHere(headerWith(text))).toEqual({})
  }
})

test('an invalid key is an error, also for a cookie that is no session', async () => {
  const invalid = expect.objectContaining({ code: 'ERR_SECRET' })
  const keys = ['', 'short', new Uint8Array(31), undefined, 'x'.repeat(44), [KEY, 'short']]
  for (const key of keys as readonly string[]) {
    await expect(readHere('session=x', { key })).rejects.toEqual(invalid)
    expect(() => decodeSecureSession('x', { key, secretbox })).toThrow(invalid)
  }
})

test('an expiry that is not a number is an error, before any request', () => {
  const load = (): undefined => undefined
  for (const expiry of [Number.NaN, -1, '60', null] as readonly number[]) {
    const invalid = expect.objectContaining({ code: 'ERR_OPTION' })
    const options = { key: KEY, secretbox, expiry }
    expect(() => secureSessionCookie({ ...options, name: 'session', load })).toThrow(invalid)
    expect(() => decodeSecureSession('x', options)).toThrow(invalid)
  }
})

/** The Cookie header for a session with this text in it. */
function headerWith(text: string): string {
  return `session=${encodeURIComponent(secureSessionText(text, KEY))}`
}

/** Another last letter of base64 that stands for the same byte and other bits after it. */
function nextLetter(letter = ''): string {
  const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
  return ALPHABET.charAt(ALPHABET.indexOf(letter) + 1)
}
