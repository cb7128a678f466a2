import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'

import { alikeOrders, type Step } from '../simulation/commuting.ts'
import { exploreAll, type Triple } from '../simulation/exhaustive.ts'
import type { History } from '../simulation/history.ts'
import { loadLibrary } from '../simulation/library.ts'
import { describe, it } from './suite.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const TRIPLE: Triple = [
  [{ does: 'get', key: 's' }, { does: 'destroy' }],
  [
    { does: 'get', key: 'n' },
    { does: 'set', key: 's' },
  ],
  [{ does: 'get', key: 't' }, { does: 'regenerate' }],
]
const PLACES = new Set(['start', 'end', 'order', 'arrived', 'sent'])
const NAMES = new Set(['session', 'secret', 'issued', 'former'])

/** Returns a history as text, with its random names and its places numbered as they come. */
function textOf({ entries, sights, responses, errors, unseen }: History): string {
  const lists = [entries, sights, responses]
  const all = lists.flat().flatMap((each) => Object.entries(each) as [string, unknown][])
  const places = all.flatMap(([key, value]) => (PLACES.has(key) ? [Number(value)] : []))
  const ranks = [...new Set(places)].toSorted((one, other) => one - other)
  const names = [...new Set(all.flatMap(([key, value]) => (NAMES.has(key) ? [value] : [])))]
  return JSON.stringify([...lists, errors, unseen], (key, value: unknown) => {
    if (PLACES.has(key)) return ranks.indexOf(Number(value))
    return NAMES.has(key) ? names.indexOf(value) : value
  })
}

async function histories(store: 'memory' | 'objects', isWhole: boolean): Promise<string[]> {
  const texts: string[] = []
  const seen = (history: History): void => void texts.push(textOf(history))
  const { interleavings } = await exploreAll(await loadLibrary(ROOT), store, TRIPLE, {
    isWhole,
    seen,
  })
  assert.equal(interleavings, texts.length)
  return texts.toSorted()
}

describe('the orders of calls of which one is played for all that are alike', () => {
  for (const store of ['memory', 'objects'] as const) {
    it(`are all there, with the histories that they have when each is played on ${store}`, async () => {
      const [reduced, whole] = [await histories(store, false), await histories(store, true)]
      assert.ok(whole.length >= 50)
      assert.equal(new Set(whole).size, whole.length)
      assert.deepEqual(reduced, whole)
    })
  }

  it('differ by reads that follow each other only, and keep the order of each request', () => {
    const before = { place: 0, entries: 0, sights: 0, responses: 0 }
    const stepsOf = (...calls: [of: number, isRead: boolean][]): Step[] =>
      calls.map(([of, isRead]) => ({ of, isRead, before }))
    const [read, write] = [true, false]
    assert.deepEqual(alikeOrders(stepsOf([0, read], [1, write], [0, write], [2, read])), [
      [0, 1, 2, 3],
    ])
    assert.deepEqual(alikeOrders(stepsOf([0, write], [0, read], [1, read], [1, read])), [
      [0, 1, 2, 3],
      [0, 2, 1, 3],
      [0, 2, 3, 1],
    ])
  })
})
