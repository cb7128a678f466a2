// Follows README.md and docs/ as a new user in an empty project: `npm run docs:walk`, or `npm run docs:walk -- docs/cli.md`.
// It runs the package as it would be published, so build it first: `npm run build`.
import { parseArgs } from 'node:util'

import { fromCommandLine, oneOf } from './command-line.mjs'
import { documents, examples } from './repository-texts.ts'
import { Walk } from './walk/walk.ts'
import { packed } from './walk/world.ts'

const [texts, known] = await Promise.all([documents(), examples()])
const paths = fromCommandLine('npm run docs:walk -- [docs/cli.md …]', () => {
  const { positionals } = parseArgs({ allowPositionals: true, options: {} })
  const all = [...texts.keys()]
  return positionals.length === 0 ? all : positionals.map((path) => oneOf('document', path, all))
})
const say = (line: string): void => void process.stdout.write(`${line}\n`)

// Each directory and server is removed at the end.
process.setMaxListeners(0)
const tarball = await packed()
const totals = { ran: 0, files: 0, notRun: 0, faults: 0 }
for (const path of paths) {
  const start = performance.now()
  process.stdout.write(`${path}: `)
  // One after the other: each runs servers.
  // oxlint-disable-next-line no-await-in-loop
  const walked = await new Walk(path, tarball).all(texts.get(path) ?? '', known)
  const { ran, notRun, files, faults } = walked
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  say(`${ran.length} commands, ${files.length} files, ${seconds} s`)
  for (const [command, reason] of notRun) say(`  not run: ${command}\n    ${reason}`)
  for (const { place, what } of faults) say(`  ${place}: ${what}`)
  totals.ran += ran.length
  totals.files += files.length
  totals.notRun += notRun.length
  totals.faults += faults.length
}
say(
  `${paths.length} documents: ${totals.ran} commands and ${totals.files} files were run, ${totals.notRun} were not, ${totals.faults} faults.`,
)
if (totals.faults > 0) process.exitCode = 1
