import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'

import { type Copy, copyOf, mutatedText } from './mutate/copy.ts'
import type { Mutation } from './mutate/mutation.ts'
import { MUTATIONS } from './mutate/mutations.ts'
import { Suite } from './mutate/suite.ts'

/**
 * Applies each mutation to a copy of the project, and runs the tests that have to notice it. Says which survive, and
 * ends with 1 if one does that is not known to be equivalent, or if one fails that is said to be.
 *
 *     npm run mutate -- --only record/meta
 *     npm run mutate -- --from 100 --to 150
 */
const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [''] },
    from: { type: 'string', default: '1' },
    to: { type: 'string', default: 'Infinity' },
  },
})

const root = join(import.meta.dirname, '..')
// All of them, so that the list stays true whichever are run.
const texts = new Map(MUTATIONS.map((mutation) => [mutation, mutatedText(root, mutation)]))
const chosen = MUTATIONS.map((mutation, index) => ({ mutation, number: index + 1 }))
  .filter(({ number }) => number >= Number(values.from) && number <= Number(values.to))
  .filter(({ mutation }) => values.only.some((text) => shown(mutation).includes(text)))

/** Returns a mutation in one line. */
function shown({ file, find, replace }: Mutation): string {
  const line = (text: string): string => text.replaceAll(/\s+/g, ' ').trim()
  return `${file}: ${line(find)} → ${line(replace) || '(nothing)'}`
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** Runs the first file, which is quick and notices the most, and then the others. Returns those that notice it. */
async function noticedBy(suite: Suite, { tests }: Mutation): Promise<string[]> {
  const failed = await suite.run(tests.slice(0, 1))
  return failed.length > 0 || tests.length === 1 ? failed : suite.run(tests.slice(1))
}

/** Runs the tests of each mutation. Returns those whose outcome is wrong. */
async function survivors(suite: Suite, copy: Copy): Promise<string[]> {
  const tests = [...new Set(chosen.flatMap(({ mutation }) => mutation.tests))]
  const before = await suite.run(tests)
  if (before.length > 0) throw new Error(`Without a mutation, these fail: ${before.join(', ')}.`)
  const wrong: string[] = []
  for (const { mutation, number } of chosen) {
    const { file, equivalent } = mutation
    copy.write(file, texts.get(mutation) ?? '')
    suite.changed(file)
    // Mutations share the copy.
    // oxlint-disable-next-line no-await-in-loop
    const failed = await noticedBy(suite, mutation)
    copy.write(file, readFileSync(join(root, file), 'utf8'))
    suite.changed(file)
    const isKilled = failed.length > 0
    const line = `${isKilled ? 'killed  ' : 'survived'} ${number}. ${shown(mutation)}`
    print(`${line} (${equivalent ?? (isKilled ? failed.join(', ') : 'no test failed')})`)
    if (isKilled === (equivalent !== undefined)) wrong.push(line)
  }
  return wrong
}

async function main(): Promise<number> {
  // No test asks where it is, and the answer would take a call to the network.
  process.env['CLOUDFLARE_CF_FETCH_ENABLED'] = 'false'
  const copy = copyOf(root)
  process.env['PWD'] = copy.path
  process.chdir(copy.path)
  const suite = new Suite(copy.path)
  try {
    const wrong = await survivors(suite, copy)
    print(`Of ${chosen.length} mutations, ${wrong.length} ended as they must not.`)
    for (const line of wrong) print(line)
    return wrong.length === 0 ? 0 : 1
  } finally {
    await suite.close()
    copy.remove()
  }
}

process.exit(await main())
