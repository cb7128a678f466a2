import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { nextPath, nextPathOf } from '../../src/guard/next-path.ts'

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

  test.for([
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
    )
    fc.assert(
      fc.property(text, (next) => {
        const path = nextPath(next)
        if (path === undefined) return
        for (const spelling of [path, decodeURIComponent(path.split(/[?#]/)[0] ?? '')]) {
          const { origin, pathname } = new URL(spelling, 'https://app.example')
          expect([origin, pathname.startsWith('//')]).toEqual(['https://app.example', false])
        }
      }),
      { numRuns: 3000 },
    )
  })
})
