// Run by `npm pack` and `npm publish`: builds dist/ if there is none, or one older than what it is made of.
import { spawnSync } from 'node:child_process'
import { globSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import { takesNoArguments } from './command-line.mjs'

takesNoArguments('npm run prepack')

const ROOT = fileURLToPath(new URL('..', import.meta.url))
/** The build writes it last. */
const BUILT = 'dist/cli-licenses.txt'
const SOURCES = ['src/**/*.ts', 'cli/**/*.ts', 'package.json', 'tsconfig*.json']

/** @param {string} path @returns {number} */
const changedAt = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0

process.chdir(ROOT)
const newest = Math.max(...SOURCES.flatMap((pattern) => globSync(pattern)).map(changedAt))
if (changedAt(BUILT) < newest) {
  const { status } = spawnSync('npm', ['run', '--silent', 'build'], {
    // npm pack prints the name of the archive, and nothing else may be there.
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  })
  process.exitCode = status ?? 1
}
