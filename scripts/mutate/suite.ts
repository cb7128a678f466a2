import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

import { createVitest, type Vitest } from 'vitest/node'

/** A run that takes longer does not end: the mutation has been noticed. */
const TIME_LIMIT_MS = 180_000
/** A mutation that makes a test wait for ever need not wait for long. */
const TEST_TIMEOUT_MS = 10_000

export type Verdict = 'passed' | 'failed' | 'does not end'

/** The project's suite in a copy, in one process that stays: a start for each mutation would take most of the time. */
export class Suite {
  readonly #path: string
  #vitest: Vitest | undefined

  constructor(path: string) {
    this.#path = path
  }

  /** Runs these test files until the first failure. */
  async run(tests: readonly string[]): Promise<Verdict> {
    const vitest = (this.#vitest ??= await this.#start())
    const specifications = await vitest.globTestSpecifications([...tests])
    const missing = tests.filter(
      (test) => !specifications.some((each) => each.moduleId.endsWith(test)),
    )
    if (missing.length > 0) throw new Error(`There is no ${missing.join(', ')}.`)
    const running = vitest.runTestSpecifications(specifications, false)
    const result = await Promise.race([running, wait(TIME_LIMIT_MS, undefined, { ref: false })])
    if (result === undefined) {
      await this.close()
      return 'does not end'
    }
    const { testModules, unhandledErrors } = result
    const isGreen = testModules.every((each) => each.ok()) && unhandledErrors.length === 0
    return isGreen && testModules.length > 0 ? 'passed' : 'failed'
  }

  /** Has the next run read this file again. */
  changed(file: string): void {
    this.#vitest?.invalidateFile(join(this.#path, file))
  }

  async close(): Promise<void> {
    await this.#vitest?.close()
    this.#vitest = undefined
  }

  async #start(): Promise<Vitest> {
    return createVitest('test', {
      root: this.#path,
      watch: true,
      bail: 1,
      retry: 0,
      testTimeout: TEST_TIMEOUT_MS,
      coverage: { enabled: false },
      reporters: [{}],
    })
  }
}
