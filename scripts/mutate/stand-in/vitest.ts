/* oxlint-disable no-await-in-loop -- one test after the other */
import type { Run } from './spies.ts'

export { expect } from './matchers.ts'
export { vi } from './spies.ts'

/* The used part of Vitest, small enough to be started for each mutation. */

interface Suite {
  readonly parent: Suite | undefined
  readonly isSkipped: boolean
  readonly before: Run[]
  readonly beforeEach: Run[]
  readonly afterEach: Run[]
  /** Settles once `before` has run. If that fails, so does every test of the suite. */
  readonly begun: { value?: Promise<void> }
}

/** A test: `id` is the number of the test in its file, in the order of registration. */
interface Test {
  readonly id: string
  readonly name: string
  readonly suite: Suite
  readonly run: Run
}

const TIME_LIMIT_MS = 30_000

function newSuite(parent?: Suite, isSkipped = false): Suite {
  return {
    parent,
    isSkipped: isSkipped || parent?.isSkipped === true,
    before: [],
    beforeEach: [],
    afterEach: [],
    begun: {},
  }
}

let suite = newSuite()
let file = ''
let count = 0
const tests: Test[] = []

/** Has what is registered from now on belong to this file. */
export function begin(name: string): void {
  suite = newSuite()
  file = name
  count = 0
}

function functionOf(parameters: readonly unknown[]): Run {
  return parameters.find((each): each is Run => typeof each === 'function') ?? (() => undefined)
}

function register(isSkipped: boolean, name: string, ...more: unknown[]): void {
  count += 1
  if (isSkipped || suite.isSkipped) return
  tests.push({ id: `${file}#${count}`, name, suite, run: functionOf(more) })
}

function group(isSkipped: boolean, _name: string, ...more: unknown[]): void {
  const outer = suite
  suite = newSuite(outer, isSkipped)
  functionOf(more)()
  suite = outer
}

type Registration = (isSkipped: boolean, name: string, ...more: unknown[]) => void

/** Registers for each case; with `isSpread`, a case that is a list gives several parameters. */
function cases(add: Registration, isSkipped: boolean, isSpread: boolean): Run {
  return (each) =>
    (name: unknown, ...more: unknown[]) => {
      const run = functionOf(more)
      for (const one of each as unknown[]) {
        const parameters = isSpread && Array.isArray(one) ? one : [one]
        add(isSkipped, String(name), () => run(...(parameters as unknown[]), {}))
      }
    }
}

function registering(add: Registration, isSkipped = false): object {
  return Object.assign(
    (name: string, ...more: unknown[]) => add(isSkipped, name, ...more),
    {
      for: cases(add, isSkipped, false),
      each: cases(add, isSkipped, true),
    },
    !isSkipped && {
      skip: registering(add, true),
      skipIf: (isOut: unknown) => registering(add, Boolean(isOut)),
      runIf: (isIn: unknown) => registering(add, !(isIn as boolean)),
    },
  )
}

export const test: object = registering(register)
export const describe: object = registering(group)

export function beforeAll(run: Run): void {
  suite.before.push(run)
}

export function beforeEach(run: Run): void {
  suite.beforeEach.push(run)
}

export function afterEach(run: Run): void {
  suite.afterEach.push(run)
}

/** What the test that is running has asked for its end. */
const finished: Run[] = []

export function onTestFinished(run: Run): void {
  finished.push(run)
}

/** Returns what vitest.config.ts provides in `npm test`: `isThorough`. */
export function inject(): boolean {
  return false
}

export function afterAll(): void {
  // Nothing that a test could notice.
}

function lineOf(inner: Suite): Suite[] {
  return inner.parent === undefined ? [inner] : [...lineOf(inner.parent), inner]
}

async function inTurn(runs: readonly Run[]): Promise<void> {
  for (const run of runs) await run()
}

async function runOne({ suite: own, run }: Test): Promise<void> {
  const line = lineOf(own)
  for (const each of line) {
    each.begun.value ??= inTurn(each.before)
    await each.begun.value
    await inTurn(each.beforeEach)
  }
  try {
    await run({})
  } finally {
    for (const each of line.toReversed()) await inTurn(each.afterEach)
    await inTurn(finished.splice(0))
  }
}

/** Says nothing of the mutation: the machine may be busy. */
class TooLong extends Error {}

async function inTime(promise: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TooLong('It takes too long.')), TIME_LIMIT_MS)
  })
  await Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

export interface Failure {
  readonly id: string
  readonly name: string
  readonly error: string
}

/** Of a test that takes more of the processor, a mutation would have to wait too long. */
const MAX_CPU_MS = 300

/** Runs what is registered up to the first failure; or all, and then tells what takes long, too. */
export async function runAll(
  leftOut: ReadonlySet<string>,
  isWhole: boolean,
  onStart: (id: string) => void,
): Promise<Failure[]> {
  const failures: Failure[] = []
  for (const each of tests.splice(0)) {
    if (leftOut.has(each.id)) continue
    onStart(each.id)
    const before = process.threadCpuUsage()
    const error = await errorOf(each, isWhole)
    const { user, system } = process.threadCpuUsage(before)
    const isSlow = isWhole && user + system > MAX_CPU_MS * 1000
    if (error === undefined && !isSlow) continue
    failures.push({ id: each.id, name: each.name, error: error ?? 'It takes long.' })
    if (!isWhole) return failures
  }
  return failures
}

async function errorOf(one: Test, isWhole: boolean): Promise<string | undefined> {
  try {
    await inTime(runOne(one))
    return undefined
  } catch (error) {
    return error instanceof TooLong && !isWhole ? undefined : String(error).slice(0, 200)
  }
}
