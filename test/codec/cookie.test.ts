import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import {
  checkCookie,
  clearCookie,
  type CookieAttributes,
  readCookies,
  serializeCookie,
} from '../../src/codec/cookie.ts'
import { SessionError } from '../../src/errors.ts'
import { runs } from '../support/thorough.ts'

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
    ['a=b;\ts=1\t', ['1']],
    ['s=', ['']],
    ['s=;', ['']],
    ['s= ; a=b', ['']],
    ['s=1;', ['1']],
    ['s=1;;; ; ', ['1']],
    ['a=b;;; ; s=1', ['1']],
    ['; ; s=1', ['1']],
    [';', []],
    ['=', []],
    ['=1', []],
    ['s', []],
    ['s;', []],
    ['s; s=1', ['1']],
    ['s=a=b', ['a=b']],
    ['s==', ['=']],
    ['s=s=1', ['s=1']],
    // Two Cookie headers that workerd has joined: ours ends at the comma, and nothing is read after one.
    ['s=1, s=2', ['1']],
    ['s=1,a=b; s=2', ['1', '2']],
    ['s=1 \t, a=b', ['1']],
    ['s=,', ['']],
    ['s=, s=2', ['']],
    ['a=b, s=1', []],
    ['a=b,s=1; s=2', ['2']],
    ['a, s=1', []],
    [', s=1', []],
    ['s="1"', ['"1"']],
    ['s=a b', ['a b']],
    ['s=%3B', ['%3B']],
    // In the header's order, four at most.
    ['s=1; s=2', ['1', '2']],
    ['s=2; a=b; s=1', ['2', '1']],
    ['s=1; s=1', ['1', '1']],
    ['s=; s=2', ['', '2']],
    ['s=1; s=2; s=3; s=4', ['1', '2', '3', '4']],
    ['s=1; s=2; s=3; s=4; s=5; s=6', ['1', '2', '3', '4']],
    // Other names.
    ['xs=1', []],
    ['xs=1; s=2', ['2']],
    ['s=2; xs=1', ['2']],
    ['sx=1', []],
    ['sx=1; s=2', ['2']],
    ['S=1', []],
    ['-s=1; .s=2; s=3', ['3']],
    ['x s=1', []],
    // Our name in the value of another.
    ['a=s=1', []],
    ['a=s=1; s=2', ['2']],
    ['a=x s=1; s=2', ['2']],
    ['a="s=1"; s=2', ['2']],
    ['a=s=; s=2', ['2']],
  ])('%j has %j', ([header, values]) => {
    expect(readCookies(header, 's')).toEqual(values)
  })

  // What JavaScript's trim takes for white space and RFC 6265bis does not. A browser takes a cookie of such a name from any
  // subdomain, since it has no prefix to obey, and workerd reads the header as UTF-8.
  test.for(['\u00a0', '\u1680', '\u2000', '\u2028', '\u3000', '\ufeff', '\v', '\f', '\n', '\r'])(
    'takes %j for a part of a name or of a value, and for no space',
    (space) => {
      expect(readCookies(`${space}s=1`, 's')).toEqual([])
      expect(readCookies(`a=b; ${space}s=1; s=2`, 's')).toEqual(['2'])
      expect(readCookies(`a=b; ${space} s=1`, 's')).toEqual([])
      expect(readCookies(`a=b;${space}\ts=1`, 's')).toEqual([])
      expect(readCookies(`s= ${space}1${space} `, 's')).toEqual([`${space}1${space}`])
    },
  )

  test('keeps the comma of another program’s cookie', () => {
    expect(readCookies('s={"a":1,"b":2}; s=3, a=b', 's', true)).toEqual(['{"a":1,"b":2}', '3, a=b'])
    expect(readCookies('a=b, s=1', 's', true)).toEqual([])
  })

  test('takes no character of the name for a pattern', () => {
    expect(readCookies('sxt=1; s.t=2', 's.t')).toEqual(['2'])
    expect(readCookies('aa=1; a*=2; a|b=3', 'a*')).toEqual(['2'])
    expect(readCookies('__Host-session2=1; __Host-session=2', '__Host-session')).toEqual(['2'])
  })

  const name = fc.string({
    unit: fc.constantFrom(...'abs_-'.split('')),
    minLength: 1,
    maxLength: 3,
  })
  const value = fc
    .string({ unit: fc.constantFrom(...'abs=._- '.split('')), maxLength: 8 })
    .map((text) => text.trim())
  const separator = fc.constantFrom('; ', ';', ' ; ', ';;', ';\t')

  test('finds each of the values among any others, in order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(name, value), { maxLength: 12 }),
        separator,
        (pairs, between) => {
          const header = pairs.map(([each, text]) => `${each}=${text}`).join(between)
          const own = pairs.filter(([each]) => each === 's').map(([, text]) => text)
          expect(readCookies(header, 's')).toEqual(own.slice(0, 4))
        },
      ),
      { numRuns: runs(5000) },
    )
  })

  test('finds what was written among any others', () => {
    const token = fc.string({ unit: fc.constantFrom(...'AZaz09-_.'.split('')), maxLength: 150 })
    const others = fc
      .array(fc.tuple(name, value))
      .map((pairs) => pairs.map(([each, text]) => `${each}=${text}; `).join(''))
    fc.assert(
      fc.property(others, token, others, (before, text, after) => {
        const [pair = ''] = serializeCookie(COOKIE, text, 60).split('; ')
        expect(readCookies(`${before}${pair}; ${after}`, COOKIE.name)).toEqual([text])
      }),
      { numRuns: runs(1000) },
    )
  })

  test('never throws, and gives four values at most', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'s=; a"'.split('')) }), (header) => {
        expect(readCookies(header, 's').length).toBeLessThanOrEqual(4)
      }),
      { numRuns: runs(2000) },
    )
  })

  test.for([
    ['near misses', 'a=xs=; '],
    ['longer names', 'xs=1; '],
    ['separators', '; '],
    ['spaces', '       '],
    ['equals signs', '======='],
    ['names without end', 'ssssss '],
    ['one value', 'aaaaaaa'],
    ['commas', ',,,,,,,'],
    ['names after commas', ', s=1'],
  ] as const)('answers for 100 kB of %s', ([, text]) => {
    const flood = text.repeat(15_000)
    expect(readCookies(`s=1; a=${flood}; s=2`, 's')).toEqual(['1', '2'])
    expect(readCookies(`s=${flood}`, 's')).toHaveLength(1)
    expect(readCookies(flood, 's')).toEqual([])
  })

  test('gives the first four of 20,000 of the same name', () => {
    expect(readCookies('s=1; '.repeat(20_000), 's')).toEqual(['1', '1', '1', '1'])
  })
})

describe('writing Set-Cookie', () => {
  /** Every combination of the attributes, with the text for each as RFC 6265bis spells it. */
  const DOMAINS = [
    [undefined, ''],
    ['example.com', '; Domain=example.com'],
  ] as const
  const PATHS = [
    ['/', '; Path=/'],
    ['/app', '; Path=/app'],
  ] as const
  const FLAGS = [true, false] as const
  const SITES = ['Lax', 'Strict', 'None'] as const
  const combinations = DOMAINS.flatMap(([domain, domainText]) =>
    PATHS.flatMap(([path, pathText]) =>
      FLAGS.flatMap((secure) =>
        FLAGS.flatMap((httpOnly) =>
          FLAGS.flatMap((partitioned) =>
            SITES.map((sameSite) => {
              const text = [
                domainText,
                pathText,
                secure ? '; Secure' : '',
                httpOnly ? '; HttpOnly' : '',
                `; SameSite=${sameSite}`,
                partitioned ? '; Partitioned' : '',
                httpOnly ? '; Priority=High' : '',
              ].join('')
              const priority = httpOnly ? ('High' as const) : undefined
              const attributes = { domain, path, secure, httpOnly, partitioned, sameSite, priority }
              return [text, attributes] as const
            }),
          ),
        ),
      ),
    ),
  )

  test.for(combinations)(
    '%s clears with the very attributes that it sets',
    ([text, attributes]) => {
      const cookie = { ...COOKIE, name: 's', ...attributes }
      expect(serializeCookie(cookie, 'v', 60)).toBe(`s=v${text}`)
      expect(serializeCookie({ ...cookie, persistent: true }, 'v', 60)).toBe(
        `s=v; Max-Age=60${text}`,
      )
      expect(clearCookie(cookie)).toBe(`s=; Max-Age=0${text}`)
      expect(clearCookie({ ...cookie, persistent: true })).toBe(`s=; Max-Age=0${text}`)
    },
  )

  test('has the narrowest attributes by default', () => {
    expect(serializeCookie(COOKIE, '1.a.b.c', 60)).toBe(
      '__Host-session=1.a.b.c; Path=/; Secure; HttpOnly; SameSite=Lax',
    )
  })

  test.for([
    [-60, 0],
    [-0.5, 0],
    [0, 0],
    [0.9, 0],
    [1, 1],
    [60.9, 60],
    [43_200, 43_200],
    [400 * 86_400 - 1, 34_559_999],
    [400 * 86_400, 34_560_000],
    [400 * 86_400 + 1, 34_560_000],
    [1e12, 34_560_000],
  ] as const)('gives a persistent cookie of %f s a Max-Age of %i', ([seconds, maxAge]) => {
    expect(serializeCookie({ ...COOKIE, persistent: true }, 'v', seconds)).toBe(
      `__Host-session=v; Max-Age=${maxAge}; Path=/; Secure; HttpOnly; SameSite=Lax`,
    )
  })

  test('says nothing of time for a cookie of the browser session', () => {
    for (const seconds of [0, 60, 1e12]) {
      expect(serializeCookie(COOKIE, 'v', seconds)).not.toContain('Max-Age')
    }
  })
})

const ADVICE = {
  name: "a name must have 1 to 3800 letters, digits or !#$%&'*+.^`|~_-",
  path: 'path must start with /, without ; in up to 1024 characters.',
  domain: 'domain must be a host name, such as example.com.',
  sameSite: "sameSite is 'Lax', 'Strict' or 'None'.",
  host: "__Host- needs path: '/' and no domain. Change them, or use the prefix __Secure-.",
  secure:
    "the prefixes, sameSite: 'None' and partitioned need secure: true. For plain http use a name such as 'session'.",
  http: '__Http- needs httpOnly: true.',
} as const

describe('checking the attributes', () => {
  const refused: [Partial<CookieAttributes>, keyof typeof ADVICE][] = [
    [{ domain: 'example.com' }, 'host'],
    [{ path: '/app' }, 'host'],
    [{ domain: 'example.com', path: '/app' }, 'host'],
    [{ name: '__host-s', domain: 'example.com' }, 'host'],
    [{ name: '__HOST-s', path: '/app' }, 'host'],
    [{ name: '__hOsT-s', path: '/app' }, 'host'],
    [{ name: '__Host-', path: '/app' }, 'host'],
    [{ name: '__Host-Http-s', path: '/app' }, 'host'],
    [{ name: '__Host-Http-s', domain: 'example.com' }, 'host'],
    [{ secure: false }, 'secure'],
    [{ name: '__host-s', secure: false }, 'secure'],
    [{ name: '__HOST-S', secure: false }, 'secure'],
    [{ name: '__Host-Http-s', secure: false }, 'secure'],
    [{ name: '__Secure-s', secure: false }, 'secure'],
    [{ name: '__secure-s', secure: false }, 'secure'],
    [{ name: '__SECURE-s', secure: false }, 'secure'],
    [{ name: '__Http-s', secure: false }, 'secure'],
    [{ name: '__hTTP-s', secure: false }, 'secure'],
    [{ name: '__Http-s', httpOnly: false }, 'http'],
    [{ name: '__HTTP-s', httpOnly: false }, 'http'],
    [{ name: '__Host-Http-s', httpOnly: false }, 'http'],
    [{ name: '__host-http-s', httpOnly: false }, 'http'],
    [{ name: 's', sameSite: 'None', secure: false }, 'secure'],
    [{ name: 's', partitioned: true, secure: false }, 'secure'],
    [{ name: '' }, 'name'],
    ...Array.from(' ;=,"/\\()<>@:?[]{}\t\n\r\0\u007f\u0080\u00a0éß€', (character) => character).map(
      (character): [Partial<CookieAttributes>, 'name'] => [{ name: `a${character}b` }, 'name'],
    ),
    [{ name: 'a\n' }, 'name'],
    [{ name: ' a' }, 'name'],
    [{ name: 'a\r\nSet-Cookie: b=c' }, 'name'],
    [{ name: 'x'.repeat(3801) }, 'name'],
    [{ name: 's', path: '/; Domain=evil.example' }, 'path'],
    [{ name: 's', path: '/;' }, 'path'],
    [{ name: 's', path: '/\n' }, 'path'],
    [{ name: 's', path: '/\r\nSet-Cookie: a=b' }, 'path'],
    [{ name: 's', path: '/\0' }, 'path'],
    [{ name: 's', path: '/\t' }, 'path'],
    [{ name: 's', path: '/\u007f' }, 'path'],
    [{ name: 's', path: '/é' }, 'path'],
    [{ name: 's', path: 'app' }, 'path'],
    [{ name: 's', path: ' /' }, 'path'],
    [{ name: 's', path: '' }, 'path'],
    [{ name: 's', path: `/${'x'.repeat(1024)}` }, 'path'],
    [{ path: '/; Secure' }, 'path'],
    [{ name: 's', domain: 'a.example; Path=/' }, 'domain'],
    [{ name: 's', domain: 'a.example;' }, 'domain'],
    [{ name: 's', domain: 'a.example\n' }, 'domain'],
    [{ name: 's', domain: 'a.example\r\nSet-Cookie: a=b' }, 'domain'],
    [{ name: 's', domain: 'a example' }, 'domain'],
    [{ name: 's', domain: 'a.example, b.example' }, 'domain'],
    [{ name: 's', domain: 'https://a.example' }, 'domain'],
    [{ name: 's', domain: 'a.example/' }, 'domain'],
    [{ name: 's', domain: 'a.example:8080' }, 'domain'],
    [{ name: 's', domain: 'é.example' }, 'domain'],
    [{ name: 's', domain: '' }, 'domain'],
    [{ name: 's', domain: 'x'.repeat(1025) }, 'domain'],
    [{ domain: 'a.example; Path=/' }, 'domain'],
    [{ name: 's', sameSite: 'laxx' as 'Lax' }, 'sameSite'],
    [{ name: 's', sameSite: 'NONE', secure: false }, 'secure'],
    [{ name: 's', sameSite: 'None; Secure' as 'None' }, 'sameSite'],
    [{ name: 's', sameSite: '' as 'Lax' }, 'sameSite'],
    [{ name: 's', sameSite: false as unknown as 'Lax' }, 'sameSite'],
  ]

  test.for(refused)('refuses %j for its %s', ([attributes, fault]) => {
    const cookie = { ...COOKIE, ...attributes }
    const check = (): void => checkCookie(cookie)
    const message = `ERR_OPTION: cookie ${JSON.stringify(cookie.name)}: ${ADVICE[fault]}`
    expect(check).toThrow(SessionError)
    expect(check).toThrow(expect.objectContaining({ code: 'ERR_OPTION', message }))
  })

  test.for<Partial<CookieAttributes>>([
    {},
    { sameSite: 'Strict' },
    { sameSite: 'lax' },
    { sameSite: 'LAX' },
    { sameSite: 'sTrIcT' as 'Strict' },
    { sameSite: 'None' },
    { partitioned: true },
    { persistent: true },
    { httpOnly: false },
    { name: '__Host-' },
    { name: '__Host-Http-s' },
    { name: '__host-http-s' },
    { name: '__Http-s', domain: 'example.com', path: '/app' },
    { name: '__Secure-s', domain: 'example.com', path: '/app' },
    { name: '__Secure-s', httpOnly: false },
    { name: 's', secure: false },
    { name: 's', secure: false, httpOnly: false },
    { name: 's', domain: 'a.b.example.com', path: '/a/b c,d%3B=' },
    { name: 's', domain: '.example.com' },
    { name: 's', domain: 'localhost', secure: false },
    { name: 's', domain: 'xn--4ca.example' },
    { name: 's', sameSite: 'None', partitioned: true },
    { name: 'Host-s', secure: false, path: '/app' },
    { name: '_Host-s', secure: false, path: '/app' },
    { name: 's__Host-', secure: false, path: '/app' },
    { name: "!#$%&'*+-.^_`|~09AZaz" },
    { name: 'x'.repeat(3800) },
    { name: 's', path: `/${'x'.repeat(1023)}` },
    { name: 's', domain: 'x'.repeat(1024) },
  ])('takes %j', (attributes) => {
    expect(() => checkCookie({ ...COOKIE, ...attributes })).not.toThrow()
  })

  test('lets no name, path or domain through that writes another attribute', () => {
    const unit = fc.oneof(
      { weight: 30, arbitrary: fc.constantFrom(...'a.-'.split('')) },
      { weight: 1, arbitrary: fc.constantFrom(...'/;= \n\r\t,é\0'.split('')) },
    )
    const text = fc.string({ unit, minLength: 1, maxLength: 8 })
    const passes = (cookie: CookieAttributes): boolean => {
      try {
        checkCookie(cookie)
        return true
      } catch {
        return false
      }
    }
    let passed = 0
    fc.assert(
      fc.property(text, text, text, (name, rest, domain) => {
        const cookie = { ...COOKIE, name, path: `/${rest}`, domain }
        const parts = serializeCookie(cookie, 'v', 60).split(';')
        const isSix =
          parts.length === 6 && parts[0] === `${name}=v` && !/[\n\r\t]/.test(parts.join())
        passed += passes(cookie) ? 1 : 0
        expect(!passes(cookie) || isSix).toBe(true)
      }),
      { numRuns: runs(5000) },
    )
    expect(passed).toBeGreaterThan(runs(500))
    expect(passed).toBeLessThan(runs(4500))
  })
})
