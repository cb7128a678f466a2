import assert from 'node:assert/strict'
import * as runner from 'node:test'

import { it } from '../node/suite.ts'
import { DEVIATIONS } from './cookie-deviations.ts'
import { generateSequences } from './cookie-generator.ts'
import { type Outcomes, runInBrowser, runInTestBrowser } from './cookie-runs.ts'
import { SEQUENCES } from './cookie-sequences.ts'
import type { Driver } from './driver.ts'
import { ENGINES } from './engines.ts'
import { programOf } from './programs.ts'

const GENERATED = 150
const SEED = 20
const ALL = [...SEQUENCES, ...generateSequences(GENERATED, SEED)]
/** By their names, since a generated one may be the same as another. */
const ALL_ONCE = Array.from(new Map(ALL.map((sequence) => [sequence.name, sequence])).values())

const noCertificate =
  programOf(['openssl']) === undefined && 'there is no openssl on this machine to make certificates'

for (const { name: engine, skip, launch } of ENGINES) {
  const deviations = DEVIATIONS.filter((each) => each.engine === engine)
  void runner.describe(
    `cookies in ${engine}`,
    { skip: skip === false ? noCertificate : skip },
    () => {
      let driver: Driver
      let expected: Outcomes
      let real: Outcomes

      runner.before(async () => {
        driver = await launch()
        expected = await runInTestBrowser(ALL_ONCE)
        real = await runInBrowser(driver, ALL_ONCE)
      })
      runner.after(() => driver.close())

      it(`are kept and sent as by TestBrowser, in ${ALL_ONCE.length} sequences of Set-Cookie`, () => {
        const known = new Set(deviations.flatMap(({ outcomes }) => Object.keys(outcomes)))
        const names = Array.from(expected.keys()).filter((name) => !known.has(name))
        const outcomesOf = (outcomes: Outcomes): Record<string, string | undefined> =>
          Object.fromEntries(names.map((name) => [name, outcomes.get(name)]))
        assert.ok(names.length > 400)
        assert.deepEqual(outcomesOf(real), outcomesOf(expected))
      })

      for (const { what, outcomes } of deviations) {
        it(`still deviate from RFC 6265bis: ${what}`, () => {
          for (const [name, outcome] of Object.entries(outcomes)) {
            assert.equal(real.get(name), outcome, name)
            assert.ok(expected.has(name), name)
            assert.notEqual(expected.get(name), outcome, name)
          }
        })
      }
    },
  )
}
