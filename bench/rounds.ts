import { HOT, type Work, WORKS } from './contenders.ts'
import type { Loader } from './loader.ts'
import type { Served } from './server.ts'
import type { Sample } from './summary.ts'

export interface RoundOptions {
  readonly rounds: number
  readonly milliseconds: number
  readonly sessions: number
  readonly connections: number
}

const WARM_UP_MS = 500

/** Every work by every contender that does it, in rounds: interleaved, so that what the machine does besides meets all of them. */
export async function inRounds(
  served: readonly Served[],
  loader: Loader,
  options: RoundOptions,
): Promise<Sample[]> {
  const samples: Sample[] = []
  for (const work of WORKS) {
    const pools = new Map<Served, readonly string[]>()
    // New for each work, so that no cookie comes of age on the way. One after the other, so that none disturbs another.
    // oxlint-disable no-await-in-loop
    for (const server of served) {
      if (server.contender.paths[work] !== undefined) {
        pools.set(server, await poolFor(server, work, loader, options))
      }
    }
    for (let round = 0; round < options.rounds; round += 1) {
      for (const [server, cookies] of pools) {
        samples.push(await measured(server, { work, round, cookies }, loader, options))
      }
      process.stderr.write(`${work}: round ${round + 1} of ${options.rounds}\n`)
    }
    // oxlint-enable no-await-in-loop
  }
  return samples
}

async function poolFor(
  server: Served,
  work: Work,
  loader: Loader,
  { sessions }: RoundOptions,
): Promise<readonly string[]> {
  if (work === 'anonymous') return []
  return loader.newPool(server, server.contender.paths.create ?? '/', HOT.has(work) ? 1 : sessions)
}

/** One contender at one work in one round. */
async function measured(
  server: Served,
  { work, round, cookies }: { work: Work; round: number; cookies: readonly string[] },
  loader: Loader,
  { milliseconds, connections }: RoundOptions,
): Promise<Sample> {
  const { contender, port } = server
  const job = { port, path: contender.paths[work] ?? '/', cookies, connections }
  if (round === 0) await loader.run({ ...job, milliseconds: WARM_UP_MS })
  const before = await server.cpuSeconds()
  const result = await loader.run({ ...job, milliseconds })
  const cpu = (await server.cpuSeconds()) - before
  if (result.failed > 0) {
    throw new Error(`${contender.name} failed ${result.failed} times at ${work}.`)
  }
  return {
    contender: contender.name,
    work,
    round,
    rate: result.requests / result.seconds,
    p50: result.p50,
    p99: result.p99,
    cpuMicroseconds: (cpu / result.requests) * 1e6,
    setCookies: result.setCookies / result.requests,
  }
}
