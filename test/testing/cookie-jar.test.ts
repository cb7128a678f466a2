import { describe, expect, test } from 'vitest'

import { CookieJar } from '../../src/testing/cookie-jar.ts'

const HOME = new URL('https://app.example/a/b')
const NOW = Date.UTC(2026, 10, 21)

function newJar(): { jar: CookieJar; clock: { now: number } } {
  const clock = { now: NOW }
  return { jar: new CookieJar(HOME, () => clock.now), clock }
}

function header(
  jar: CookieJar,
  url = 'https://app.example/',
  { method = 'GET', isForeign = false } = {},
): string {
  return jar.headerFor(new URL(url), { method, isForeign })
}

/** The Cookie header for an address, after a Set-Cookie from another. */
function sent(setCookie: string, from: string, to: string): string {
  const { jar } = newJar()
  jar.keep(setCookie, new URL(from))
  return header(jar, to)
}

describe('a cookie goes', () => {
  test.for([
    // RFC 6265bis section 5.1.3: hosts.
    ['back to its host', 'a=1; Path=/', 'https://app.example/', 'https://app.example/x', true],
    ['to no subdomain', 'a=1', 'https://app.example/', 'https://www.app.example/', false],
    ['to no parent', 'a=1', 'https://www.app.example/', 'https://app.example/', false],
    [
      'by Domain to a sibling',
      'a=1; Domain=app.example',
      'https://x.app.example',
      'https://y.app.example',
      true,
    ],
    [
      'by Domain to the domain',
      'a=1; Domain=.App.Example',
      'https://x.app.example',
      'https://app.example',
      true,
    ],
    [
      'to no host that only ends alike',
      'a=1; Domain=app.example',
      'https://app.example',
      'https://myapp.example',
      false,
    ],
    // Section 5.1.4: paths.
    [
      'to what is below its path',
      'a=1; Path=/x',
      'https://app.example',
      'https://app.example/x/y',
      true,
    ],
    ['to its path', 'a=1; Path=/x', 'https://app.example', 'https://app.example/x', true],
    [
      'to no path that only begins alike',
      'a=1; Path=/x',
      'https://app.example',
      'https://app.example/xy',
      false,
    ],
    ['to no path above', 'a=1; Path=/x', 'https://app.example', 'https://app.example/', false],
    [
      'to the folder that it came from',
      'a=1',
      'https://app.example/x/y',
      'https://app.example/x/z',
      true,
    ],
    ['and not beside it', 'a=1', 'https://app.example/x/y', 'https://app.example/z', false],
    ['anywhere from the top', 'a=1', 'https://app.example/x', 'https://app.example/z', true],
    [
      'anywhere for a path without /',
      'a=1; Path=x',
      'https://app.example/x',
      'https://app.example/z',
      true,
    ],
    // Section 5.8.3: Secure, and localhost.
    ['by Secure to https only', 'a=1; Secure', 'https://app.example', 'http://app.example', false],
    [
      'by Secure to localhost',
      'a=1; Secure',
      'http://localhost:8787',
      'http://localhost:8787',
      true,
    ],
    ['by Secure to 127.0.0.1', 'a=1; Secure', 'http://127.0.0.1:8787', 'http://127.0.0.1:80', true],
    ['without it to http', 'a=1', 'https://app.example', 'http://app.example', true],
    [
      'with HttpOnly as without',
      'a=1; HttpOnly',
      'https://app.example',
      'https://app.example',
      true,
    ],
    [
      'with its value as it is',
      'a=1=2 3; Path=/',
      'https://app.example',
      'https://app.example',
      'a=1=2 3',
    ],
    [
      'without blanks at the ends',
      ' a \t= 1 ;Path=/',
      'https://app.example',
      'https://app.example',
      true,
    ],
    ['without a name', 'b', 'https://app.example', 'https://app.example', 'b'],
  ] as const)('%s: %s', ([, setCookie, from, to, isSent]) => {
    expect(sent(setCookie, from, to)).toBe(
      typeof isSent === 'string' ? isSent : isSent ? 'a=1' : '',
    )
  })

  test('before those with shorter paths, and after those that came first', () => {
    const { jar } = newJar()
    for (const each of ['a=1; Path=/', 'b=2; Path=/', 'c=3; Path=/x', 'a=4; Path=/']) {
      jar.keep(each, HOME)
    }
    expect(header(jar, 'https://app.example/x')).toBe('c=3; a=4; b=2')
  })

  test.for([
    ['Strict', 'GET', ''],
    ['Strict', 'POST', ''],
    ['Lax', 'GET', 'a=1'],
    ['Lax', 'HEAD', 'a=1'],
    ['Lax', 'POST', ''],
    ['None', 'POST', 'a=1'],
    ['something new', 'POST', ''],
  ] as const)('with SameSite=%s and %s from another site as %j', ([sameSite, method, expected]) => {
    const { jar } = newJar()
    jar.keep(`a=1; Path=/; Secure; SameSite=${sameSite}`, HOME)
    expect(header(jar, 'https://app.example', { method, isForeign: true })).toBe(expected)
    expect(header(jar, 'https://app.example', { method })).toBe('a=1')
  })
})

describe('a cookie is refused', () => {
  test.for([
    ['a=1; Domain=other.example', 'https://app.example', 'is not a domain of app.example'],
    ['a=1; Domain=x.app.example', 'https://app.example', 'is not a domain'],
    ['a=1; Domain=example', 'https://app.example', 'is not a domain'],
    ['a=1; Domain=0.0.1', 'http://127.0.0.1', 'is not a domain'],
    ['a=1; Secure', 'http://app.example', 'Secure'],
    ['a=1; SameSite=None', 'https://app.example', 'needs Secure'],
    ['a=1; Partitioned', 'https://app.example', 'needs Secure'],
    ['__Host-a=1; Path=/', 'https://app.example', 'prefix needs Secure'],
    ['__Host-a=1; Secure', 'https://app.example/', 'Path=/'],
    ['__Host-a=1; Secure; Path=/x', 'https://app.example', 'Path=/'],
    ['__hOST-a=1; Secure; Path=/; Domain=app.example', 'https://app.example', 'no Domain'],
    ['__Secure-a=1; Path=/', 'https://app.example', 'prefix needs Secure'],
    ['__Http-a=1; Secure', 'https://app.example', 'HttpOnly'],
    ['__Host-Http-a=1; Secure; Path=/', 'https://app.example', 'HttpOnly'],
    ['__Host-a', 'https://app.example', 'no name'],
    ['=', 'https://app.example', 'neither'],
    ['a=\u0007', 'https://app.example', 'control character'],
    [`a=${'x'.repeat(4096)}`, 'https://app.example', '4096 bytes'],
  ] as const)('%j from %s: %s', ([setCookie, from, reason]) => {
    const { jar } = newJar()
    jar.keep(setCookie, new URL(from))
    expect(jar.size).toBe(0)
    expect(jar.refused).toMatchObject([{ reason: expect.stringContaining(reason) }])
  })

  test.for([
    '__Host-a=1; Secure; Path=/',
    '__Secure-a=1; Secure; Domain=app.example',
    '__Host-Http-a=1; Secure; HttpOnly; Path=/',
    'a=1; SameSite=None; Secure; Partitioned',
    `a=${'x'.repeat(4095)}`,
    'a=1; Domain=',
  ])('and %s is not', (setCookie) => {
    const { jar } = newJar()
    jar.keep(setCookie, HOME)
    expect(jar.refused).toEqual([])
    expect(jar.size).toBe(1)
  })

  test('when it would hide, from plain http, what https has set', () => {
    const { jar } = newJar()
    jar.keep('a=1; Secure; Path=/', HOME)
    jar.keep('a=2; Path=/x', new URL('http://app.example/'))
    jar.keep('a=3; Domain=app.example', new URL('http://x.app.example/'))
    expect(jar.refused).toHaveLength(2)
    expect(header(jar)).toBe('a=1')
    jar.keep('b=2; Path=/', new URL('http://app.example/'))
    expect(header(jar)).toBe('a=1; b=2')
    jar.keep('c=1; Secure; Path=/x', HOME)
    jar.keep('c=2; Path=/', new URL('http://app.example/'))
    expect(header(jar, 'https://app.example/x')).toBe('c=1; a=1; b=2; c=2')
  })
})

describe('a cookie ends', () => {
  test.for([
    ['a=1; Max-Age=60', 60],
    ['a=1; Max-Age=60; Expires=Sat, 21 Nov 2026 00:00:05 GMT', 60],
    ['a=1; Expires=Sat, 21 Nov 2026 00:01:00 GMT', 60],
    ['a=1; Expires=Saturday, 21-Nov-26 00:01:00 GMT', 60],
    ['a=1; Max-Age=sixty; Expires=Sat, 21 Nov 2026 00:01:00 GMT', 60],
    // RFC 6265bis section 5.5: 400 days at most.
    ['a=1; Max-Age=99999999999', 400 * 86_400],
    ['a=1; Expires=Fri, 31 Dec 9999 23:59:59 GMT', 400 * 86_400],
  ] as const)('%s after %i seconds', ([setCookie, seconds]) => {
    const { jar, clock } = newJar()
    jar.keep(`${setCookie}; Path=/`, HOME)
    clock.now = NOW + seconds * 1000 - 1
    expect([jar.size, header(jar)]).toEqual([1, 'a=1'])
    clock.now += 1
    expect([jar.size, header(jar)]).toEqual([0, ''])
  })

  test.for([
    'Max-Age=0',
    'Max-Age=-1',
    'Expires=Thu, 01 Jan 1970 00:00:00 GMT',
    'Max-Age=0; Expires=Fri, 31 Dec 9999 23:59:59 GMT',
  ])('at once with %s', (attribute) => {
    const { jar } = newJar()
    jar.keep('a=1; Path=/', HOME)
    jar.keep(`a=; Path=/; ${attribute}`, HOME)
    expect(jar.size).toBe(0)
  })

  test('only where name, domain and path are its own', () => {
    const { jar } = newJar()
    jar.keep('a=1; Path=/', HOME)
    for (const each of ['a=; Path=/x', 'a=; Path=/; Domain=app.example', 'A=; Path=/']) {
      jar.keep(`${each}; Max-Age=0`, HOME)
    }
    expect(header(jar)).toBe('a=1')
  })

  test('with no time of its own never, however late it is', () => {
    const { jar, clock } = newJar()
    jar.keep('a=1; Path=/; Expires=soon', HOME)
    clock.now = Number.MAX_SAFE_INTEGER
    expect(header(jar)).toBe('a=1')
  })
})

test('an attribute of more than 1,024 characters is ignored', () => {
  const { jar } = newJar()
  jar.keep(`a=1; Path=/${'x'.repeat(1024)}`, HOME)
  jar.keep(`b=1; Path=/${'x'.repeat(1023)}`, HOME)
  expect(jar.details('a')?.path).toBe('/a')
  expect(jar.details('b')?.path).toHaveLength(1024)
})

describe('to a test it is a Map', () => {
  test('of names and values', () => {
    const { jar } = newJar()
    jar.keep('a=1; Path=/', HOME)
    jar.keep('__Host-b=2; Path=/; Secure; HttpOnly; SameSite=Strict', HOME)
    expect(new Map(jar)).toEqual(
      new Map([
        ['a', '1'],
        ['__Host-b', '2'],
      ]),
    )
    expect([...jar.keys(), ...jar.values()]).toEqual(['a', '__Host-b', '1', '2'])
    expect(jar.details('__Host-b')).toEqual({
      name: '__Host-b',
      value: '2',
      domain: 'app.example',
      hostOnly: true,
      path: '/',
      secure: true,
      httpOnly: true,
      sameSite: 'Strict',
      partitioned: false,
      expiresAt: Infinity,
    })
    expect(jar.details('c')).toBeUndefined()
  })

  test('in which a value can be changed, and its attributes stay', () => {
    const { jar } = newJar()
    jar.keep('a=1; Path=/x; SameSite=Strict', HOME)
    jar.set('a', '2')
    expect(jar.details('a')).toMatchObject({ value: '2', path: '/x', sameSite: 'Strict' })
    expect(jar.size).toBe(1)
  })

  test('where what a test puts is for the whole origin, and no other', () => {
    const { jar } = newJar()
    jar.set('__Host-a', '1')
    expect(header(jar, 'https://app.example/x/y')).toBe('__Host-a=1')
    expect(header(jar, 'http://app.example/x')).toBe('')
    expect(header(jar, 'https://www.app.example/')).toBe('')
  })

  test('from which a name goes with all its cookies', () => {
    const { jar } = newJar()
    for (const each of ['a=1; Path=/', 'a=2; Path=/x', 'b=3; Path=/']) jar.keep(each, HOME)
    jar.delete('a')
    expect([...jar]).toEqual([['b', '3']])
    jar.clear()
    expect(jar.size).toBe(0)
  })
})
