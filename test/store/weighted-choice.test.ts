import { describe, expect, test } from 'vitest'

import { encodeHex } from '../../src/codec/base64url.ts'
import { type Weighted, weightedChoice } from '../../src/store/ring/weighted-choice.ts'

const COUNT = 100_000
const SHARE_TOLERANCE = 0.05
const MOVED_TOLERANCE = 0.1

type Places = readonly [Weighted, ...Weighted[]]

function places(weights: Readonly<Record<string, number>>): Places {
  const [first, ...others] = Object.entries(weights).map(([name, weight]) => ({ name, weight }))
  if (first === undefined) throw new Error('There are no places.')
  return [first, ...others]
}

/** Texts as handles are; always the same ones, so that no run is unlucky. */
function scatteredIds(): string[] {
  const bytes = new Uint8Array(18)
  let state = 1
  return Array.from({ length: COUNT }, () => {
    for (let at = 0; at < bytes.length; at += 1) {
      // A linear congruential generator (Numerical Recipes); its high bits are good enough here.
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      bytes[at] = state >>> 24
    }
    return encodeHex(bytes)
  })
}

const SCATTERED = scatteredIds()
const NUMBERED = Array.from({ length: COUNT }, (_, index) => `session ${index}`)

function placesOf(ids: readonly string[], given: Places): string[] {
  const choose = weightedChoice(given)
  return ids.map((id) => choose(id).name)
}

function countsOf(chosen: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const name of chosen) counts[name] = (counts[name] ?? 0) + 1
  return counts
}

/** How far the shares are from the weights, at most, as a part of each share. */
function unevenness(chosen: readonly string[], given: Places): number {
  const total = given.reduce((sum, { weight }) => sum + weight, 0)
  const counts = countsOf(chosen)
  const shares = given.map(
    ({ name, weight }) => ((counts[name] ?? 0) * total) / (weight * chosen.length),
  )
  return Math.max(...shares.map((share) => Math.abs(share - 1)))
}

describe.for([
  ['scattered ids', SCATTERED],
  ['numbered ids', NUMBERED],
] as const)('over 100,000 %s', ([, ids]) => {
  test.for([
    { a: 1, b: 1 },
    { a: 1, b: 2, c: 3, d: 4 },
    { 'redis-1': 1, 'redis-2': 1, 'redis-3': 1, 'redis-4': 1, 'redis-5': 1 },
    { small: 0.5, medium: 2.25, large: 7.25 },
    { a: 1000, b: 2000, c: 3000 },
    Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`node ${index}`, 1])),
  ])('shares are within a twentieth of the weights: %j', (weights) => {
    const given = places(weights)
    expect(unevenness(placesOf(ids, given), given)).toBeLessThan(SHARE_TOLERANCE)
  })

  test.for([0.5, 1, 2, 6])('a node of weight %s that is added takes its share only', (weight) => {
    const before = places({ a: 1, b: 2, c: 3 })
    const after = places({ a: 1, b: 2, c: 3, d: weight })
    const chosen = placesOf(ids, before)
    const chosenAfter = placesOf(ids, after)
    const moved = chosenAfter.filter((name, index) => name !== chosen[index])
    // Nothing moves from one of the former nodes to another.
    expect(new Set(moved)).toEqual(new Set(['d']))
    const ideal = (COUNT * weight) / (6 + weight)
    expect(Math.abs(moved.length / ideal - 1)).toBeLessThan(MOVED_TOLERANCE)
    expect(unevenness(chosenAfter, after)).toBeLessThan(SHARE_TOLERANCE)
  })

  test('a node that is removed leaves its share to the others, by their weights', () => {
    const before = places({ a: 1, b: 2, c: 3, d: 2 })
    const after = places({ a: 1, b: 2, c: 3 })
    const chosen = placesOf(ids, before)
    const chosenAfter = placesOf(ids, after)
    const moved = chosenAfter.filter((name, index) => name !== chosen[index])
    expect(moved.length).toBe(countsOf(chosen)['d'])
    expect(Math.abs(moved.length / ((COUNT * 2) / 8) - 1)).toBeLessThan(MOVED_TOLERANCE)
    expect(unevenness(moved, after)).toBeLessThan(SHARE_TOLERANCE)
  })

  test('a weight that grows takes what it grows by', () => {
    const chosen = placesOf(ids, places({ a: 1, b: 1, c: 1 }))
    const chosenAfter = placesOf(ids, places({ a: 2, b: 1, c: 1 }))
    const moved = chosenAfter.filter((name, index) => name !== chosen[index])
    expect(new Set(moved)).toEqual(new Set(['a']))
    const ideal = COUNT * (2 / 4 - 1 / 3)
    expect(Math.abs(moved.length / ideal - 1)).toBeLessThan(MOVED_TOLERANCE)
  })
})

test('the order of the nodes makes no difference, and weights of one proportion neither', () => {
  const chosen = placesOf(NUMBERED, places({ a: 1, b: 2, c: 3 }))
  expect(placesOf(NUMBERED, places({ c: 3, a: 1, b: 2 }))).toEqual(chosen)
  expect(placesOf(NUMBERED, places({ a: 10, b: 20, c: 30 }))).toEqual(chosen)
})

test('places are the same in every release: another one would lose sessions', () => {
  const ids = ['', 'a', 'session', '4d3c2b1a', 'ключ', 'AAAAAAAAAAAAAAAAAAAAAAAA', 'x'.repeat(64)]
  expect(placesOf(ids, places({ 'redis-1': 1, 'redis-2': 2, 'redis-3': 3 }))).toEqual([
    'redis-2',
    'redis-1',
    'redis-2',
    'redis-2',
    'redis-2',
    'redis-3',
    'redis-2',
  ])
})
