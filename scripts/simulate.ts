// Plays more seeds of the simulation, or looks for the planted faults: npm run simulate [-- --from 0 --to 1000000] [-- --planted --to 3000]
import { parseArgs } from 'node:util'

import { PLANTED } from '../test/simulation/planted.ts'
import { findPlanted, playSeeds, textOf } from '../test/simulation/threads.ts'
import { fromCommandLine, wholeNumber } from './command-line.mjs'

/** After so many seeds it says how far it has come. From there it can be started again by `--from`. */
const STEP = 50_000

const USAGE = 'npm run simulate -- [--from 0] [--to 100000] [--planted]'

const { from, to, isPlanted } = fromCommandLine(USAGE, () => {
  const { values } = parseArgs({
    options: {
      from: { type: 'string', default: '0' },
      to: { type: 'string', default: '100000' },
      planted: { type: 'boolean', default: false },
    },
  })
  const first = wholeNumber('--from', values.from)
  return {
    from: first,
    to: wholeNumber('--to', values.to, { least: first + 1 }),
    isPlanted: values.planted,
  }
})
let isWrong = false
if (isPlanted) {
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
  for (let start = from; start < to; start += STEP) {
    const end = Math.min(to, start + STEP)
    // oxlint-disable-next-line no-await-in-loop -- one range after the other, to say how far it has come
    const found = await playSeeds(start, end)
    isWrong ||= found.length > 0
    const texts = found.map((each) => `${textOf(each)}\n\n`).join('')
    process.stdout.write(
      `${texts}Seeds ${start} to ${end}: ${found.length} threads found something wrong.\n`,
    )
  }
}
process.exitCode = isWrong ? 1 : 0
