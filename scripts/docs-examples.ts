// Writes the examples, as they are now, into the code blocks of README.md and docs/: `npm run docs:examples`.
import { writeFile } from 'node:fs/promises'

import { checkDocument } from './code-blocks.ts'
import { takesNoArguments } from './command-line.mjs'
import { documents, examples } from './repository-texts.ts'

takesNoArguments('npm run docs:examples')

const known = await examples()
for (const [path, before] of await documents()) {
  const { text, faults } = checkDocument(path, before, known)
  // oxlint-disable-next-line no-await-in-loop
  if (text !== before) await writeFile(new URL(`../${path}`, import.meta.url), text)
  if (text !== before) process.stdout.write(`${path} has its examples anew.\n`)
  const left = faults.filter(({ isStale }) => isStale !== true)
  for (const { place, what } of left) process.stderr.write(`${place}: ${what}\n`)
  if (left.length > 0) process.exitCode = 1
}
