import { CONTENDERS, type Work, WORKS } from './contenders.ts'
import type { Loader } from './loader.ts'
import { serve, type Served } from './server.ts'
import { type Spread, spreadOf } from './spread.ts'

/** What is measured within a contender's Worker, for one work. */
export interface Inside {
  readonly contender: string
  readonly work: Work
  /** Microseconds of one operation, in a loop within one request: far steadier than under load. */
  readonly microseconds: Spread
  /** That of the floor in the same round, divided by it. */
  readonly ratio: Spread
  /** Calls of KV or of objects, the bytes that went with them, and Set-Cookie headers, of one request. */
  readonly calls: number
  readonly bytes: number
  readonly setCookies: number
}

export interface Counted {
  readonly calls: number
  readonly bytes: number
  readonly setCookies: number
  /** The cookies that were set, as a Cookie header. */
  readonly cookie: string
}

/** One contender at one work: its own time for each round. */
interface Entry {
  readonly server: Served
  readonly path: string
  readonly cookie: string
  readonly times: number[]
}

const TIMES = 1000
const NONE: Counted = { calls: 0, bytes: 0, setCookies: 0, cookie: '' }

/** Loops and counts, each contender in processes of its own; the loops in rounds, as the load is. */
export async function inside(loader: Loader, rounds: number, under: string): Promise<Inside[]> {
  const looping = await Promise.all(CONTENDERS.map((each) => serve(each, under, 'looping')))
  const counting = await Promise.all(CONTENDERS.map((each) => serve(each, under, 'counting')))
  const results: Inside[] = []
  for (const work of WORKS) {
    // One after the other, so that none disturbs another.
    // oxlint-disable no-await-in-loop
    const entries = await loops(work, looping, loader, rounds)
    const floor = entries[0]?.times ?? []
    for (const { server, path, times } of entries) {
      const { contender } = server
      const counter = counting.find((each) => each.contender === contender)
      const { cookie: _, ...costs } = counter === undefined ? NONE : await costsOf(counter, path)
      const ratio = spreadOf(times.map((time, round) => (floor[round] ?? Number.NaN) / time))
      const microseconds = spreadOf(times)
      results.push({ contender: contender.name, work, microseconds, ratio, ...costs })
    }
    // oxlint-enable no-await-in-loop
    process.stderr.write(`${work}: in a loop\n`)
  }
  await Promise.all([...looping, ...counting].map((server) => server.kill()))
  return results
}

async function loops(
  work: Work,
  looping: readonly Served[],
  loader: Loader,
  rounds: number,
): Promise<Entry[]> {
  const entries: Entry[] = []
  // oxlint-disable no-await-in-loop
  for (const server of looping) {
    const { [work]: path, create = '/' } = server.contender.paths
    if (path === undefined) continue
    const [cookie = ''] = work === 'anonymous' ? [] : await loader.newPool(server, create, 1)
    entries.push({ server, path, cookie, times: [] })
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const { server, path, cookie, times } of entries) {
      const loop = `/~loop?times=${TIMES}&path=${encodeURIComponent(path)}`
      const { microseconds } = await asked<{ microseconds: number }>(server, loop, cookie)
      times.push(microseconds)
    }
  }
  // oxlint-enable no-await-in-loop
  return entries
}

async function costsOf(server: Served, path: string): Promise<Counted> {
  const { create = '/', anonymous } = server.contender.paths
  const { cookie } = path === anonymous ? NONE : await counted(server, create, '')
  return counted(server, path, cookie)
}

/** The calls of one request, served by a contender that is `counting`. */
export function counted(server: Served, path: string, cookie: string): Promise<Counted> {
  return asked<Counted>(server, `/~count?path=${encodeURIComponent(path)}`, cookie)
}

async function asked<T>({ port }: Served, path: string, cookie: string): Promise<T> {
  const headers = { 'X-Forwarded-Proto': 'https', ...(cookie === '' ? {} : { Cookie: cookie }) }
  const response = await fetch(`http://localhost:${port}${path}`, { headers })
  return (await response.json()) as T
}
