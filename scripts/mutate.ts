import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'

import { copyOf, mutatedText } from './mutate/copy.ts'
import { type Mutation, mutationsOf } from './mutate/mutation.ts'
import { RECORD } from './mutate/record.ts'
import { REQUESTS } from './mutate/requests.ts'
import { STORES } from './mutate/stores.ts'
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
    only: { type: 'string', default: '' },
    from: { type: 'string', default: '1' },
    to: { type: 'string', default: 'Infinity' },
    check: { type: 'boolean', default: false },
  },
})

const root = join(import.meta.dirname, '..')
const all = mutationsOf([...RECORD, ...STORES, ...REQUESTS])
// All of them, so that the list stays true whichever are run.
const texts = new Map(all.map((mutation) => [mutation, mutatedText(root, mutation)]))
const chosen = all
  .map((mutation, index) => ({ mutation, number: index + 1 }))
  .filter(({ number }) => number >= Number(values.from) && number <= Number(values.to))
  .filter(({ mutation }) => JSON.stringify(mutation).includes(values.only))

/** Returns a mutation in one line. */
function shown({ file, find, replace }: Mutation): string {
  const line = (text: string): string => text.replaceAll(/\s+/g, ' ').trim()
  return `${file}: ${line(find)} → ${line(replace) || '(nothing)'}`
}

async function main(): Promise<number> {
  if (values.check) return 0
  // No test asks where it is, and the answer would take a call to the network.
  process.env['CLOUDFLARE_CF_FETCH_ENABLED'] = 'false'
  const copy = copyOf(root)
  process.env['PWD'] = copy.path
  process.chdir(copy.path)
  const suite = new Suite(copy.path)
  const wrong: string[] = []
  let killed = 0
  try {
    const tests = [...new Set(chosen.flatMap(({ mutation }) => mutation.tests))]
    const before = await suite.run(tests)
    if (before !== 'passed') throw new Error(`Without a mutation, the tests ${before}.`)
    for (const { mutation, number } of chosen) {
      const { file, equivalent } = mutation
      copy.write(file, texts.get(mutation) ?? '')
      suite.changed(file)
      // Mutations share the copy.
      // oxlint-disable-next-line no-await-in-loop
      const verdict = await suite.run(mutation.tests)
      copy.write(file, readFileSync(join(root, file), 'utf8'))
      suite.changed(file)
      const isKilled = verdict !== 'passed'
      if (isKilled) killed += 1
      const line = `${isKilled ? 'killed  ' : 'survived'} ${number}. ${shown(mutation)}`
      console.log(equivalent === undefined ? line : `${line} (equivalent: ${equivalent})`)
      if (isKilled !== (equivalent === undefined)) wrong.push(line)
    }
  } finally {
    await suite.close()
    copy.remove()
  }
  const equivalents = chosen.length - killed - wrong.length
  console.log(
    `${chosen.length} mutations: ${killed} killed, ${equivalents} equivalent, ${wrong.length} wrong.`,
  )
  for (const line of wrong) console.log(line)
  return wrong.length === 0 ? 0 : 1
}

process.exit(await main())
