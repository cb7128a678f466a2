import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { cookieSessionCookie, loadSession, signedCookie } from '../../src/migrate/cookie-session.ts'
import { anyCharacter } from '../support/any-character.ts'
import { readByKeygrip, signedByKeygrip, useCookieSession } from '../support/cookie-session.mjs'
import { runs } from '../support/thorough.ts'
import { cookieHeader, forgedAt } from './moved-cookies.ts'
import { oneBitOff } from './one-bit-off.ts'

const KEY = 'the key of the old application'
const KEYS = { keys: [KEY] }
const DATA = { user: { id: 1, name: 'Zoë' }, cart: ['tea'] }

/** The Cookie header for a session of cookie-session. */
async function headerOf(data: object, keys: readonly string[] = [KEY]): Promise<string> {
  return cookieHeader((await useCookieSession({ keys }, { data })).setCookies)
}

const readThere = async (cookie: string, keys: readonly string[] = [KEY]): Promise<unknown> =>
  (await useCookieSession({ keys }, { cookie })).data

const readHere = (header: string, keys: string | readonly string[] = KEY): Promise<unknown> =>
  loadSession(header, 'session', { keys })

test.for<[what: string, data: object]>([
  ['a user', DATA],
  ['other languages', { text: 'Zoë 日本語 👩‍🚀', ключ: 'значение' }],
  ['all kinds of values', { a: null, b: true, c: -1.5e300, d: [[], {}], e: '' }],
  ['what cookies may not have', { text: 'a=b; c, "d" \\ % .\u0000\n' }],
  ['a padding of two', { a: 1 }],
  ['a padding of one', { a: 12 }],
  ['no padding', { a: 123 }],
  ['what is + and / in base64', { text: '>>>???~~~ÿÿÿ' }],
  ['as much as a cookie holds', { text: 'x'.repeat(2800) }],
])('a session of cookie-session is read: %s', async ([, data]) => {
  const header = await headerOf(data)
  expect(await readThere(header)).toEqual(data)
  expect(await readHere(header)).toEqual(data)
  expect(await readHere(`a=1; ${header}; session=second; session.sig=second`)).toEqual(data)
})

test('a session of cookie-session is read with any of the keys, and refused with none of them', async () => {
  const header = await headerOf(DATA)
  for (const keys of [['newer', KEY], [KEY, 'older'], [KEY]]) {
    expect(await readThere(header, keys)).toEqual(DATA)
    expect(await readHere(header, keys)).toEqual(DATA)
  }
  expect(await readThere(header, ['newer', 'older'])).toBe(undefined)
  expect(await readHere(header, ['newer', 'older'])).toBe(undefined)
  expect(await readHere(header, [])).toBe(undefined)
  const missing = expect.objectContaining({ code: 'ERR_SECRET' })
  await expect(readHere(header, '')).rejects.toEqual(missing)
  await expect(readHere(header, [KEY, ''])).rejects.toEqual(missing)
})

describe('a Cookie header that cookie-session refuses gives nothing:', () => {
  const good = headerOf(DATA)
  const SIGNATURE = '; session.sig='
  test.for<[what: string, forge: (header: string) => string]>([
    ['another value', (header) => forgedAt(header, 'session='.length + 3)],
    ['another end of the value', (header) => forgedAt(header, header.indexOf(';') - 1)],
    ['no value', (header) => header.replace(/^[^;]*/, 'session=')],
    ['a value without padding', (header) => header.replace(/=+;/, ';')],
    ['the beginning of the signature changed', (header) => forgedAt(header, -27)],
    ['the end of the signature changed', (header) => forgedAt(header, -3)],
    ['a signature of another length', (header) => header.slice(0, -4)],
    ['a padded signature', (header) => `${header}=`],
    ['an empty signature', (header) => header.replace(/sig=.*/, 'sig=')],
    ['no signature', (header) => header.slice(0, header.indexOf(SIGNATURE))],
    ['no cookie but the signature', (header) => header.slice(header.indexOf(SIGNATURE) + 2)],
    ['no cookie', () => ''],
    ['another name', (header) => header.replaceAll('session', 'Session')],
    ['a name that ends in this one', (header) => header.replaceAll('session', 'mysession')],
    ['the signature of another name', (header) => header.replace('session.sig', 'other.sig')],
    ['an earlier cookie of the name', (header) => `session=x; ${header}`],
    ['an earlier signature', (header) => `session.sig=x; ${header}`],
  ])('%s', async ([, forge]) => {
    const header = forge(await good)
    expect(await readThere(header)).toBe(undefined)
    expect(await readHere(header)).toBe(undefined)
  })

  test('the signature of another cookie of the application', async () => {
    const other = await useCookieSession({ keys: [KEY], name: 'other' }, { data: DATA })
    const header = cookieHeader(other.setCookies).replaceAll('other', 'session')
    expect(await readThere(header)).toBe(undefined)
    expect(await readHere(header)).toBe(undefined)
  })

  test('a signature by another key', async () => {
    expect(await readHere(await headerOf(DATA, ['a guess']))).toBe(undefined)
  })
})

describe('a cookie that Keygrip has signed', () => {
  test.for(['ada', 'a b', 'a=b', '%41', 'é', 'a.b', '{"a":1}'])('is read: %j', async (value) => {
    const header = signedByKeygrip('user', value, [KEY])
    expect(readByKeygrip(header, 'user', [KEY])).toBe(value)
    expect(await signedCookie(header, 'user', KEYS)).toBe(value)
    expect(await signedCookie(header, 'user', { ...KEYS, digest: 'SHA-256' })).toBe(undefined)
  })

  test('is read with SHA-256, where the application has that', async () => {
    const header = signedByKeygrip('user', 'ada', [KEY], 'sha256')
    expect(readByKeygrip(header, 'user', [KEY], 'sha256')).toBe('ada')
    expect(await signedCookie(header, 'user', { ...KEYS, digest: 'SHA-256' })).toBe('ada')
    expect(await signedCookie(header, 'user', KEYS)).toBe(undefined)
  })

  test('is read in quotes, and where workerd has joined two Cookie headers by a comma', async () => {
    const header = signedByKeygrip('user', 'ada', [KEY])
    const quoted = header.replace('user=ada', 'user="ada"')
    expect(readByKeygrip(quoted, 'user', [KEY])).toBe('ada')
    expect(await signedCookie(quoted, 'user', KEYS)).toBe('ada')
    expect(await signedCookie(`${header}, theme=dark`, 'user', KEYS)).toBe('ada')
  })

  test('is refused with any bit of any of its characters changed', async () => {
    const [value = '', signature = ''] = signedByKeygrip('user', 'ada', [KEY]).split('; user.sig=')
    const forged = [
      ...oneBitOff('ada').map((text) => `user=${text}; user.sig=${signature}`),
      ...oneBitOff(signature).map((text) => `${value}; user.sig=${text}`),
    ]
    const taken = await Promise.all(forged.map((header) => signedCookie(header, 'user', KEYS)))
    expect(taken.filter((text) => text !== undefined)).toEqual([])
  })
})

test('what is no session in JSON is none, though it is signed', async () => {
  const values = ['ada', 'W10=', 'bnVsbA==', 'ImFkYSI=', 'e30', 'e31=', '{}', '/w==']
  const headers = values.map((value) => signedByKeygrip('session', value, [KEY]))
  expect(await Promise.all(headers.map((header) => readHere(header)))).toEqual(
    values.map(() => undefined),
  )
  expect(await readHere(signedByKeygrip('session', 'e30=', [KEY]))).toEqual({})
})

test('whatever text comes, is refused, and nothing is thrown', async () => {
  const texts = fc.oneof(
    fc.string({ unit: anyCharacter }),
    fc.stringMatching(/^[\w+/]{0,9}={0,2}; session\.sig=[\w-]{27}$/),
    fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
  )
  await fc.assert(
    fc.asyncProperty(texts, async (text) => {
      expect(await readHere(`session=${text}`)).toBe(undefined)
      expect(await readHere(`session=e30=; session.sig=${text}`)).toBe(undefined)
    }),
    { numRuns: runs(1000) },
  )
})

describe('an adoption of a session of cookie-session', () => {
  const takeover = cookieSessionCookie({
    name: 'session',
    keys: (env: { readonly keys: string[] }) => env.keys,
    load: ({ user }: { user: { name: string } }, { keys }) => ({
      data: { name: user.name, count: keys.length },
    }),
  })({ keys: ['newer', KEY] })

  test('stands for the data, whichever key has signed', async () => {
    const text = takeover.find(await headerOf(DATA)) ?? ''
    const old = await takeover.verify(text, 0)
    expect(old?.identity).toBe(btoa(unescape(encodeURIComponent(JSON.stringify(DATA)))))
    expect(await takeover.load(old?.value ?? '')).toEqual({ data: { name: 'Zoë', count: 2 } })
    const newer = takeover.find(await headerOf(DATA, ['newer'])) ?? ''
    expect(newer).not.toBe(text)
    expect(await takeover.verify(newer, 0)).toEqual(old)
  })

  test('finds no cookie without one, and none genuine without its signature', async () => {
    expect(takeover.find('session.sig=x')).toBe(undefined)
    const [value = ''] = (await headerOf(DATA)).split(';')
    expect(await takeover.verify(takeover.find(value) ?? '', 0)).toBe(undefined)
    const forged = takeover.find(await headerOf(DATA, ['a guess'])) ?? ''
    expect(await takeover.verify(forged, 0)).toBe(undefined)
  })

  test('clears the cookie and its signature', () => {
    const rest = 'Max-Age=0; Path=/; HttpOnly; SameSite=Lax'
    expect(takeover.cleared('')).toEqual([`session=; ${rest}`, `session.sig=; ${rest}`])
  })
})
