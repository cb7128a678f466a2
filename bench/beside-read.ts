import { parseArgs } from 'node:util'

import { fromCommandLine, wholeNumber } from '../scripts/command-line.mjs'
import type { Contender } from './contenders.ts'
import { Loader } from './loader.ts'
import { underLoad } from './under-load.ts'

/** The paths that are compared with the plain read at `/read` of the same Worker. */
interface BesideRead {
  readonly name: string
  /** The Worker's source; its `/create` makes a session. */
  readonly source: string
  readonly path: string
  /** The share of a plain read's throughput that it must have in the same run. */
  readonly required: number
}

/**
 * Loads both in one run, with `--rounds` of the command line, and prints the shares. The process ends with 1 if the
 * required share was not reached.
 */
export async function compareWithRead({
  name,
  source,
  path,
  required,
}: BesideRead): Promise<never> {
  const rounds = fromCommandLine(
    `npm run bench:${name.replace(/,.*/, '')} -- [--rounds 60]`,
    () => {
      const { values } = parseArgs({ options: { rounds: { type: 'string', default: '60' } } })
      return wholeNumber('--rounds', values.rounds, { least: 1 })
    },
  )
  const read: Contender = { name: 'floor', source, paths: { create: '/create', read: '/read' } }
  const other: Contender = { name, source, paths: { create: '/create', read: path } }
  const loader = new Loader()
  const { results } = await underLoad(
    [read, other, { ...read, name: 'floor again' }],
    ['read'],
    loader,
    {
      rounds,
      mostRounds: rounds * 3,
      milliseconds: 100,
      sessions: 300,
      connections: 16,
      under: '/dev/shm',
    },
  )
  for (const { contender, ratio, fastestRatio, cpuRatio } of results) {
    const shown = contender.replace('floor', 'a plain read')
    const shares = `${ratio.median.toFixed(2)} (fastest rounds ${fastestRatio.toFixed(2)}, by CPU time ${cpuRatio.toFixed(2)})`
    process.stdout.write(`${shown}: ${shares} of a plain read's throughput\n`)
  }
  const found = results.find(({ contender }) => contender === name)
  process.stdout.write(`required: ${required}\n`)
  loader.end()
  process.exit(found === undefined || found.fastestRatio < required ? 1 : 0)
}
