import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'

import { loadLibrary } from '../simulation/library.ts'
import { IMPOSSIBLE, isLinearizable, type Operation } from '../simulation/linearizable.ts'
import { newPlan } from '../simulation/plan.ts'
import { PLANTED } from '../simulation/planted.ts'
import { Random } from '../simulation/random.ts'
import { playPlan, playSeed } from '../simulation/run.ts'
import { findPlanted, playSeeds, textOf } from '../simulation/threads.ts'
import { describe, it } from './suite.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const SCHEDULES = 10_000

describe('the simulation', () => {
  it('finds nothing wrong in 10,000 schedules', async () => {
    const found = await playSeeds(0, SCHEDULES)
    assert.equal(found.length, 0, found.map(textOf).join('\n\n'))
  })

  // Each is looked for among these schedules, from the one that has found it before: `planted.ts` says which.
  it('finds every fault that is planted in a copy of the library', async (test) => {
    assert.ok(PLANTED.length >= 25)
    const names = PLANTED.map(({ name }) => name)
    const found = await findPlanted(names, SCHEDULES)
    for (const name of names) {
      const first = found.get(name)
      assert.ok(first !== undefined, name)
      test.diagnostic(`${name}: seed ${first.seed}, ${first.faults[0] ?? ''}`)
    }
  })

  it('plays a seed alike in new isolates and in those of other runs', async () => {
    const [used, fresh] = await Promise.all([loadLibrary(ROOT), loadLibrary(ROOT)])
    for (let seed = 0; seed < 40; seed += 1) await playSeed(seed, { present: used })
    for (const seed of [3, 10, 13, 17, 22, 29]) {
      const plan = newPlan(seed, new Random(seed))
      const again = await playPlan(plan, { present: used }, true)
      const first = await playPlan(
        plan,
        { present: seed === 3 ? fresh : await loadLibrary(ROOT) },
        true,
      )
      assert.ok(first.lines.length > 5)
      assert.deepEqual(again.lines, first.lines)
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
