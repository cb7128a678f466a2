import { expect, test } from 'vitest'

import { BoundedMap } from '../../src/codec/bounded-map.ts'

test('a bounded map holds what it was given, and never more than its bound', () => {
  const map = new BoundedMap<number>(2)
  expect(map.get('a')).toBe(undefined)
  expect([map.set('a', 1), map.set('b', 2)]).toEqual([1, 2])
  expect([map.get('a'), map.get('b')]).toEqual([1, 2])
  map.set('c', 3)
  expect([map.get('a'), map.get('b'), map.get('c')]).toEqual([undefined, undefined, 3])
})
