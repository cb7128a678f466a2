import assert from 'node:assert/strict'
import { setTimeout as wait } from 'node:timers/promises'

import { withinTime } from '../../src/store/within-time.ts'
import { describe, it } from './suite.ts'

// In Node, since its timers are over at once when they are to wait for too long; those of workerd are not.
describe('a time limit that is more than a timer can wait', () => {
  for (const milliseconds of [Number.POSITIVE_INFINITY, 2 ** 31, 1e12]) {
    it(`is none: ${milliseconds} milliseconds`, async () => {
      assert.equal(await withinTime(milliseconds, wait(50, 'in the end')), 'in the end')
    })
  }
})
