// Bundles the command line into the one file dist/cli.js, and the licenses of what is in it into dist/cli-licenses.txt.
import { chmod, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { build } from 'esbuild'

import { takesNoArguments } from './command-line.mjs'

takesNoArguments('npm run build:cli')

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const OUTPUT = join(ROOT, 'dist', 'cli.js')

/** The packages that files of the bundle belong to. @param {readonly string[]} files @returns {string[]} */
function packagesOf(files) {
  const names = files.flatMap(
    (file) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? [],
  )
  return [...new Set(names)].toSorted()
}

/** A package's name, version and license. @param {string} name @returns {Promise<string>} */
async function licenseOf(name) {
  const directory = join(ROOT, 'node_modules', name)
  /** @type {{ version: string, license: string }} */
  const { version, license } = JSON.parse(await readFile(join(directory, 'package.json'), 'utf8'))
  const file = (await readdir(directory)).find((each) => /^licen[cs]e/i.test(each))
  if (file === undefined) throw new Error(`${name} comes without its license.`)
  const text = await readFile(join(directory, file), 'utf8')
  return `${name} ${version}, ${license}\n\n${text.trim()}\n`
}

const { metafile } = await build({
  absWorkingDir: ROOT,
  entryPoints: ['cli/main.ts'],
  outfile: OUTPUT,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  // Some have a build for browsers and old Nodes too, which can't be bundled.
  mainFields: ['module', 'main'],
  minify: true,
  legalComments: 'none',
  banner: { js: '// The licenses of what is bundled here stand in cli-licenses.txt.' },
  metafile: true,
})
await chmod(OUTPUT, 0o755)
const licenses = await Promise.all(packagesOf(Object.keys(metafile.inputs)).map(licenseOf))
const line = '-'.repeat(80)
await writeFile(
  join(ROOT, 'dist', 'cli-licenses.txt'),
  `dist/cli.js has these packages in it:\n\n${licenses.join(`\n${line}\n\n`)}`,
)
