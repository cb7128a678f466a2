import { expect, test } from 'vitest'

import { chunksOf, wholeCookie } from '../../src/migrate/chunked-cookie.ts'

test('a cookie in parts has as many as it may have, up to the first that is missing or empty', () => {
  const header = 'a.2=z; a.0=x; b.0=no; a.1=y; a.3=; a.4=no'
  const parts = [
    ['a.0', 'x'],
    ['a.1', 'y'],
    ['a.2', 'z'],
  ]
  expect(chunksOf(header, 'a', 9)).toEqual(parts)
  expect(chunksOf(header, 'a', 2)).toEqual(parts.slice(0, 2))
  expect(wholeCookie(header, 'a', 9)).toBe('xyz')
  expect(wholeCookie(header, 'a', 2)).toBe('xy')
})

test('a cookie that is whole goes before its parts, unless it is empty', () => {
  expect(wholeCookie('a=w; a.0=x', 'a', 9)).toBe('w')
  expect(wholeCookie('a=; a.0=x', 'a', 9)).toBe('x')
  expect(wholeCookie('a=', 'a', 9)).toBe('')
  expect(wholeCookie('b=', 'a', 9)).toBe(undefined)
})
