import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { ironSessionCookie, sealOf, unsealData } from '../../src/migrate/iron-session.ts'
import { anyCharacter } from '../support/any-character.ts'
import { ironCookies, type IronVersion, readIron } from '../support/sealed-cookies.mjs'
import { runs } from '../support/thorough.ts'
import { cookieHeader, forgedAt } from './moved-cookies.ts'
import { newMovedApp, visitorWith } from './moved.ts'

const VERSIONS: readonly IronVersion[] = ['iron-session 8', 'iron-session 9']
const PASSWORD = 'the old password, of more than 32 characters'
const OTHER = 'another password, of more than 32 characters'
const NAME = 'app-session'
const DATA = { user: { id: 1, name: 'Zoë' }, cart: ['tea'] }
const IRON = { password: PASSWORD }
const DAY = 86_400

/** What ours has for a Cookie header; an empty object where iron-session has that. */
async function readHere(
  header: string,
  password: Parameters<typeof unsealData>[1]['password'] = PASSWORD,
  now = Date.now() / 1000,
): Promise<object> {
  const seal = sealOf(header, NAME)
  return (seal === undefined ? undefined : await unsealData(seal, { password, now })) ?? {}
}

describe.for(VERSIONS)('%s', (version) => {
  test.for<[what: string, data: object]>([
    ['a user', DATA],
    ['nothing', {}],
    ['other languages', { text: 'Zoë 日本語 👩‍🚀', ключ: 'значение' }],
    ['all kinds of values', { a: null, b: true, c: -1.5e300, d: [[], {}], e: '', f: '~*.%' }],
    ['keys of objects', { constructor: 1, toJSON: 2, hasOwnProperty: 3 }],
    ['as much as a cookie holds', { text: 'x'.repeat(2500) }],
    ['what looks like the former format', { persistent: { user: 'eve' } }],
  ])('has its session read: %s', async ([, data]) => {
    const header = cookieHeader(await ironCookies(version, data, IRON))
    expect(await readIron(version, header, IRON)).toEqual(data)
    expect(await readHere(header)).toEqual(data)
    expect(await readHere(`a=1; ${header}; ${NAME}=second`)).toEqual(data)
  })

  test('has its session read under rotated passwords, by their ids', async () => {
    const header = cookieHeader(await ironCookies(version, DATA, IRON))
    const newer = cookieHeader(
      await ironCookies(version, DATA, { password: { 1: PASSWORD, 2: OTHER } }),
    )
    for (const password of [
      { 1: PASSWORD, 2: OTHER },
      { 1: PASSWORD, 7: OTHER },
      { 2: PASSWORD },
      { 1: OTHER, 2: PASSWORD },
      { 2: OTHER },
    ]) {
      for (const each of [header, newer]) {
        expect(await readHere(each, password)).toEqual(await readIron(version, each, { password }))
      }
    }
    expect(await readHere(header, { 1: PASSWORD, 2: OTHER })).toEqual(DATA)
    expect(await readHere(newer, { 1: PASSWORD, 2: OTHER })).toEqual(DATA)
    expect(await readHere(newer, PASSWORD)).toEqual({})
  })

  test('has its session refused when it has expired, a minute late as there', async () => {
    const before = Math.floor(Date.now() / 1000)
    const header = cookieHeader(await ironCookies(version, DATA, { ...IRON, ttl: DAY }))
    const after = Math.ceil(Date.now() / 1000)
    expect(await readHere(header, PASSWORD, before + DAY + 59)).toEqual(DATA)
    expect(await readHere(header, PASSWORD, after + DAY + 60)).toEqual({})
    const endless = cookieHeader(await ironCookies(version, DATA, { ...IRON, ttl: 0 }))
    expect(await readHere(endless, PASSWORD, after + 4000 * DAY)).toEqual(DATA)
  })

  test('writes random seals: two of the same data are two cookies', async () => {
    const [first, second] = [
      await ironCookies(version, DATA, IRON),
      await ironCookies(version, DATA, IRON),
    ]
    expect(first).not.toEqual(second)
  })

  const PARTS = ['prefix', 'id', 'salt', 'IV', 'text', 'end', 'salt of the MAC', 'MAC']
  const forgePart =
    (index: number, forge: (part: string) => string) =>
    (pair: string): string =>
      pair
        .split('*')
        .map((part, at) => (at === index ? forge(part) : part))
        .join('*')

  test.for<[what: string, forge: (pair: string) => string]>([
    ...PARTS.flatMap((part, index): [string, (pair: string) => string][] => [
      [`another ${part}`, forgePart(index, (text) => forgedAt(text, index === 7 ? 3 : -1))],
      [`no ${part}`, forgePart(index, () => (index === 0 ? `${NAME}=` : ''))],
    ]),
    ['a later end', forgePart(5, () => String(Date.now() + 1000 * DAY * 1000))],
    ['an end that is no number', forgePart(5, () => '1e99')],
    ['a part too few', (pair) => pair.slice(0, pair.lastIndexOf('*'))],
    ['a part too many', (pair) => pair.replace('~2', '*~2')],
    ['another version of iron', (pair) => pair.replace('Fe26.2', 'Fe26.1')],
    ['the id of no password', forgePart(1, () => '2')],
    ['the id of an object’s property', forgePart(1, () => 'constructor')],
    ['another name', (pair) => pair.replace(NAME, 'session')],
    ['a name that ends in this one', (pair) => `my-${pair}`],
    ['an earlier cookie of the name', (pair) => `${NAME}=x; ${pair}`],
    ['an empty cookie', () => `${NAME}=`],
    ['no cookie', () => ''],
    ['only the version', () => `${NAME}=~2`],
  ])('has its session refused with %s, as there', async ([, forge]) => {
    const header = forge(cookieHeader(await ironCookies(version, DATA, IRON)))
    expect(await readIron(version, header, IRON)).toEqual({})
    expect(await readHere(header)).toEqual({})
  })
})

test('a seal of iron-session 9 is read by version 8, and by ours in the same way', async () => {
  const header = cookieHeader(await ironCookies('iron-session 9', DATA, IRON))
  expect(await readIron('iron-session 8', header, IRON)).toEqual(DATA)
  // Version 8 reads another format where the number behind the seal, which is not signed, is another one.
  for (const end of ['', '~1', '~2~1', '~x']) {
    const changed = header.replace('~2', end)
    expect(await readIron('iron-session 9', changed, IRON)).toEqual(DATA)
    expect(await readHere(changed)).toEqual(DATA)
  }
})

describe('a session of iron-session 9 in several cookies', () => {
  const OPTIONS = { ...IRON, chunk: true }
  const LARGE = { text: Array.from({ length: 400 }, (_, index) => `日本 ${index}`).join(' ') }
  const chunked = ironCookies('iron-session 9', LARGE, OPTIONS)

  test('is read whole', async () => {
    const cookies = await chunked
    expect(cookies.length).toBeGreaterThan(1)
    const header = cookieHeader(cookies)
    expect(await readIron('iron-session 9', header, OPTIONS)).toEqual(LARGE)
    expect(await readHere(header)).toEqual(LARGE)
    expect(await readHere(`${NAME}=; ${cookieHeader(cookies.toReversed())}`)).toEqual(LARGE)
    // It counts to the version behind the seal.
    const withStale = `${header}; ${NAME}.${cookies.length}=stale`
    expect(await readIron('iron-session 9', withStale, OPTIONS)).toEqual(LARGE)
    expect(await readHere(withStale)).toEqual(LARGE)
  })

  test.for<[what: string, change: (cookies: readonly string[]) => string]>([
    ['one missing', (cookies) => cookieHeader(cookies.slice(1))],
    ['the last missing', (cookies) => cookieHeader(cookies.slice(0, -1))],
    [
      'one of another order',
      ([first = '', second = '', ...rest]) =>
        cookieHeader([first.replace('.0=', '.1='), second.replace('.1=', '.0='), ...rest]),
    ],
    ['a whole cookie beside', (cookies) => `${NAME}=x; ${cookieHeader(cookies)}`],
    ['one of another name', (cookies) => cookieHeader(cookies).replace(`${NAME}.1`, 'other.1')],
  ])('is refused with %s, as there', async ([, change]) => {
    const header = change(await chunked)
    expect(await readIron('iron-session 9', header, OPTIONS)).toEqual({})
    expect(await readHere(header)).toEqual({})
  })

  test('is adopted, and every part is cleared', async () => {
    const app = newMovedApp(
      ironSessionCookie({
        name: NAME,
        password: PASSWORD,
        load: ({ text }: { text: string }) => ({ data: { text } }),
      }),
    )
    const browser = visitorWith(app, await ironCookies('iron-session 9', LARGE, OPTIONS))
    expect(await browser.json('/')).toEqual({ data: LARGE, flash: {} })
    expect([...browser.cookies.keys()]).toEqual(['__Host-session'])
  })
})

describe('what is no seal of iron-session', () => {
  test('throws nothing, whatever text it is', async () => {
    const texts = fc.oneof(
      fc.string({ unit: anyCharacter }),
      fc.stringMatching(
        /^Fe26\.2\*1\*[0-9a-f]{0,9}\*[\w-]{22}\*[\w-]{22}\*\d{0,20}\*[0-9a-f]{0,9}\*[\w-]{43}~2$/,
      ),
      fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
    )
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        expect(await readHere(`${NAME}=${text}`)).toEqual({})
        expect(await unsealData(text, { password: PASSWORD })).toBe(undefined)
      }),
      { numRuns: runs(1000) },
    )
  })

  test('is a seal that is longer than a request’s headers, though it is genuine', async () => {
    const jsonOf = (length: number): string => JSON.stringify({ text: 'x'.repeat(length) })
    const [within, beyond] = [await sealed(jsonOf(98_000)), await sealed(jsonOf(98_400))]
    expect([within.length < 131_000, beyond.length > 131_200]).toEqual([true, true])
    expect(await unsealData(within, { password: PASSWORD })).toEqual(JSON.parse(jsonOf(98_000)))
    expect(await unsealData(beyond, { password: PASSWORD })).toBe(undefined)
  })

  test('is a seal of lists in lists, as deep as they may be', async () => {
    const deep = `{"a":${'['.repeat(40_000)}`
    expect(await unsealData(await sealed(deep), { password: PASSWORD })).toBe(undefined)
  })

  test('is a seal of anything but an object', async () => {
    const seals = await Promise.all(['[1]', '"ada"', 'null', '{', ''].map(sealed))
    const read = seals.map((seal) => unsealData(seal, { password: PASSWORD }))
    expect(await Promise.all(read)).toEqual(seals.map(() => undefined))
    expect(await unsealData(await sealed('{"a":1}'), { password: PASSWORD })).toEqual({ a: 1 })
  })

  test('is one with a missing password, which is said', async () => {
    const header = cookieHeader(await ironCookies('iron-session 9', DATA, IRON))
    const missing = expect.objectContaining({ code: 'ERR_SECRET' })
    await expect(readHere(header, '')).rejects.toEqual(missing)
    await expect(readHere(header, { 1: '' })).rejects.toEqual(missing)
    await expect(
      unsealData(sealOf(header, NAME) ?? '', { password: undefined as unknown as string }),
    ).rejects.toEqual(missing)
  })
})

describe('an adoption of a session of iron-session', () => {
  interface Old {
    readonly user: string
    readonly session?: string
  }
  const adoption = ironSessionCookie({
    name: NAME,
    password: () => ({ 1: PASSWORD, 2: OTHER }),
    load: ({ user }: Old) => ({ data: { user } }),
    identity: ({ session }) => session,
  })

  test('makes a session of it once, and clears it', async () => {
    const app = newMovedApp(adoption)
    const browser = visitorWith(app, await ironCookies('iron-session 9', { user: 'Zoë' }, IRON))
    const copy = browser.copy()
    expect(await browser.json('/')).toEqual({ data: { user: 'Zoë' }, flash: {} })
    expect([...browser.cookies.keys()]).toEqual(['__Host-session'])
    app.handler = (session) => session.destroy()
    await browser.fetch('/')
    app.handler = (session) => session.all()
    expect(await copy.json('/')).toEqual({})
    expect(copy.cookies.size).toBe(0)
  })

  test('makes one session of every seal with the same identity', async () => {
    const app = newMovedApp(adoption)
    app.handler = async (session) => [await session.get('user'), session.id]
    const data = { user: 'Ada', session: crypto.randomUUID() }
    const first = await visitorWith(app, await ironCookies('iron-session 8', data, IRON)).json('/')
    const next = await visitorWith(app, await ironCookies('iron-session 9', data, IRON)).json('/')
    expect(next).toEqual(first)
    const others = await ironCookies('iron-session 9', { user: 'Ada' }, IRON)
    expect(await visitorWith(app, others).json('/')).not.toEqual(first)
  })

  test('leaves an anonymous visitor whose cookie is forged as it was', async () => {
    const app = newMovedApp(adoption)
    const password = 'a guess of at least thirty-two characters'
    const browser = visitorWith(app, await ironCookies('iron-session 9', DATA, { password }))
    expect(await browser.json('/')).toEqual({ data: {}, flash: {} })
    expect([...browser.cookies.keys()]).toEqual([NAME])
    expect(app.calls).toEqual([])
  })
})

/** A seal of any text, as iron-webcrypto makes it, which itself seals JSON only. */
async function sealed(text: string): Promise<string> {
  const bytes = (part: string): Uint8Array<ArrayBuffer> =>
    new Uint8Array(new TextEncoder().encode(part))
  const base64 = (raw: ArrayBuffer | Uint8Array): string =>
    new Uint8Array(raw).toBase64({ alphabet: 'base64url', omitPadding: true })
  const keyFor = async (
    algorithm: { name: string; hash?: string; length: number },
    usage: 'encrypt' | 'sign',
  ): Promise<CryptoKey> => {
    const base = await crypto.subtle.importKey('raw', bytes(PASSWORD), 'PBKDF2', false, [
      'deriveKey',
    ])
    const pbkdf2 = { name: 'PBKDF2', hash: 'SHA-1', salt: bytes('00'), iterations: 1 }
    return crypto.subtle.deriveKey(pbkdf2, base, algorithm, false, [usage])
  }
  const iv = new Uint8Array(16)
  const key = await keyFor({ name: 'AES-CBC', length: 256 }, 'encrypt')
  const encrypted = await crypto.subtle.encrypt({ name: 'AES-CBC', iv }, key, bytes(text))
  const signed = `Fe26.2*1*00*${base64(iv)}*${base64(encrypted)}*`
  const macKey = await keyFor({ name: 'HMAC', hash: 'SHA-256', length: 256 }, 'sign')
  return `${signed}*00*${base64(await crypto.subtle.sign('HMAC', macKey, bytes(signed)))}~2`
}
