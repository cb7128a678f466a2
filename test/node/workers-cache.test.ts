import assert from 'node:assert/strict'

import { asBefore, play } from './cache-sequences.ts'
import { describe, it } from './suite.ts'

/** `test/long/workers-cache.test.ts` plays forty times as many. */
const SEQUENCES = 250

describe('Workers Cache, simulated by its documented rules', () => {
  it(`answers nobody with a wrong page in ${SEQUENCES} sequences`, async () => {
    const { wrong, hits } = await play(SEQUENCES)
    assert.deepEqual(wrong, [])
    // The cache is in use: pages whose handler allows it come from there.
    assert.ok(hits > SEQUENCES / 10, `${hits} hits`)
  })

  it('would, if responses said no more than Vary: Cookie', async () => {
    const { wrong } = await play(100, asBefore)
    assert.ok(wrong.length > 1, `${wrong.length} wrong sequences`)
  })
})
