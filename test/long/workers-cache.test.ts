import assert from 'node:assert/strict'

import { play } from '../node/cache-sequences.ts'
import { it } from '../node/suite.ts'

const SEQUENCES = 10_000

it(`Workers Cache, simulated by its documented rules, answers nobody with a wrong page in ${SEQUENCES} sequences`, async () => {
  const { wrong, hits } = await play(SEQUENCES)
  assert.deepEqual(wrong, [])
  assert.ok(hits > SEQUENCES / 10, `${hits} hits`)
})
