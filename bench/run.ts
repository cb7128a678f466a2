// The benchmark: npm run bench [-- --rounds 7 --seconds 2 --sessions 500 --on disk --only edge --parts load,inside,growth]
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const HERE = fileURLToPath(new URL('.', import.meta.url))
const RESULTS = fileURLToPath(new URL('results', import.meta.url))
/** As many as a page with several connections, times a few visitors. */
const CONNECTIONS = 16

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '1.5' },
    sessions: { type: 'string', default: '300' },
    /** How many sessions at most there are when it is measured what their number costs; of objects, 5,000. */
    'most-sessions': { type: 'string', default: '100000' },
    /** Where the objects rest: in memory, to see the overhead, or on the disk, to see what durability costs. */
    on: { type: 'string', default: 'tmpfs' },
    only: { type: 'string' },
    parts: { type: 'string', default: 'load,inside,growth' },
  },
})
const rounds = Number(values.rounds)
const under = values.on === 'disk' ? tmpdir() : '/dev/shm'
const has = (part: string): boolean => values.parts.split(',').includes(part)

if (!existsSync(new URL('node_modules', import.meta.url))) {
  process.stdout.write('Installing the peers, into bench/node_modules …\n')
  const options = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--legacy-peer-deps']
  execFileSync('npm', options, { cwd: HERE, stdio: 'inherit' })
}
// These need the peers' modules, and the bundler of wrangler.
const { chartOf } = await import('./chart.ts')
const { CONTENDERS } = await import('./contenders.ts')
const { growth } = await import('./growth.ts')
const { inside } = await import('./inside.ts')
const { Loader } = await import('./loader.ts')
const { inRounds } = await import('./rounds.ts')
const { serve } = await import('./server.ts')
const { growthTableOf, insideTableOf, summaryOf, tableOf } = await import('./summary.ts')

const options = {
  rounds,
  milliseconds: Number(values.seconds) * 1000,
  sessions: Number(values.sessions),
  connections: CONNECTIONS,
}
const about = {
  date: new Date().toISOString().slice(0, 10),
  machine: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`,
  objects: values.on,
  ...options,
}
const loader = new Loader()

async function load(): Promise<ReturnType<typeof summaryOf>> {
  const chosen = CONTENDERS.filter(
    ({ name }) =>
      values.only === undefined || name.startsWith('floor') || name.includes(values.only),
  )
  const served = await Promise.all(chosen.map((contender) => serve(contender, under)))
  const samples = await inRounds(served, loader, options)
  await Promise.all(served.map((server) => server.kill()))
  return summaryOf(samples)
}

/** Keeps what one part has given, and prints it; what is only a part of the contenders is not kept. */
async function keep(part: string, results: readonly unknown[], table: string): Promise<void> {
  process.stdout.write(`${table}\n\n`)
  if (values.only !== undefined) return
  const file = `${RESULTS}/${values.on}.json`
  const before = existsSync(file) ? (JSON.parse(await readFile(file, 'utf8')) as object) : {}
  const after = { ...before, [part]: { about, results } }
  await mkdir(RESULTS, { recursive: true })
  await writeFile(file, `${JSON.stringify(after, undefined, 2)}\n`)
}

if (has('load')) {
  const figures = await load()
  await keep('load', figures, tableOf(figures))
  if (values.only === undefined) {
    await writeFile(`${RESULTS}/${values.on}.svg`, chartOf(figures, about))
  }
}
if (has('inside')) {
  const results = await inside(loader, rounds, under)
  await keep('inside', results, insideTableOf(results))
}
if (has('growth')) {
  const results = await growth(loader, under, Number(values['most-sessions']))
  await keep('growth', results, growthTableOf(results))
}
loader.end()
process.exit(0)
