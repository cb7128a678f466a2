// The benchmark: npm run bench [-- --rounds 7 --seconds 2 --sessions 500 --on disk]
import { execFileSync, fork } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

import { chartOf } from './chart.ts'
import type { Work } from './contenders.ts'
import type { Job, Load } from './load.ts'
import { type Figure, type Sample, summaryOf, tableOf } from './summary.ts'

const HERE = fileURLToPath(new URL('.', import.meta.url))
const RESULTS = fileURLToPath(new URL('results', import.meta.url))
/** As many as a page with several connections, times a few visitors. */
const CONNECTIONS = 16
const WARM_UP_MS = 500

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    sessions: { type: 'string', default: '500' },
    /** Where the objects rest: in memory, to see the overhead, or on the disk, to see what durability costs. */
    on: { type: 'string', default: 'tmpfs' },
    only: { type: 'string' },
  },
})
const rounds = Number(values.rounds)
const milliseconds = Number(values.seconds) * 1000
const sessions = Number(values.sessions)

if (!existsSync(new URL('node_modules', import.meta.url))) {
  process.stdout.write('Installing the peers, into bench/node_modules …\n')
  const options = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--legacy-peer-deps']
  execFileSync('npm', options, { cwd: HERE, stdio: 'inherit' })
}
// These need the peers' modules, and the bundler of wrangler.
const { CONTENDERS, WORKS } = await import('./contenders.ts')
const { serve } = await import('./server.ts')

const loader = fork(fileURLToPath(new URL('load.ts', import.meta.url)))

function load(job: Job): Promise<Load> {
  const { promise, resolve } = Promise.withResolvers<Load>()
  loader.once('message', resolve)
  loader.send(job)
  return promise
}

const under = values.on === 'disk' ? tmpdir() : '/dev/shm'
const chosen = CONTENDERS.filter(
  ({ name }) => values.only === undefined || name.startsWith('floor') || name.includes(values.only),
)
const served = await Promise.all(chosen.map((contender) => serve(contender, under)))
type Server = (typeof served)[number]
const pools = new Map<Server, readonly string[]>()

const samples: Sample[] = []
for (const work of WORKS) {
  for (const server of served) {
    // New for each work, so that no cookie comes of age on the way. One after the other, so that none disturbs another.
    // oxlint-disable-next-line no-await-in-loop
    pools.set(server, work === 'anonymous' ? [] : await newPool(server))
  }
  for (let round = 0; round < rounds; round += 1) {
    // Interleaved, so that what the machine does besides meets all of them.
    for (const server of served) {
      // oxlint-disable-next-line no-await-in-loop
      samples.push(...(await measured(server, work, round)))
    }
    process.stderr.write(`${work}: round ${round + 1} of ${rounds}\n`)
  }
}

/** As many sessions as asked for, as Cookie headers. */
async function newPool({ contender, port }: Server): Promise<readonly string[]> {
  const job = { port, path: contender.paths.create ?? '/', cookies: [], connections: 8 }
  return (await load({ ...job, milliseconds: 60_000, requests: sessions })).cookies
}

/** One contender at one work in one round; nothing where it does not do that work. */
async function measured(server: Server, work: Work, round: number): Promise<Sample[]> {
  const { contender, port } = server
  const path = contender.paths[work]
  if (path === undefined) return []
  const cookies = pools.get(server) ?? []
  const job = { port, path, cookies, connections: CONNECTIONS }
  if (round === 0) await load({ ...job, milliseconds: WARM_UP_MS })
  const before = await server.cpuSeconds()
  const result = await load({ ...job, milliseconds })
  const cpu = (await server.cpuSeconds()) - before
  if (result.failed > 0)
    throw new Error(`${contender.name} failed ${result.failed} times at ${work}.`)
  const sample = {
    contender: contender.name,
    work,
    round,
    rate: result.requests / result.seconds,
    p50: result.p50,
    p99: result.p99,
    cpuMicroseconds: (cpu / result.requests) * 1e6,
    setCookies: result.setCookies / result.requests,
  }
  return [sample]
}

await Promise.all(served.map((server) => server.kill()))
loader.kill()

const figures: Figure[] = summaryOf(samples)
const about = {
  date: new Date().toISOString().slice(0, 10),
  machine: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`,
  objects: values.on,
  rounds,
  seconds: Number(values.seconds),
  sessions,
  connections: CONNECTIONS,
}
await mkdir(RESULTS, { recursive: true })
await writeFile(
  `${RESULTS}/${values.on}.json`,
  `${JSON.stringify({ about, figures }, undefined, 2)}\n`,
)
await writeFile(`${RESULTS}/${values.on}.svg`, chartOf(figures, about))
process.stdout.write(`${tableOf(figures)}\n`)
process.exit(0)
