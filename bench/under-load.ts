import { comparisonsOf } from './comparison.ts'
import { type Contender, HOT, type Work } from './contenders.ts'
import type { Loader } from './loader.ts'
import { type Noise, race, type RaceOptions } from './race.ts'
import { serve } from './server.ts'
import type { Runner, Slice } from './slice.ts'
import { spreadOf } from './spread.ts'
import type { Figure, NoiseOf } from './summary.ts'

export interface LoadOptions extends RaceOptions {
  /** Of one slice. */
  readonly milliseconds: number
  readonly sessions: number
  readonly connections: number
  /** The directory for the objects. */
  readonly under: string
}

interface LoadSlice extends Slice {
  readonly p50: number
  readonly p99: number
  readonly setCookies: number
}

const WARM_UP_MS = 800

/** Loads the contenders at these works. */
export async function underLoad(
  contenders: readonly Contender[],
  works: readonly Work[],
  loader: Loader,
  options: LoadOptions,
): Promise<{ readonly results: Figure[]; readonly noise: NoiseOf }> {
  const results: Figure[] = []
  const noises: Partial<Record<Work, Noise>> = {}
  for (const work of works) {
    const runners = contenders
      .filter(({ paths }) => paths[work] !== undefined)
      .map((contender) => runnerOf(contender, work, loader, options))
    // One after the other, so that none disturbs another.
    // oxlint-disable-next-line no-await-in-loop
    const { slices, noise } = await race(runners, options)
    noises[work] = noise
    for (const comparison of comparisonsOf(slices)) {
      results.push({ work, ...comparison, ...loadOf(slices.get(comparison.contender) ?? []) })
    }
    process.stderr.write(`${work}: ${noise.rounds} rounds under load\n`)
  }
  return { results, noise: noises }
}

function loadOf(slices: readonly LoadSlice[]): Pick<Figure, 'p50' | 'p99' | 'setCookies'> {
  const operations = slices.reduce((sum, slice) => sum + slice.operations, 0)
  return {
    p50: spreadOf(slices.map(({ p50 }) => p50)),
    p99: spreadOf(slices.map(({ p99 }) => p99)),
    setCookies: slices.reduce((sum, { setCookies }) => sum + setCookies, 0) / operations,
  }
}

function runnerOf(
  contender: Contender,
  work: Work,
  loader: Loader,
  { milliseconds, sessions, connections, under }: LoadOptions,
): Runner<LoadSlice> {
  const { [work]: path = '/', create = '/' } = contender.paths
  const number = HOT.has(work) ? 1 : sessions
  return {
    contender: contender.name,
    start: async () => {
      const server = await serve(contender, under)
      const { port } = server
      const cookies = work === 'anonymous' ? [] : await loader.newPool(server, create, number)
      const job = { port, path, cookies, connections }
      await loader.run({ ...job, milliseconds: WARM_UP_MS })

      async function run(): Promise<LoadSlice> {
        const before = await server.cpuSeconds()
        const load = await loader.run({ ...job, milliseconds })
        const cpuSeconds = (await server.cpuSeconds()) - before
        if (load.failed > 0) {
          throw new Error(`${contender.name} failed ${load.failed} times at ${work}.`)
        }
        const { requests: operations, seconds, p50, p99, setCookies } = load
        return { operations, seconds, cpuSeconds, p50, p99, setCookies }
      }

      return { run, kill: server.kill }
    },
  }
}
