import { describe, expect, test } from 'vitest'

import { TestBrowser } from '../../src/testing.ts'
import { CookieJar } from '../../src/testing/cookie-jar.ts'

const HOME = new URL('https://app.example/x/y')
const NOW = Date.UTC(2026, 10, 28)

/** A jar that got these Set-Cookie headers from one address. */
function jarOf(setCookies: readonly string[], from = HOME): CookieJar {
  const jar = new CookieJar(HOME, () => NOW)
  for (const each of setCookies) jar.keep(each, from)
  return jar
}

function sentTo(jar: CookieJar, url: string | URL = HOME): string {
  return jar.headerFor(new URL(url), { method: 'GET', isForeign: false })
}

describe('a partitioned cookie', () => {
  const plain = 'a=1; Secure; Path=/'
  const partitioned = 'a=2; Secure; Path=/; Partitioned'
  const clears = 'a=; Secure; Path=/; Max-Age=0'

  test.for([
    ['lives beside one that is not', [plain, partitioned], 'a=1; a=2'],
    ['lives beside one that is not and comes later', [partitioned, plain], 'a=2; a=1'],
    ['is replaced by one that is', [partitioned, 'a=3; Secure; Path=/; Partitioned'], 'a=3'],
    ['is not cleared by one that is not', [partitioned, clears], 'a=2'],
    ['does not clear one that is not', [plain, `${clears}; Partitioned`], 'a=1'],
    ['is cleared by one that is', [partitioned, `${clears}; Partitioned`], ''],
    ['of two only the named one is cleared', [plain, partitioned, clears], 'a=2'],
    ['of two the other one is cleared', [plain, partitioned, `${clears}; Partitioned`], 'a=1'],
    [
      'with a prefix is one of two as well',
      ['__Host-a=1; Secure; Path=/', '__Host-a=2; Secure; Path=/; Partitioned'],
      '__Host-a=1; __Host-a=2',
    ],
  ] as const)('%s', ([, setCookies, expected]) => {
    expect(sentTo(jarOf(setCookies))).toBe(expected)
  })

  test('over http does not hide one of https that is not, and the reverse', () => {
    const jar = jarOf([partitioned])
    jar.keep('a=3; Path=/', new URL('http://app.example/'))
    expect(sentTo(jar)).toBe('a=2; a=3')
  })

  test('goes with all of its name, and with all of its site', async () => {
    const browser = new TestBrowser(() => new Response(), { origin: HOME.origin })
    for (const each of [plain, partitioned]) browser.cookies.keep(each, HOME)
    expect(browser.copy().cookieHeader()).toBe('a=1; a=2')
    browser.cookies.delete('a')
    expect(browser.cookies.size).toBe(0)
    for (const each of [plain, partitioned]) browser.cookies.keep(each, HOME)
    browser.cookies.clearSite(HOME)
    expect(browser.cookies.size).toBe(0)
  })
})

test.for([
  ['a=1; Secure; Path=/; Path=/', true],
  ['a=1; Secure; Path=/x; Path=/', true],
  ['a=1; Secure; Path=x; Path=/', true],
  ['a=1; Secure; Path=/; Path=/x', false],
  ['a=1; Secure; Path=/; Path=', false],
  ['a=1; Secure; Path=/; Path', false],
  ['a=1; Secure; Path=/; Path=x', false],
  ['a=1; Secure; Path="/"', false],
  ['a=1; Secure', false],
] as const)('the last Path decides for a __Host- cookie: %s', ([attributes, isKept]) => {
  expect(sentTo(jarOf([`__Host-${attributes}`]))).toBe(isKept ? '__Host-a=1' : '')
})

test('a __Host- cookie says a Path, also where the default one is / (RFC 6265bis section 5.7)', () => {
  const top = new URL('https://app.example/')
  expect(jarOf(['__Host-a=1; Secure'], top).size).toBe(0)
  expect(jarOf(['__Host-a=1; Secure; Path'], top).size).toBe(1)
})

test.for<[setCookie: string, expected: string]>([
  ['=a=1', ''],
  ['==', ''],
  ['= a=1', ''],
  ['=a', 'a'],
  ['a', 'a'],
  ['a==', 'a=='],
  ['a=b=c', 'a=b=c'],
  ['a=1\t2', 'a=1\t2'],
  ['a\tb=1', 'a\tb=1'],
  ['a=1; Path=/\tx', ''],
  ['a=1; Foo=x\ty', 'a=1'],
  ['a=1; Domain=.', ''],
  ['a=1; Domain=', 'a=1'],
  ['a=1; Domain=app.example; Domain=', 'a=1'],
])('%j is sent as %j', ([setCookie, expected]) => {
  const jar = jarOf([setCookie])
  expect(sentTo(jar)).toBe(expected)
  expect(jar.refused).toHaveLength(expected === '' ? 1 : 0)
})

test.for([
  ['Expires=0', Infinity],
  ['Expires=-1', Infinity],
  ['Expires=2099', Infinity],
  ['Expires=1999-12-31T23:59:59Z', Infinity],
  ['Expires=2055-12-31T23:59:59Z', Infinity],
  ['Expires=', Infinity],
  ['Expires=1 Jan 69 00:00:00', NOW + 400 * 86_400_000],
  ['Expires=Saturday, 28-Nov-26 00:01:00 GMT', NOW + 60_000],
  ['Max-Age=+100', Infinity],
  ['Max-Age=100; Max-Age=soon', Infinity],
  ['Max-Age=0; Max-Age=', Infinity],
  ['Max-Age=0; Max-Age=60', NOW + 60_000],
  ['Expires=Thu, 01 Jan 1970 00:00:00 GMT; Expires=soon', Infinity],
  ['Max-Age=0; Max-Age=soon; Expires=Sat, 28 Nov 2026 00:01:00 GMT', NOW + 60_000],
] as const)('a cookie with %s lives until %d', ([attributes, expiresAt]) => {
  expect(jarOf([`a=1; ${attributes}`]).details('a')?.expiresAt).toBe(expiresAt)
})

test('an updated cookie keeps its place', () => {
  expect(sentTo(jarOf(['a=1', 'b=2', 'a=3']))).toBe('a=3; b=2')
  expect(sentTo(jarOf(['a=1', 'b=2', 'a=; Max-Age=0', 'a=3']))).toBe('b=2; a=3')
})

test.for<[plain: string, secure: string]>([
  ['http://www.app.example/', 'https://app.example/'],
  ['http://app.example/', 'https://www.app.example/'],
])('plain http at %s hides no Secure cookie of %s', ([plain, secure]) => {
  const jar = jarOf(['a=1; Secure; Path=/'], new URL(secure))
  jar.keep('a=2; Path=/', new URL(plain))
  expect([sentTo(jar, plain), sentTo(jar, secure)]).toEqual(['', 'a=1'])
})

// A Response of workerd holds text. One of Node, Bun or Deno holds a character for each byte.
test.for([
  ['é'.repeat(2047), true],
  ['é'.repeat(2048), false],
  ['€'.repeat(1365), true],
  ['€'.repeat(1366), false],
  ['\u00C3\u00A9'.repeat(2047), true],
  ['\u00C3\u00A9'.repeat(2048), false],
] as const)('a value is measured in bytes: %s', ([value, isKept]) => {
  expect(jarOf([`a=${value}`]).size).toBe(isKept ? 1 : 0)
})
