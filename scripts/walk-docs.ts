// Follows README.md and docs/ as a new user in an empty project: `npm run docs:walk`, or `npm run docs:walk -- docs/cli.md`.
// It runs the package as it would be published, so build it first: `npm run build`.
import { documents, examples } from './repository-texts.ts'
import { Walk } from './walk/walk.ts'
import { packed } from './walk/world.ts'

const [tarball, texts, known] = await Promise.all([packed(), documents(), examples()])
const wanted = process.argv.slice(2)
for (const [path, text] of texts) {
  if (wanted.length > 0 && !wanted.includes(path)) continue
  // One after the other: each runs servers.
  // oxlint-disable-next-line no-await-in-loop
  const { ran, notRun, files, faults } = await new Walk(path, tarball).all(text, known)
  process.stdout.write(`${path}: ${ran.length} commands, ${files.length} files\n`)
  for (const [command, reason] of notRun)
    process.stdout.write(`  not run: ${command}\n    ${reason}\n`)
  for (const { place, what } of faults) process.stdout.write(`  ${place}: ${what}\n`)
  if (faults.length > 0) process.exitCode = 1
}
