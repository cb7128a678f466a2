import { expect, test } from 'vitest'

import { Places } from '../../src/store/user-index/places.ts'
import type { ListedSession } from '../../src/store/user-index/user-list.ts'
import { merged } from '../../src/store/user-index/user-rows.ts'

const NOW = 1_800_000_000_000

const ROW: ListedSession = {
  id: 's0',
  address: 'kv:s0',
  createdAt: NOW - 5000,
  usedAt: NOW,
  expiresAt: NOW + 9000,
  userAgent: 'A phone',
  label: 'phone',
}

const { userAgent, label, ...TIMES } = ROW

test('a session that comes again, from a clock behind, keeps its details and its last use', () => {
  const moved = { ...TIMES, address: 'kv:s1', usedAt: NOW - 4000 }
  expect(merged(ROW, moved, undefined)).toEqual({ ...ROW, address: 'kv:s1' })
  expect(merged(undefined, moved, undefined)).toEqual(moved)
})

test('a sign-in over a session keeps the label, and not the details of the former device', () => {
  expect(merged(ROW, TIMES, true)).toEqual({ ...TIMES, label })
  expect(merged(ROW, { ...TIMES, label: 'laptop', userAgent: 'A laptop' }, true)).toEqual({
    ...TIMES,
    label: 'laptop',
    userAgent: 'A laptop',
  })
  expect(merged({ ...TIMES, userAgent }, TIMES, true)).toEqual(TIMES)
})

test('no clock that is behind moves the times of a listed session back', () => {
  const places = new Places({ listed: new Map([[ROW.id, ROW]]), reserved: new Map() })
  expect(places.update(ROW.id, { usedAt: NOW - 1 })).toBe(true)
  expect(places.update(ROW.id, { expiresAt: NOW })).toBe(true)
  expect(places.listed.get(ROW.id)).toEqual(ROW)
  places.update(ROW.id, { usedAt: NOW + 1, expiresAt: NOW + 9001 })
  expect(places.listed.get(ROW.id)).toEqual({ ...ROW, usedAt: NOW + 1, expiresAt: NOW + 9001 })
  expect(places.update('s1', { usedAt: NOW })).toBe(false)
})
