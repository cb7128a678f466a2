import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import {
  checkCookie,
  clearCookie,
  type CookieAttributes,
  readCookies,
  serializeCookie,
} from '../../src/codec/cookie.ts'

const COOKIE: CookieAttributes = {
  name: '__Host-session',
  path: '/',
  domain: undefined,
  sameSite: 'Lax',
  secure: true,
  httpOnly: true,
  partitioned: false,
  persistent: false,
}

describe('reading a Cookie header', () => {
  test.for<[header: string | null, values: string[]]>([
    [null, []],
    ['', []],
    ['s=1', ['1']],
    ['a=b; s=1; c=d', ['1']],
    ['a=b;s=1;c=d', ['1']],
    ['  s=1 ; a=b', ['1']],
    ['s=', ['']],
    ['s=1;', ['1']],
    ['s=a=b', ['a=b']],
    ['s=1; s=2; s=3', ['1', '2', '3']],
    ['s=1; s=2; s=3; s=4; s=5; s=6', ['1', '2', '3', '4']],
    ['xs=1', []],
    ['xs=1; s=2', ['2']],
    ['a=s=1; s=2', ['2']],
    ['a=x s=1; s=2', ['2']],
    ['s', []],
    ['S=1', []],
    ['; ; s=1', ['1']],
    ['s="1"', ['"1"']],
  ])('%j has %j', ([header, values]) => {
    expect(readCookies(header, 's')).toEqual(values)
  })

  test('finds the value among any others', () => {
    const name = fc.string({
      unit: fc.constantFrom(...'abs_-'.split('')),
      minLength: 1,
      maxLength: 3,
    })
    const value = fc
      .string({ unit: fc.constantFrom(...'abs=._- '.split('')), maxLength: 8 })
      .map((text) => text.trim())
    fc.assert(
      fc.property(
        fc.array(fc.tuple(name, value)),
        fc.array(fc.tuple(name, value)),
        value,
        (before, after, own) => {
          const others = (pairs: [string, string][]) => pairs.filter(([each]) => each !== 's')
          const pairs = [...others(before), ['s', own] as const, ...others(after)]
          const header = pairs.map(([each, text]) => `${each}=${text}`).join('; ')
          expect(readCookies(header, 's')).toEqual([own])
        },
      ),
      { numRuns: 2000 },
    )
  })

  test('takes no time to speak of for a header of 100 kB made of near misses', () => {
    const header = `${'a=xs=; '.repeat(15_000)}s=1`
    expect(readCookies(header, 's')).toEqual(['1'])
  })
})

describe('writing Set-Cookie', () => {
  test.for<[Partial<CookieAttributes>, string]>([
    [{}, '; Path=/; Secure; HttpOnly; SameSite=Lax'],
    [{ sameSite: 'Strict' }, '; Path=/; Secure; HttpOnly; SameSite=Strict'],
    [{ secure: false, httpOnly: false }, '; Path=/; SameSite=Lax'],
    [
      { domain: 'example.com', path: '/app', sameSite: 'None', partitioned: true },
      '; Domain=example.com; Path=/app; Secure; HttpOnly; SameSite=None; Partitioned',
    ],
  ])('with %j clears with the very attributes that it sets', ([attributes, text]) => {
    const cookie = { ...COOKIE, name: 's', ...attributes }
    expect(serializeCookie(cookie, 'v', 60)).toBe(`s=v${text}`)
    expect(clearCookie(cookie)).toBe(`s=; Max-Age=0${text}`)
  })

  test('gives a persistent cookie its whole seconds, up to the 400 days that browsers allow', () => {
    const cookie = { ...COOKIE, persistent: true }
    expect(serializeCookie(cookie, 'v', 60.9)).toContain('=v; Max-Age=60; Path=/')
    expect(serializeCookie(cookie, 'v', 500 * 86_400)).toContain('; Max-Age=34560000;')
  })
})

describe('checking the attributes', () => {
  test.for<[Partial<CookieAttributes>, string]>([
    [{ domain: 'example.com' }, "__Host- needs path: '/' and no domain."],
    [{ path: '/app' }, "__Host- needs path: '/' and no domain."],
    [{ name: '__HOST-s', domain: 'example.com' }, "__Host- needs path: '/' and no domain."],
    [{ name: '__Host-Http-s', path: '/app' }, "__Host- needs path: '/' and no domain."],
    [{ secure: false }, 'need secure: true.'],
    [{ name: '__host-s', secure: false }, 'need secure: true.'],
    [{ name: '__Secure-s', secure: false }, 'need secure: true.'],
    [{ name: '__Http-s', secure: false }, 'need secure: true.'],
    [{ name: '__Http-s', httpOnly: false }, '__Http- needs httpOnly: true.'],
    [{ name: '__Host-Http-s', httpOnly: false }, '__Http- needs httpOnly: true.'],
    [{ name: 's', sameSite: 'None', secure: false }, 'need secure: true.'],
    [{ name: 's', partitioned: true, secure: false }, 'need secure: true.'],
    [{ name: '' }, 'a name has 1 to 3800'],
    [{ name: 'a b' }, 'a name has 1 to 3800'],
    [{ name: 'a;b' }, 'a name has 1 to 3800'],
    [{ name: 'a=b' }, 'a name has 1 to 3800'],
    [{ name: 'a,b' }, 'a name has 1 to 3800'],
    [{ name: 'a\nb' }, 'a name has 1 to 3800'],
    [{ name: 'sé' }, 'a name has 1 to 3800'],
    [{ name: 'x'.repeat(3801) }, 'a name has 1 to 3800'],
    [{ name: 's', path: '/; Domain=evil.example' }, 'path starts with /'],
    [{ name: 's', path: 'app' }, 'path starts with /'],
    [{ name: 's', path: '' }, 'path starts with /'],
    [{ name: 's', path: '/\n' }, 'path starts with /'],
    [{ name: 's', path: `/${'x'.repeat(1024)}` }, 'path starts with /'],
    [{ name: 's', domain: 'a.example; Path=/' }, 'domain is a host name'],
    [{ name: 's', domain: '' }, 'domain is a host name'],
    [{ name: 's', domain: 'x'.repeat(1025) }, 'domain is a host name'],
    [{ name: 's', sameSite: 'lax' as 'Lax' }, "sameSite is 'Lax', 'Strict' or 'None'."],
  ])('refuses %j', ([attributes, message]) => {
    const check = (): void => checkCookie({ ...COOKIE, ...attributes })
    expect(check).toThrow(message)
    expect(check).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }))
  })

  test.for<Partial<CookieAttributes>>([
    {},
    { name: 's', secure: false, httpOnly: false },
    { name: '__Secure-s', domain: 'example.com', path: '/app' },
    { name: '__Host-Http-s' },
    { name: 's', sameSite: 'None', partitioned: true },
    { name: 'x'.repeat(3800) },
  ])('takes %j', (attributes) => {
    expect(() => checkCookie({ ...COOKIE, ...attributes })).not.toThrow()
  })
})
