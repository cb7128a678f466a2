// Compares a `once` that returns a kept result with a plain read: npm run bench:once [-- --rounds 90]
import { parseArgs } from 'node:util'

import type { Contender } from './contenders.ts'
import { Loader } from './loader.ts'
import { underLoad } from './under-load.ts'

/** The share of a plain read's throughput that it must have in the same run. */
const REQUIRED = 0.85

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '60' } } })

const READ: Contender = {
  name: 'floor',
  source: 'once.ts',
  paths: { create: '/create', read: '/read' },
}
const KEPT: Contender = { ...READ, name: 'once, kept', paths: { create: '/create', read: '/once' } }

const loader = new Loader()
const { results } = await underLoad(
  [READ, KEPT, { ...READ, name: 'floor again' }],
  ['read'],
  loader,
  {
    rounds: Number(values.rounds),
    mostRounds: Number(values.rounds) * 3,
    milliseconds: 100,
    sessions: 300,
    connections: 16,
    under: '/dev/shm',
  },
)
for (const { contender, ratio, fastestRatio, cpuRatio } of results) {
  const name = contender.replace('floor', 'a plain read')
  const shares = `${ratio.median.toFixed(2)} (fastest rounds ${fastestRatio.toFixed(2)}, by CPU time ${cpuRatio.toFixed(2)})`
  process.stdout.write(`${name}: ${shares} of a plain read's throughput\n`)
}
const kept = results.find(({ contender }) => contender === KEPT.name)
process.stdout.write(`required: ${REQUIRED}\n`)
if (kept === undefined || kept.fastestRatio < REQUIRED) process.exitCode = 1
loader.end()
process.exit()
