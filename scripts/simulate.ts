// Plays more seeds of the simulation, or looks for the planted faults: npm run simulate [-- --from 0 --to 1000000] [-- --planted --to 3000]
import { parseArgs } from 'node:util'

import { PLANTED } from '../test/simulation/planted.ts'
import { findPlanted, playSeeds, textOf } from '../test/simulation/threads.ts'

const { values } = parseArgs({
  options: {
    from: { type: 'string', default: '0' },
    to: { type: 'string', default: '100000' },
    planted: { type: 'boolean', default: false },
  },
})
const [from, to] = [Number(values.from), Number(values.to)]
let isWrong: boolean
if (values.planted) {
  const found = await findPlanted(
    PLANTED.map(({ name }) => name),
    to,
  )
  const lines = [...found].map(
    ([name, first]) => `${first === undefined ? 'missed' : `seed ${first.seed}`}  ${name}`,
  )
  process.stdout.write(`${lines.join('\n')}\n`)
  isWrong = [...found.values()].includes(undefined)
} else {
  const found = await playSeeds(from, to)
  process.stdout.write(`${found.map(textOf).join('\n\n')}\n`)
  process.stdout.write(`Seeds ${from} to ${to}: ${found.length} threads found something wrong.\n`)
  isWrong = found.length > 0
}
process.exitCode = isWrong ? 1 : 0
