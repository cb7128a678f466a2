import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'

import { fromCommandLine, wholeNumber } from './command-line.mjs'
import { type Copy, copyOf, mutatedText } from './mutate/copy.ts'
import type { Mutation } from './mutate/mutation.ts'
import { MUTATIONS } from './mutate/mutations.ts'
import { QuickSuite } from './mutate/quick-suite.ts'
import { Suite } from './mutate/suite.ts'

/**
 * Applies each mutation to a copy of the project, and runs the tests that have to notice it: first in plain Node with
 * objects and KV in memory, which takes seconds, and in workerd where that notices nothing. Says which survive, and
 * ends with 1 if one does that is not known to be equivalent, or if one fails that is said to be.
 *
 *     npm run mutate -- --only record/meta
 *     npm run mutate -- --from 100 --to 150
 */
const USAGE = 'npm run mutate -- [--only text]… [--from 1] [--to 150] [--quick]'
const { from, to, only, isQuick } = fromCommandLine(USAGE, () => {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', multiple: true, default: [''] },
      from: { type: 'string', default: '1' },
      to: { type: 'string', default: String(MUTATIONS.length) },
      /** Runs nothing in workerd: a survivor may be none. */
      quick: { type: 'boolean', default: false },
    },
  })
  const first = wholeNumber('--from', values.from, { least: 1, most: MUTATIONS.length })
  return {
    from: first,
    to: wholeNumber('--to', values.to, { least: first }),
    only: values.only,
    isQuick: values.quick,
  }
})

const root = join(import.meta.dirname, '..')
// All of them, so that the list stays true whichever are run.
const texts = new Map(MUTATIONS.map((mutation) => [mutation, mutatedText(root, mutation)]))
const chosen = MUTATIONS.map((mutation, index) => ({ mutation, number: index + 1 }))
  .filter(({ number }) => number >= from && number <= to)
  .filter(({ mutation }) => only.some((text) => shown(mutation).includes(text)))

/** Returns a mutation in one line. */
function shown({ file, find, replace }: Mutation): string {
  const line = (text: string): string => text.replaceAll(/\s+/g, ' ').trim()
  return `${file}: ${line(find)} → ${line(replace) || '(nothing)'}`
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

interface Suites {
  readonly quick: QuickSuite
  readonly workerd: Suite | undefined
}

async function noticedBy({ quick, workerd }: Suites, { tests }: Mutation): Promise<string[]> {
  const failed = await quick.run(tests)
  return failed.length > 0 || workerd === undefined ? failed : workerd.run(tests)
}

/** Runs the tests of each mutation. Returns those whose outcome is wrong. */
async function survivors(suites: Suites, copy: Copy): Promise<string[]> {
  const wrong: string[] = []
  for (const { mutation, number } of chosen) {
    const { file, equivalent } = mutation
    copy.write(file, texts.get(mutation) ?? '')
    suites.workerd?.changed(file)
    const began = performance.now()
    // Mutations share the copy.
    // oxlint-disable-next-line no-await-in-loop
    const failed = await noticedBy(suites, mutation)
    const seconds = ((performance.now() - began) / 1000).toFixed(1)
    copy.write(file, readFileSync(join(root, file), 'utf8'))
    suites.workerd?.changed(file)
    const isKilled = failed.length > 0
    const line = `${isKilled ? 'killed  ' : 'survived'} ${number}. ${shown(mutation)}`
    const why = equivalent ?? (isKilled ? failed.join(', ') : 'no test failed')
    print(`${line} (${why}; ${seconds} s)`)
    if (isKilled === (equivalent !== undefined)) wrong.push(line)
  }
  return wrong
}

/** Returns the suites to be asked, one after the other. Throws if a test fails in workerd without a mutation. */
async function suitesIn(copy: Copy, clean: Copy): Promise<Suites> {
  const quick = new QuickSuite(copy.path, clean.path)
  if (isQuick) return { quick, workerd: undefined }
  const workerd = new Suite(copy.path)
  const failed = await workerd.run([...new Set(chosen.flatMap(({ mutation }) => mutation.tests))])
  if (failed.length === 0) return { quick, workerd }
  throw new Error(`Without a mutation, these fail: ${failed.join(', ')}.`)
}

async function main(): Promise<number> {
  // No test asks where it is, and the answer would take a call to the network.
  process.env['CLOUDFLARE_CF_FETCH_ENABLED'] = 'false'
  const [copy, clean] = [copyOf(root), copyOf(root)]
  process.env['PWD'] = copy.path
  process.chdir(copy.path)
  try {
    const suites = await suitesIn(copy, clean)
    const wrong = await survivors(suites, copy)
    print(`Of ${chosen.length} mutations, ${wrong.length} ended as they must not.`)
    for (const line of wrong) print(line)
    await suites.workerd?.close()
    return wrong.length === 0 ? 0 : 1
  } finally {
    copy.remove()
    clean.remove()
  }
}

process.exit(await main())
