import assert from 'node:assert/strict'

import { IMPOSSIBLE, isLinearizable, type Operation } from '../simulation/linearizable.ts'
import { findPlanted, playSeeds, textOf } from '../simulation/threads.ts'
import { describe, it } from './suite.ts'

const SCHEDULES = 4000
/** Faults that show soon, one of each kind of check. `npm run simulate -- --planted` looks for all of them. */
const SOON = [
  'a repeated operation is applied again',
  'a token that was replaced is accepted',
  'a taken value stays',
  'a delete is dropped',
  'destroy keeps the rows',
  'the alarm trusts its time',
  'a copy that is behind its cookie answers',
]

describe('the simulation', () => {
  it('finds nothing wrong in 4,000 schedules', async () => {
    const found = await playSeeds(0, SCHEDULES)
    assert.equal(found.length, 0, found.map(textOf).join('\n\n'))
  })

  it('would find a fault: each of these is found among the first seeds', async (test) => {
    const found = await findPlanted(SOON, SCHEDULES / 4)
    for (const name of SOON) {
      const first = found.get(name)
      assert.ok(first !== undefined, name)
      test.diagnostic(`${name}: seed ${first.seed}, ${first.faults[0] ?? ''}`)
    }
  })
})

describe('the checker of histories', () => {
  const write = (start: number, end: number, value: string): Operation<string> => ({
    what: `write ${value}`,
    start,
    end,
    apply: () => value,
  })
  const read = (start: number, end: number, value: string): Operation<string> => ({
    what: `read ${value}`,
    start,
    end,
    apply: (present) => (present === value ? present : IMPOSSIBLE),
  })

  it('takes overlapping operations in any order', () => {
    const overlapping = [write(0, 10, 'a'), write(1, 9, 'b'), read(11, 12, 'a')]
    assert.ok(isLinearizable(overlapping, ''))
    assert.ok(isLinearizable([write(0, 10, 'a'), write(1, 9, 'b'), read(11, 12, 'b')], ''))
  })

  it('refuses a read of what was overwritten before it began', () => {
    assert.ok(!isLinearizable([write(0, 1, 'a'), write(2, 3, 'b'), read(4, 5, 'a')], ''))
  })

  it('refuses two reads that see two writes in different orders', () => {
    const writes = [write(0, 10, 'a'), write(0, 10, 'b')]
    assert.ok(!isLinearizable([...writes, read(11, 12, 'a'), read(13, 14, 'b')], ''))
    assert.ok(isLinearizable([...writes, read(1, 2, 'a'), read(3, 4, 'b')], ''))
  })

  it('takes a write with an unknown outcome as done at any time, or never', () => {
    const unknown = write(0, Infinity, 'a')
    assert.ok(isLinearizable([unknown, read(5, 6, '')], ''))
    assert.ok(isLinearizable([unknown, read(5, 6, ''), read(7, 8, 'a')], ''))
    assert.ok(!isLinearizable([unknown, read(5, 6, 'a'), read(7, 8, '')], ''))
  })

  it('refuses a write that is read before it began', () => {
    assert.ok(!isLinearizable([read(0, 1, 'a'), write(2, 3, 'a')], ''))
  })
})
