// Builds every application of examples/frameworks/ by its framework's own tools, serves it in workerd, and runs the race
// table on it: `npm run test:frameworks`, or with names, `npm run test:frameworks -- sveltekit astro`. With `--write` the
// table in docs/frameworks.md becomes what was measured.
import { readFile, writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'

import {
  type App,
  buildApp,
  findApps,
  removeApp,
  serveApp,
  SkippedError,
} from '../test/frameworks/apps.ts'
import { OWN_CHECKS } from '../test/frameworks/own-checks.ts'
import { ROWS, walk } from '../test/frameworks/race-table.ts'
import { newArchive } from '../test/package/application.ts'
import { fromCommandLine, oneOf } from './command-line.mjs'

const AT_A_TIME = 2
const DOCUMENT = new URL('../docs/frameworks.md', import.meta.url)
const BEGIN = '<!-- race table -->'
const END = '<!-- end -->'

/** The outcome of one application: of each row, or why there is none. */
interface Outcome {
  readonly app: App
  readonly holds: readonly boolean[]
  readonly skipped?: string
  readonly failures: readonly string[]
}

const present = await findApps()
const { apps, isWritten } = fromCommandLine(
  'npm run test:frameworks -- [sveltekit astro …] [--write]',
  () => {
    const { positionals, values } = parseArgs({
      allowPositionals: true,
      options: { write: { type: 'boolean', default: false } },
    })
    const known = present.map(({ name }) => name)
    const names = positionals.map((name) => oneOf('application', name, known))
    const isWanted = ({ name }: App): boolean => names.length === 0 || names.includes(name)
    return { apps: present.filter(isWanted), isWritten: values.write }
  },
)
// Each directory and server is removed at the end.
process.setMaxListeners(0)
const say = (line: string): void => void process.stdout.write(`${line}\n`)

/** Runs the walk and the rows, each by itself, so that one failure does not hide another. */
async function race(app: App, directory: string): Promise<Outcome> {
  const failures: string[] = []
  const server = await serveApp(directory)
  const holdsAt = async (name: string, check: (origin: string) => Promise<void>) => {
    try {
      await check(server.origin)
      return true
    } catch (error) {
      failures.push(`${app.name}, ${name}: ${error instanceof Error ? error.stack : String(error)}`)
      return false
    }
  }
  try {
    await holdsAt('the walk', walk)
    const own = OWN_CHECKS[app.name]
    if (own !== undefined) await holdsAt('its own promises', own)
    const holds: boolean[] = []
    for (const { name, check } of ROWS) {
      // Rows measure time in which requests overlap, so they run one after the other.
      // oxlint-disable-next-line no-await-in-loop
      holds.push(await holdsAt(name, check))
    }
    if (failures.length > 0) failures.push(`${app.name} has printed:\n${server.output()}`)
    return { app, holds, failures }
  } finally {
    await server.stop()
  }
}

/** Tries the development server of an application. Returns what is wrong. */
async function develop(app: App, directory: string): Promise<string[]> {
  const server = await serveApp(directory, 'dev')
  try {
    await walk(server.origin, false)
    if (server.output().includes('sessions are in the memory')) return []
    return [`${app.name}, development server: it does not say where its sessions are.`]
  } catch (error) {
    return [`${app.name}, development server: ${String(error)}\n${server.output()}`]
  } finally {
    await server.stop()
  }
}

async function outcomeOf(app: App, archive: string): Promise<Outcome> {
  const start = performance.now()
  try {
    const directory = await buildApp(app, archive)
    const built = performance.now()
    const raced = await race(app, directory)
    const developed = app.hasDevelopmentServer ? await develop(app, directory) : []
    const outcome = { ...raced, failures: [...raced.failures, ...developed] }
    await removeApp(directory)
    const seconds = [built - start, performance.now() - built].map((ms) => (ms / 1000).toFixed(1))
    const isRight = outcome.failures.length === 0
    say(
      `${isRight ? 'passed' : 'FAILED'}  ${app.title}: built in ${seconds[0]} s, ran ${seconds[1]} s`,
    )
    return outcome
  } catch (error) {
    if (error instanceof SkippedError) {
      say(`skipped ${app.title}: ${error.message}`)
      return { app, holds: [], skipped: error.message, failures: [] }
    }
    say(`FAILED  ${app.title}: it was not built or served`)
    const holds = ROWS.map(() => false)
    return { app, holds, failures: [`${app.name}: ${String(error)}`] }
  }
}

function tableOf(outcomes: readonly Outcome[]): string {
  const head = ['framework', ...ROWS.map(({ name }) => name)]
  const rows = outcomes.map(({ app, holds, skipped }) => [
    app.title,
    ...ROWS.map((_, index) =>
      skipped === undefined ? (holds[index] === true ? 'yes' : 'NO') : '-',
    ),
  ])
  const widths = head.map((_, at) =>
    Math.max(...[head, ...rows].map((row) => row[at]?.length ?? 0)),
  )
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`
  return [head, widths.map((width) => '-'.repeat(width)), ...rows].map(line).join('\n')
}

const archive = await newArchive()
const outcomes = new Map<App, Outcome>()
const waiting = [...apps]
async function work(): Promise<void> {
  for (let app = waiting.shift(); app !== undefined; app = waiting.shift()) {
    // oxlint-disable-next-line no-await-in-loop
    outcomes.set(app, await outcomeOf(app, archive))
  }
}
await Promise.all(Array.from({ length: AT_A_TIME }, work))

const ordered = apps.flatMap((app) => outcomes.get(app) ?? [])
const failures = ordered.flatMap((outcome) => outcome.failures)
for (const failure of failures) process.stderr.write(`\n${failure}\n`)
const tried = ordered.filter(({ skipped }) => skipped === undefined)
const held = tried.flatMap(({ holds }) => holds).filter(Boolean).length
const table = tableOf(ordered)
say(`\n${table}\n\n${held} of ${tried.length * ROWS.length} hold.`)
for (const { app, skipped } of ordered)
  if (skipped !== undefined) say(`Skipped: ${app.title}: ${skipped}`)
if (isWritten) await writeTable()
if (failures.length > 0) process.exitCode = 1

async function writeTable(): Promise<void> {
  const text = await readFile(DOCUMENT, 'utf8')
  const [before, rest = ''] = text.split(BEGIN)
  const [, after] = rest.split(END)
  if (after === undefined) throw new Error(`docs/frameworks.md has no ${BEGIN} … ${END}.`)
  await writeFile(DOCUMENT, `${before}${BEGIN}\n\n${table}\n\n${END}${after}`)
}
