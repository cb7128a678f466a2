import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'

import { authjsCookie, type AuthjsClaims, decode, tokenOf } from '../../src/migrate/authjs.ts'
import { anyCharacter } from '../support/any-character.ts'
import {
  AUTH_COOKIE,
  AUTH_SECRET,
  decoded as readThere,
  encoded,
  signInThere,
  whoIsThere,
} from '../support/auth-core.mjs'
import { sealed, withHeader, withPart } from '../support/authjs.ts'
import { runs } from '../support/thorough.ts'
import { cookieHeader, forgedAt } from './moved-cookies.ts'
import { newMovedApp, visitorWith } from './moved.ts'
import { oneBitOff } from './one-bit-off.ts'

const readHere = (
  token: string,
  secret: string | readonly string[] = AUTH_SECRET,
): Promise<AuthjsClaims | undefined> => decode(token, { secret, salt: AUTH_COOKIE })

afterEach(() => {
  vi.useRealTimers()
})

test.for<[what: string, claims: object]>([
  ['a user', { sub: 'ada', name: 'Ada', email: 'ada@app.example', picture: null }],
  ['no claims of its own', {}],
  ['other languages', { name: 'Zoë 日本語 👩‍🚀', ключ: 'значение' }],
  ['all kinds of values', { a: null, b: true, c: -1.5e300, d: [[], {}], e: '' }],
  ['control characters', { text: 'a=b; c, "d" \\ % .\u0000\n' }],
  ['keys of objects', JSON.parse('{"__proto__":{"admin":true},"constructor":1}') as object],
  ['one byte less than a block', { a: 'x'.repeat(15) }],
  ['a block', { a: 'x'.repeat(16) }],
  ['a time before which it is not valid, over', { nbf: 1 }],
  ['more than a cookie holds', { text: 'x'.repeat(20_000) }],
])('a token of Auth.js is read: %s', async ([, claims]) => {
  const token = await encoded(claims)
  const there = await readThere(token)
  expect(there).toMatchObject(claims)
  expect(await readHere(token)).toEqual(there)
})

describe('a token that Auth.js refuses gives nothing:', () => {
  const good = encoded({ sub: 'ada' })
  const other = encoded({ sub: 'eve' })
  const part = (index: number, at: number) => (token: string) =>
    withPart(token, index, (text) => forgedAt(text, at))
  test.for<[what: string, forge: (token: string) => string | Promise<string>]>([
    ['the beginning of the header changed', part(0, 3)],
    ['the end of the header changed', part(0, -3)],
    ['the beginning of the vector changed', part(2, 0)],
    ['the beginning of the content changed', part(3, 0)],
    ['the end of the content changed', part(3, -3)],
    ['the beginning of the tag changed', part(4, 0)],
    ['the middle of the tag changed', part(4, 21)],
    ['a header with more in it', (token) => withHeader(token, { typ: 'JWT' })],
    ['a header of another encryption', (token) => withHeader(token, { enc: 'A256GCM' })],
    ['a header of another algorithm', (token) => withHeader(token, { alg: 'A256KW' })],
    ['an encrypted key', (token) => withPart(token, 1, () => 'AAAA')],
    ['no header', (token) => withPart(token, 0, () => '')],
    ['no vector', (token) => withPart(token, 2, () => '')],
    ['a shorter vector', (token) => withPart(token, 2, (text) => text.slice(0, 16))],
    ['no content', (token) => withPart(token, 3, () => '')],
    ['a block less', (token) => withPart(token, 3, (text) => text.slice(0, 64))],
    ['no tag', (token) => withPart(token, 4, () => '')],
    ['half a tag', (token) => withPart(token, 4, (text) => text.slice(0, 22))],
    [
      'the tag of another',
      async (token) => {
        const tag = (await other).split('.')[4] ?? ''
        return withPart(token, 4, () => tag)
      },
    ],
    ['a part more', (token) => `${token}.AAAA`],
    ['a part less', (token) => token.slice(0, token.lastIndexOf('.'))],
    ['an empty text', () => ''],
    ['another secret', () => encoded({ sub: 'ada' }, { secret: 'a guess' })],
    ['the name of another cookie', () => encoded({ sub: 'ada' }, { salt: 'authjs.session-token' })],
    ['an end that is over', () => encoded({ sub: 'ada' }, { maxAge: -16 })],
    ['a beginning to come', () => encoded({ nbf: Math.floor(Date.now() / 1000) + 60 })],
    ['a beginning that is no time', () => encoded({ nbf: 'now' })],
    ['a seal of no JSON', () => sealed('ada')],
    ['a seal of a list', () => sealed('[]')],
    ['a seal of a text', () => sealed('"ada"')],
    ['a seal of null', () => sealed('null')],
    ['a seal of nothing', () => sealed('')],
    ['an end that is no time', () => sealed('{"exp":"9999999999"}')],
    ['compressed content', () => sealed('{}', { alg: 'dir', enc: 'A256CBC-HS512', zip: 'DEF' })],
    [
      'a critical header',
      () => sealed('{}', { alg: 'dir', enc: 'A256CBC-HS512', crit: ['b64'], b64: true }),
    ],
    ['a sealed header without an encryption', () => sealed('{}', { alg: 'dir' })],
    [
      'a sealed header of another algorithm',
      () => sealed('{}', { alg: 'A256KW', enc: 'A256CBC-HS512' }),
    ],
  ])('%s', async ([, forge]) => {
    const token = await forge(await good)
    expect(await readThere(token)).toBe(undefined)
    expect(await readHere(token)).toBe(undefined)
  })

  test('and content that is not UTF-8, which Auth.js takes', async () => {
    const bytes = new TextEncoder().encode('{"sub":"x"}').with(8, 0xff)
    expect(await readHere(await sealed(bytes))).toBe(undefined)
  })
})

describe('a token of Auth.js', () => {
  test('is the same from the sealer of these tests, with and without an end', async () => {
    for (const text of ['{"sub":"ada"}', '{"sub":"ada","exp":9999999999}']) {
      // oxlint-disable-next-line no-await-in-loop
      const token = await sealed(text)
      // oxlint-disable-next-line no-await-in-loop
      expect(await readThere(token)).toEqual(JSON.parse(text))
      // oxlint-disable-next-line no-await-in-loop
      expect(await readHere(token)).toEqual(JSON.parse(text))
    }
  })

  test('is taken for 15 seconds after its end, and not longer, as there', async () => {
    const at = Math.floor(Date.now() / 1000) * 1000
    vi.useFakeTimers({ toFake: ['Date'], now: at })
    const token = await encoded({ sub: 'ada' }, { maxAge: 60 })
    for (const [seconds, isTaken] of [
      [59, true],
      [74, true],
      [75, false],
    ] as const) {
      vi.setSystemTime(at + seconds * 1000)
      // oxlint-disable-next-line no-await-in-loop
      const taken = [await readThere(token), await readHere(token)]
      expect(taken.map((claims) => claims !== undefined)).toEqual([isTaken, isTaken])
    }
    expect(await decode(token, { secret: AUTH_SECRET, salt: AUTH_COOKIE, now: 0 })).toBeDefined()
  })

  test('is read with any of the secrets, and refused with none of them', async () => {
    const token = await encoded({ sub: 'ada' })
    for (const secrets of [['newer', AUTH_SECRET], [AUTH_SECRET, 'older'], [AUTH_SECRET]]) {
      // oxlint-disable-next-line no-await-in-loop
      expect(await readThere(token, secrets)).toMatchObject({ sub: 'ada' })
      // oxlint-disable-next-line no-await-in-loop
      expect(await readHere(token, secrets)).toMatchObject({ sub: 'ada' })
    }
    expect(await readThere(token, ['newer', 'older'])).toBe(undefined)
    expect(await readHere(token, ['newer', 'older'])).toBe(undefined)
    expect(await readHere(token, [])).toBe(undefined)
    const missing = expect.objectContaining({ code: 'ERR_SECRET' })
    await expect(readHere(token, '')).rejects.toEqual(missing)
    await expect(readHere(token, [AUTH_SECRET, ''])).rejects.toEqual(missing)
  })

  test('is refused with any bit of any of its characters changed', async () => {
    const token = await encoded({})
    const taken = await Promise.all(oneBitOff(token).map((text) => readHere(text)))
    expect(taken.filter((claims) => claims !== undefined)).toEqual([])
  })

  test('whatever text comes, is refused, and nothing is thrown', async () => {
    const texts = fc.oneof(
      fc.string({ unit: anyCharacter }),
      fc.stringMatching(/^[\w-]{0,9}\.\.[\w-]{22}\.[\w-]{0,50}\.[\w-]{43}$/),
      fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
    )
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        expect(await readHere(text)).toBe(undefined)
      }),
      { numRuns: runs(1000) },
    )
  })

  test('is refused without a look if it is longer than any header', async () => {
    const token = await sealed(JSON.stringify({ text: 'x'.repeat(100_000) }))
    expect(await readThere(token)).toBeDefined()
    expect(await readHere(token)).toBe(undefined)
  })
})

describe('a Cookie header of Auth.js', () => {
  test.for([100, 3000, 6000, 60_000])('with a session of %d characters is read', async (length) => {
    const claims = { text: 'x'.repeat(length) }
    const setCookies = await signInThere({ id: 'ada', name: 'Zoë', claims })
    expect(setCookies).toHaveLength(Math.max(1, Math.ceil((length * 4) / 3 / 3936)))
    // A browser sorts cookies of one path by the time they were made, and may send them in any order.
    for (const order of [setCookies, setCookies.toReversed()]) {
      const header = cookieHeader(['theme=dark', ...order])
      // oxlint-disable-next-line no-await-in-loop
      expect(await whoIsThere(header)).toBe('Zoë')
      // oxlint-disable-next-line no-await-in-loop
      expect(await readHere(tokenOf(header, AUTH_COOKIE) ?? '')).toMatchObject(claims)
    }
  })

  const chunked = signInThere({ id: 'ada', name: 'Ada', claims: { text: 'x'.repeat(9000) } })
  test.for<[what: string, change: (pairs: string[]) => string[]]>([
    ['its first part', (pairs) => pairs.slice(1)],
    ['a part in the middle', (pairs) => pairs.toSpliced(1, 1)],
    ['its last part', (pairs) => pairs.slice(0, -1)],
    ['its name', (pairs) => pairs.map((pair) => pair.replace('__Secure-', ''))],
    ['one of its texts', (pairs) => pairs.with(1, forgedAt(pairs[1] ?? '', -1))],
  ])('gives nothing without %s', async ([, change]) => {
    const header = change(cookieHeader(await chunked).split('; ')).join('; ')
    expect(await whoIsThere(header)).toBe(undefined)
    expect(await readHere(tokenOf(header, AUTH_COOKIE) ?? '')).toBe(undefined)
  })

  test('without the cookie has no token', () => {
    expect(tokenOf('', AUTH_COOKIE)).toBe(undefined)
    expect(tokenOf(`my${AUTH_COOKIE}=a; ${AUTH_COOKIE}2=b`, AUTH_COOKIE)).toBe(undefined)
  })
})

describe('an adoption of a session of Auth.js', () => {
  const adoption = authjsCookie({
    name: AUTH_COOKIE,
    secret: () => ['newer', AUTH_SECRET],
    load: ({ sub, name }: { readonly role?: string } & AuthjsClaims) => ({ data: { sub, name } }),
  })
  const NOBODY = { data: {}, flash: {} }

  test.for([0, 9000])(
    'makes a session of it once, and clears it, with %d characters more',
    async (length) => {
      const app = newMovedApp(adoption)
      const claims = { text: 'x'.repeat(length) }
      const setCookies = await signInThere({ id: 'ada', name: 'Zoë 日本語', claims })
      const browser = visitorWith(app, [...setCookies, 'theme=dark'])
      const copy = browser.copy()
      const data = { sub: expect.any(String), name: 'Zoë 日本語' }
      expect(await browser.json('/')).toEqual({ data, flash: {} })
      expect([...browser.cookies.keys()].toSorted()).toEqual(['__Host-session', 'theme'])
      app.handler = (session) => session.destroy()
      await browser.fetch('/')
      app.handler = (session) => session.all()
      expect(await copy.json('/')).toEqual({})
      expect([...copy.cookies.keys()]).toEqual(['theme'])
    },
  )

  test.for<[what: string, cookie: () => Promise<string>]>([
    ['forged', async () => forgedAt(`${AUTH_COOKIE}=${await encoded({ sub: 'ada' })}`, -5)],
    ['over', async () => `${AUTH_COOKIE}=${await encoded({ sub: 'ada' }, { maxAge: -60 })}`],
    ['of a database', async () => `${AUTH_COOKIE}=${crypto.randomUUID()}`],
  ])('leaves an anonymous visitor as it was whose cookie is %s', async ([, cookie]) => {
    const app = newMovedApp(adoption)
    const browser = visitorWith(app, [await cookie()])
    expect(await browser.json('/')).toEqual(NOBODY)
    expect([...browser.cookies.keys()]).toEqual([AUTH_COOKIE])
    expect(app.calls).toEqual([])
  })

  test('tells the time by the clock of the sessions', async () => {
    const app = newMovedApp(adoption)
    const cookie = `${AUTH_COOKIE}=${await encoded({ sub: 'ada' }, { maxAge: 60 })}`
    app.now += 120_000
    expect(await visitorWith(app, [cookie]).json('/')).toEqual(NOBODY)
    app.now -= 120_000
    expect(await visitorWith(app, [cookie]).json('/')).toMatchObject({ data: { sub: 'ada' } })
  })

  test('makes one session of all cookies with one identity', async () => {
    const app = newMovedApp(
      authjsCookie({
        name: AUTH_COOKIE,
        secret: AUTH_SECRET,
        load: ({ login }: { readonly login: string }) => ({ data: { login } }),
        identity: ({ login }) => login,
      }),
    )
    app.handler = async (session) => [await session.get('login'), session.id]
    const claims = { login: crypto.randomUUID() }
    const cookies = [await encoded(claims), await encoded(claims)]
    expect(cookies[0]).not.toBe(cookies[1])
    const browsers = cookies.map((cookie) => visitorWith(app, [`${AUTH_COOKIE}=${cookie}`]))
    const [one, other] = [await browsers[0]?.json('/'), await browsers[1]?.json('/')]
    expect(one).toEqual([claims.login, expect.any(String)])
    expect(other).toEqual(one)
  })
})
