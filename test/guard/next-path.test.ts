import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { nextPath, nextPathOf } from '../../src/guard/next-path.ts'
import { anyCharacter } from '../support/any-character.ts'
import { runs } from '../support/thorough.ts'

describe('nextPath', () => {
  test.for([
    '/',
    '/a',
    '/a/b?x=1&y=//z#f',
    '/a//b',
    '/%C3%A9',
    '/a?u=https://x.example',
    '/search?q=100%25%0A',
    '/a%20b',
    `/${'a'.repeat(2047)}`,
  ])('takes %j', (next) => {
    expect(nextPath(next)).toBe(next)
    expect(nextPathOf({ url: `https://app.example/?next=${encodeURIComponent(next)}` })).toBe(next)
  })

  test('refuses a path that is encoded more often than five times', () => {
    const nested = (times: number): string => `/%${'25'.repeat(times - 1)}61`
    expect(nextPath(nested(5))).toBe(nested(5))
    expect(nextPath(nested(6))).toBe(undefined)
  })

  test.for([
    ['/日', '/%E6%97%A5'],
    ['/é?q=ü#ß', '/%C3%A9?q=%C3%BC#%C3%9F'],
    ['/🍎', '/%F0%9F%8D%8E'],
    ['/a\ud800b', '/a%EF%BF%BDb'],
    ['/a?q=\udfff', '/a?q=%EF%BF%BD'],
    ['/a b?c d#e f', '/a%20b?c%20d#e%20f'],
    ['/"<>', '/%22%3C%3E'],
    ['/a\u00A0b', '/a%C2%A0b'],
    ['/a/../b', '/b'],
    ['/a/./%2e/b', '/a/b'],
    ['/a?', '/a'],
    [`/${'日'.repeat(227)}`, `/${'%E6%97%A5'.repeat(227)}`],
  ] as const)('gives %j as ASCII that a header takes: %j', ([next, encoded]) => {
    expect(nextPath(next)).toBe(encoded)
    expect(nextPath(encoded)).toBe(encoded)
    const url = `https://app.example/?next=${encodeURIComponent(next.toWellFormed())}`
    const location = nextPathOf({ url })
    expect(location).toBe(encoded)
    expect(new Response(null, { headers: { Location: location } }).headers.get('Location')).toBe(
      encoded,
    )
  })

  test('encodes what nextPathOf is to give otherwise', () => {
    const url = 'https://app.example/?next=//evil.example'
    expect(nextPathOf({ url }, '/é?a=%20')).toBe('/%C3%A9?a=%20')
    expect(nextPathOf({ url }, 'https://app.example/日')).toBe('https://app.example/%E6%97%A5')
  })

  test.for([
    `/${'日'.repeat(228)}`,
    undefined,
    null,
    1,
    '',
    'a',
    ' /a',
    'https://evil.example',
    'javascript:alert(1)',
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '\\/evil.example',
    '\\\\evil.example',
    '/a\\..\\evil',
    '/%2Fevil.example',
    '/%2f%2fevil.example',
    '/%5Cevil.example',
    '/%5cevil.example',
    '/%255Cevil.example',
    '/%252Fevil.example',
    '/%25252Fevil.example',
    '/%2525252525252Fevil.example',
    '/.//evil.example',
    '/a/..//evil.example',
    '/%2e/%2fevil.example',
    '/%2e%2e//evil.example',
    '/\tevil.example',
    '/\t/evil.example',
    '/\n/evil.example',
    '/a\r\nSet-Cookie: a=b',
    '/a?b=\r\n',
    '/a\u0000',
    '/a\u007F',
    '/a\u0085',
    '/a\u2028',
    '/%0d%0aSet-Cookie: a=b',
    '/%250d%250a',
    '/%00',
    '/%',
    '/%ff',
    `/${'a'.repeat(2048)}`,
  ])('refuses %j', (next) => {
    expect(nextPath(next)).toBe(undefined)
    const url = `https://app.example/?next=${encodeURIComponent(String(next))}`
    expect(nextPathOf({ url }, '/home')).toBe('/home')
  })

  test('gives nothing that leads elsewhere, whatever it is given', () => {
    const piece = fc.constantFrom(
      '/',
      '\\',
      '.',
      '%2f',
      '%5c',
      '%2e',
      '%25',
      '\t',
      '@',
      ':',
      'evil',
      '?',
      '#',
      ' ',
    )
    const text = fc.oneof(
      fc.array(piece, { maxLength: 9 }).map((parts) => `/${parts.join('')}`),
      fc.string(),
      fc.string({ unit: anyCharacter }).map((rest) => `/${rest}`),
    )
    fc.assert(
      fc.property(text, (next) => {
        const path = nextPath(next)
        if (path === undefined) return
        expect(path).toMatch(/^[!-~]+$/)
        expect(nextPath(path)).toBe(path)
        for (const spelling of [path, decodeURIComponent(path.split(/[?#]/)[0] ?? '')]) {
          const { origin, pathname } = new URL(spelling, 'https://app.example')
          expect([origin, pathname.startsWith('//')]).toEqual(['https://app.example', false])
        }
      }),
      { numRuns: runs(3000) },
    )
  })
})
