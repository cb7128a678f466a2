// From the command to the first answered page: `npm start`, and `wrangler dev` of an empty Worker, by turns, each in a new
// folder (cold) and again in the same one (warm): npm run bench:start [-- --rounds 5]
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { parseArgs } from 'node:util'

import { fromCommandLine, wholeNumber } from '../scripts/command-line.mjs'
import { serve } from '../scripts/walk/servers.ts'
import { linkPackages, newProject } from '../scripts/walk/world.ts'
import { DEMO_FILES } from '../test/node/demo.ts'
import { copyProject, newDirectory, newPort } from '../test/node/project.ts'
import { spreadOf } from './spread.ts'

/** How many times as long as the empty Worker the playground may take. */
const MOST = 1.5

const rounds = fromCommandLine('npm run bench:start -- [--rounds 5]', () => {
  const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' } } })
  return wholeNumber('--rounds', values.rounds, { least: 1 })
})

interface Round {
  readonly playground: number
  readonly empty: number
}

/** A command to start, and its folder. */
interface Start {
  readonly directory: string
  readonly commandAt: (port: number) => string
}

// Each directory and server is removed at the end.
process.setMaxListeners(0)
const cold: Round[] = []
const warm: Round[] = []
for (let round = 0; round < rounds; round += 1) {
  // One after the other, so that none slows another.
  // oxlint-disable-next-line no-await-in-loop
  const pair = await Promise.all([newPlayground(), newEmpty()])
  for (const times of [cold, warm]) {
    // oxlint-disable-next-line no-await-in-loop
    times.push(await inTurn(pair, round % 2 === 0))
  }
  // oxlint-disable-next-line no-await-in-loop
  await Promise.all(pair.map(({ directory }) => rm(directory, { recursive: true, force: true })))
}
const verdicts = [told('cold', cold), told('warm', warm)]
process.exitCode = verdicts.every(Boolean) ? 0 : 1

async function newPlayground(): Promise<Start> {
  const directory = await newDirectory()
  await copyProject(directory, DEMO_FILES)
  return { directory, commandAt: (port) => `PORT=${port} npm start` }
}

async function newEmpty(): Promise<Start> {
  const directory = await newProject()
  await linkPackages(directory, ['wrangler'])
  const quiet = '--inspector-port 0 --show-interactive-dev-session=false'
  return { directory, commandAt: (port) => `wrangler dev --port ${port} ${quiet}` }
}

/** Starts both, one after the other. */
async function inTurn([playground, empty]: [Start, Start], isOursFirst: boolean): Promise<Round> {
  if (isOursFirst) {
    const ours = await secondsOf(playground)
    return { playground: ours, empty: await secondsOf(empty) }
  }
  const theirs = await secondsOf(empty)
  return { playground: await secondsOf(playground), empty: theirs }
}

/** Returns the seconds until the whole first page has come. */
async function secondsOf({ directory, commandAt }: Start): Promise<number> {
  const port = await newPort()
  const origin = `http://localhost:${port}`
  const env = { CLOUDFLARE_CF_FETCH_ENABLED: 'false' }
  const start = performance.now()
  const served = await serve(directory, { command: commandAt(port), origin, env })
  const response = await fetch(origin)
  await response.text()
  const seconds = (performance.now() - start) / 1000
  assert.equal(response.status, 200)
  await served.stop()
  return seconds
}

/** Prints what was measured. Returns true if it is within the budget. */
function told(name: string, times: readonly Round[]): boolean {
  const text = (values: readonly number[]): string => {
    const { min, median, max } = spreadOf(values)
    return `${median.toFixed(2)} (${min.toFixed(2)}–${max.toFixed(2)})`
  }
  const ratios = times.map(({ playground, empty }) => playground / empty)
  const isWithin = spreadOf(ratios).median <= MOST
  const verdict = isWithin ? 'within' : 'OVER'
  const seconds = `npm start ${text(times.map(({ playground }) => playground))} s, empty Worker ${text(times.map(({ empty }) => empty))} s`
  process.stdout.write(
    `${name}: ${seconds}, ratio ${text(ratios)}, ${verdict} the budget of ${MOST}\n`,
  )
  return isWithin
}
