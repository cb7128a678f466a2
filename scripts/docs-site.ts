// Writes docs/index.html: `npm run docs:site`. With --record, it first runs the race lab on this machine, for the animation.
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'

import { fromCommandLine } from './command-line.mjs'
import { builtPage, RECORDING } from './site/built-page.ts'
import { recordRace } from './site/record.ts'

const { values } = fromCommandLine('npm run docs:site -- [--record]', () =>
  parseArgs({ options: { record: { type: 'boolean', default: false } } }),
)
if (values.record) {
  await writeFile(RECORDING, `${JSON.stringify(await recordRace(), null, 2)}\n`)
}
await writeFile(new URL('../docs/index.html', import.meta.url), await builtPage())
