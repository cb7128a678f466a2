import * as runner from 'node:test'
import type { TestContext } from 'node:test'

// Node's own give a promise for each test, which nobody is to await.
export const describe: (name: string, tests: () => void) => void = runner.describe
export const it: (name: string, test: (context: TestContext) => void | Promise<void>) => void =
  runner.it
