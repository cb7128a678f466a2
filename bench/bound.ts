// Compares a request with a good cookie of the device, and its guard, with a plain read: npm run bench:bound [-- --rounds 90]
import { parseArgs } from 'node:util'

import type { Contender } from './contenders.ts'
import { Loader } from './loader.ts'
import { underLoad } from './under-load.ts'

/** The share of the throughput of a read without it that it must have in the same run. */
const REQUIRED = 0.93

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '60' } } })

const READ: Contender = {
  name: 'floor',
  source: 'bound.ts',
  paths: { create: '/create', read: '/read' },
}
const BOUND: Contender = { ...READ, name: 'bound', paths: { create: '/create', read: '/bound' } }

const loader = new Loader()
const { results } = await underLoad(
  [READ, BOUND, { ...READ, name: 'floor again' }],
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
  const name = contender.replace('floor', 'a read without the guard')
  const shares = `${ratio.median.toFixed(2)} (fastest rounds ${fastestRatio.toFixed(2)}, by CPU time ${cpuRatio.toFixed(2)})`
  process.stdout.write(`${name}: ${shares} of the throughput of a read without it\n`)
}
const bound = results.find(({ contender }) => contender === BOUND.name)
process.stdout.write(`required: ${REQUIRED}\n`)
if (bound === undefined || bound.fastestRatio < REQUIRED) process.exitCode = 1
loader.end()
process.exit()
