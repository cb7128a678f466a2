import { type Comparison, comparisonsOf, rateOf } from './comparison.ts'
import { type Contender, HOT, type Work } from './contenders.ts'
import { type Costs, costsOf, NO_COSTS } from './costs.ts'
import type { Loader } from './loader.ts'
import { type Noise, race, type RaceOptions } from './race.ts'
import { serve, type Served } from './server.ts'
import type { Runner, Slice } from './slice.ts'
import { fastestOf, type Spread, spreadOf } from './spread.ts'
import type { NoiseOf } from './summary.ts'

/** What is measured within a contender's Worker, for one work. */
export interface Inside extends Comparison, Costs {
  readonly work: Work
  /** Of one operation, in a loop within one request: far steadier than under load. */
  readonly microseconds: Spread
  /** The mean of the fastest sixth of the rounds. */
  readonly fastestMicroseconds: number
}

interface InsideOptions extends RaceOptions {
  /** The directory for the objects. */
  readonly under: string
}

/** Each contender's loop takes about so long, so that what the request around it costs is the same share of each. */
const SLICE_SECONDS = 0.04
const WARM_UP_SECONDS = 0.8
const WARM_UP_TIMES = 100
/** A loop goes through several sessions: what is remembered of the last token helps none of them. */
const SESSIONS = 16

/** Loops and counts the contenders at these works. */
export async function inside(
  contenders: readonly Contender[],
  works: readonly Work[],
  loader: Loader,
  options: InsideOptions,
): Promise<{ readonly results: Inside[]; readonly noise: NoiseOf }> {
  const results: Inside[] = []
  const noises: Partial<Record<Work, Noise>> = {}
  // One after the other, so that none disturbs another.
  // oxlint-disable no-await-in-loop
  for (const work of works) {
    const able = contenders.filter(({ paths }) => paths[work] !== undefined)
    const costs = await costsOf(able, work, options.under)
    const runners = able.map((contender) => runnerOf(contender, work, loader, options))
    const { slices, noise } = await race(runners, options)
    noises[work] = noise
    for (const [index, comparison] of comparisonsOf(slices).entries()) {
      const own = slices.get(comparison.contender) ?? []
      results.push({ work, ...comparison, ...timesOf(own), ...(costs[index] ?? NO_COSTS) })
    }
    process.stderr.write(`${work}: ${noise.rounds} rounds in a loop\n`)
  }
  // oxlint-enable no-await-in-loop
  return { results, noise: noises }
}

function timesOf(slices: readonly Slice[]): Pick<Inside, 'microseconds' | 'fastestMicroseconds'> {
  const times = slices.map(({ operations, seconds }) => (seconds / operations) * 1e6)
  return { microseconds: spreadOf(times), fastestMicroseconds: 1e6 / fastestOf(slices.map(rateOf)) }
}

function runnerOf(
  contender: Contender,
  work: Work,
  loader: Loader,
  { under }: InsideOptions,
): Runner<Slice> {
  const { [work]: path = '/', create = '/' } = contender.paths
  const number = HOT.has(work) ? 1 : SESSIONS
  return {
    contender: contender.name,
    start: async () => {
      const server = await serve(contender, under, { wrapper: 'looping' })
      const cookies = work === 'anonymous' ? [] : await loader.newPool(server, create, number)

      async function run(operations: number): Promise<Slice> {
        const before = await server.cpuSeconds()
        const seconds = await loop(server, { path, cookies, times: operations })
        return { operations, seconds, cpuSeconds: (await server.cpuSeconds()) - before }
      }

      const rate = await warmedUp(run)
      const times = Math.max(1, Math.round(SLICE_SECONDS * rate))
      return { run: () => run(times), kill: server.kill }
    },
  }
}

/** Runs loops until the code is compiled, and resolves with the operations of a second. */
async function warmedUp(run: (operations: number) => Promise<Slice>): Promise<number> {
  let times = WARM_UP_TIMES
  let left = WARM_UP_SECONDS
  let rate = 0
  while (left > 0) {
    // oxlint-disable-next-line no-await-in-loop
    const { operations, seconds } = await run(times)
    rate = operations / seconds
    times = Math.max(1, Math.round(rate * SLICE_SECONDS))
    left -= seconds
  }
  return rate
}

/** Resolves with the seconds that a loop within one request took, by a clock outside: workerd's ticks too seldom. */
async function loop(
  { port, contender }: Served,
  job: { readonly path: string; readonly times: number; readonly cookies: readonly string[] },
): Promise<number> {
  const start = performance.now()
  const response = await fetch(`http://127.0.0.1:${port}/~loop`, {
    method: 'POST',
    headers: { 'X-Forwarded-Proto': 'https' },
    body: JSON.stringify(job),
  })
  const { failed } = (await response.json()) as { failed: number }
  const seconds = (performance.now() - start) / 1000
  if (failed > 0) throw new Error(`${contender.name} failed ${failed} times at ${job.path}.`)
  return seconds
}
