import fc from 'fast-check'
import { expect, test } from 'vitest'

import { BROWSERS, CacheWorld, type Step, type Work } from '../support/cache-world.ts'
import { runs } from '../support/thorough.ts'

/** Sequences of 20 to 80 steps. */
const SEQUENCES = runs(500)

const browser = fc.nat(BROWSERS - 1)
const isolate = fc.nat(2)
const which = fc.nat(9)
const milliseconds = fc.oneof(fc.nat(3000), fc.nat(30_000))

const request = (does: Work): fc.Arbitrary<Step> =>
  fc.record({ does: fc.constant(does), browser, isolate })
const other = (
  step: fc.Arbitrary<Step>,
  weight: number,
): { arbitrary: fc.Arbitrary<Step>; weight: number } => ({
  arbitrary: step,
  weight,
})
const anyStep = fc.oneof(
  other(request('read'), 12),
  other(request('write'), 5),
  other(request('destroy'), 1),
  other(request('regenerate'), 1),
  other(fc.record({ does: fc.constant('copy cookie' as const), browser }), 1),
  other(fc.record({ does: fc.constant('wait' as const), milliseconds }), 4),
  other(fc.record({ does: fc.constant('let KV have' as const), which }), 4),
  other(fc.record({ does: fc.constant('receive' as const), which }), 5),
)

test.for([
  ['a browser reads its own writes and never goes back, where responses arrive in order', true],
  ['a read is not behind its cookie, in whatever order responses arrive', false],
] as const)(
  'with a read cache %s; nothing is older than maxAgeSeconds',
  async ([, arrivesAtOnce]) => {
    let answeredByCopies = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyStep, { minLength: 20, maxLength: 80, size: 'max' }),
        async (steps) => {
          const world = new CacheWorld(arrivesAtOnce)
          for (const step of steps) await world.take(step)
          expect(world.faults).toEqual([])
          answeredByCopies += world.answeredByCopies
        },
      ),
      { numRuns: SEQUENCES },
    )
    // Or else nothing has been shown.
    expect(answeredByCopies).toBeGreaterThan(SEQUENCES)
  },
)
