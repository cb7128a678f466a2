import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { inspect } from 'node:util'

import { createVitest, type Vitest } from 'vitest/node'

/** A run that takes longer, twice, does not end: the mutation has been noticed. */
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
    const failed = (await this.#once(tests)) ?? (await this.#once(tests)) ?? ['no end']
    // The rest of the files was given up in the middle, and what they left must not reach the next run.
    if (failed.length > 0) await this.close()
    return failed
  }

  /** Returns `undefined` if the run did not end in time. */
  async #once(tests: readonly string[]): Promise<string[] | undefined> {
    const vitest = (this.#vitest ??= await this.#start())
    const specifications = await vitest.globTestSpecifications([...tests])
    if (specifications.length !== tests.length) throw new Error('Not all of the tests are there.')
    // Vitest keeps the results of earlier runs, and counts their failures too.
    vitest.state.filesMap.clear()
    vitest.state.idMap.clear()
    const running = vitest.runTestSpecifications(specifications, false)
    const result = await Promise.race([running, wait(TIME_LIMIT_MS, undefined, { ref: false })])
    if (result === undefined) {
      await this.close()
      return undefined
    }
    const { testModules, unhandledErrors } = result
    const failed = testModules.filter((each) => !each.ok()).map((each) => each.relativeModuleId)
    return [...failed, ...unhandledErrors.map((error) => inspect(error, { depth: 0 }))]
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
      maxWorkers: 1,
      retry: 0,
      coverage: { enabled: false },
      reporters: [{}],
    })
  }
}
