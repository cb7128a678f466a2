// The benchmark: npm run bench [-- --parts load,inside,growth --work read --work write --only objects --on disk --rounds 180 --most-rounds 600]
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

import { ArgumentError, fromCommandLine, oneOf, wholeNumber } from '../scripts/command-line.mjs'

const HERE = fileURLToPath(new URL('.', import.meta.url))
const RESULTS = fileURLToPath(new URL('results', import.meta.url))
/** As many as a page with several connections, times a few visitors. */
const CONNECTIONS = 16
const PARTS = ['load', 'inside', 'growth'] as const
const USAGE =
  'npm run bench -- [--rounds 90] [--most-rounds 300] [--slice 100] [--sessions 300] [--most-sessions 100000] [--on tmpfs|disk] [--only name] [--work name]… [--parts load,inside,growth] [--write]'

const values = fromCommandLine(USAGE, () =>
  wanted(
    parseArgs({
      options: {
        /** So many at least, and so many at most while two identical floors do not agree. */
        rounds: { type: 'string', default: '90' },
        'most-rounds': { type: 'string', default: '300' },
        /** Milliseconds for which each contender is loaded at a time. */
        slice: { type: 'string', default: '100' },
        sessions: { type: 'string', default: '300' },
        /** How many sessions at most there are when it is measured what their number costs; of objects, 5,000. */
        'most-sessions': { type: 'string', default: '100000' },
        /** Where the objects rest: in memory, to see the overhead, or on the disk, to see what durability costs. */
        on: { type: 'string', default: 'tmpfs' },
        /** Only the contenders whose name has this in it, and the floors; nothing is kept then. */
        only: { type: 'string' },
        /** Only these works; nothing is kept then. */
        work: { type: 'string', multiple: true },
        parts: { type: 'string', default: 'load,inside,growth' },
        /** Writes the figures of the last whole runs into the README and docs/performance.md, at the end. */
        write: { type: 'boolean', default: false },
      },
    }).values,
  ),
)
const under = values.on === 'disk' ? tmpdir() : '/dev/shm'
const has = (part: (typeof PARTS)[number]): boolean => values.parts.includes(part)

if (!existsSync(new URL('node_modules', import.meta.url))) {
  process.stdout.write('Installing the peers, into bench/node_modules …\n')
  const options = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--legacy-peer-deps']
  execFileSync('npm', options, { cwd: HERE, stdio: 'inherit' })
}
// These need the peers' modules, and the bundler of wrangler.
const { chartOf } = await import('./chart.ts')
const { CONTENDERS, WORKS } = await import('./contenders.ts')
const { growth } = await import('./growth.ts')
const { inside } = await import('./inside.ts')
const { Loader } = await import('./loader.ts')
const summary = await import('./summary.ts')
const { underLoad } = await import('./under-load.ts')
const { verdictTableOf } = await import('./verdicts.ts')

const options = {
  ...values.numbers,
  connections: CONNECTIONS,
}
const about = {
  date: new Date().toISOString().slice(0, 10),
  machine: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`,
  objects: values.on,
  ...options,
}
const loader = new Loader()

// Every run has the floors, since the ratios need them.
const contenders = CONTENDERS.filter(
  ({ name }) => values.only === undefined || name.startsWith('floor') || name.includes(values.only),
)
fromCommandLine(USAGE, () => {
  for (const name of values.work ?? []) oneOf('work', name, WORKS)
  if (values.only !== undefined && !contenders.some(({ name }) => name.includes(values.only ?? '')))
    throw new ArgumentError(`No contender has ${JSON.stringify(values.only)} in its name.`)
})
const works = WORKS.filter((work) => values.work === undefined || values.work.includes(work))
const isWhole = contenders.length === CONTENDERS.length && works.length === WORKS.length

/** Prints what one part has measured, and keeps it unless something was left out. */
async function keep(part: string, measured: object, ...tables: string[]): Promise<void> {
  process.stdout.write(`${tables.join('\n\n')}\n\n`)
  if (!isWhole) return
  const file = `${RESULTS}/${values.on}.json`
  const before = existsSync(file) ? (JSON.parse(await readFile(file, 'utf8')) as object) : {}
  const after = { ...before, [part]: { about, ...measured } }
  await mkdir(RESULTS, { recursive: true })
  await writeFile(file, `${JSON.stringify(after, undefined, 2)}\n`)
}

if (has('load')) {
  const measured = await underLoad(contenders, works, loader, { under, ...options })
  const { results, noise } = measured
  const table = summary.tableOf(results)
  await keep('load', measured, table, summary.noiseTableOf(noise), verdictTableOf(results))
  if (isWhole) await writeFile(`${RESULTS}/${values.on}.svg`, chartOf(results, about))
}
if (has('inside')) {
  const measured = await inside(contenders, works, loader, { under, ...options })
  const { results, noise } = measured
  const table = summary.insideTableOf(results)
  await keep('inside', measured, table, summary.noiseTableOf(noise), verdictTableOf(results))
}
if (has('growth')) {
  const results = await growth(loader, under, values.mostSessions)
  await keep('growth', { results }, summary.growthTableOf(results))
}
if (values.write) {
  const { writeDocuments } = await import('./documents.ts')
  await writeDocuments(new URL('..', import.meta.url))
}
loader.end()
process.exit(0)

interface Asked {
  readonly rounds: string
  readonly 'most-rounds': string
  readonly slice: string
  readonly sessions: string
  readonly 'most-sessions': string
  readonly on: string
  readonly parts: string
}

/** Returns the options with their numbers and parts. Throws an `ArgumentError` if one can't be used. */
function wanted<Values extends Asked>(asked: Values) {
  const number = (name: Exclude<keyof Asked, 'on' | 'parts'>): number =>
    wholeNumber(`--${name}`, asked[name], { least: 1 })
  return {
    ...asked,
    on: oneOf('place', asked.on, ['tmpfs', 'disk']),
    parts: asked.parts.split(',').map((part) => oneOf('part', part, PARTS)),
    mostSessions: number('most-sessions'),
    numbers: {
      rounds: number('rounds'),
      mostRounds: number('most-rounds'),
      milliseconds: number('slice'),
      sessions: number('sessions'),
    },
  }
}
