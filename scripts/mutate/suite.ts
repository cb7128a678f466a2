import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

import { createVitest, type Vitest } from 'vitest/node'

/** A run that takes longer does not end: the mutation has been noticed. */
const TIME_LIMIT_MS = 180_000
/** The project's suite in a copy, in one process that stays: a start for each mutation would take most of the time. */
export class Suite {
  readonly #path: string
  #vitest: Vitest | undefined

  constructor(path: string) {
    this.#path = path
  }

  /** Runs these test files until the first failure. Returns the files that failed, none if all passed. */
  async run(tests: readonly string[]): Promise<string[]> {
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
      return ['no end']
    }
    const { testModules, unhandledErrors } = result
    const failed = testModules.filter((each) => !each.ok()).map((each) => each.relativeModuleId)
    if (testModules.length === 0) throw new Error('No test was run.')
    return [...failed, ...unhandledErrors.map(() => 'unhandled error')]
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
      coverage: { enabled: false },
      reporters: [{}],
    })
  }
}
