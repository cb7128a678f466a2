import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'

/** Seeds to play, `to` not included. With `planted`, in a copy of the library that has this fault. */
export interface Job {
  readonly root: string
  readonly from: number
  readonly to: number
  readonly planted?: string
}

/** A seed whose run is wrong, what is wrong with it, and its history. */
export interface Found {
  readonly seed: number
  readonly faults: readonly string[]
  readonly lines: readonly string[]
  readonly setting: string
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const THREADS = Math.max(2, Math.min(4, availableParallelism()))

/** Plays these seeds in several threads. Returns the first wrong one of each thread, shrunk. */
export async function playSeeds(from: number, to: number): Promise<Found[]> {
  const each = Math.ceil((to - from) / THREADS)
  const jobs = Array.from({ length: THREADS }, (_, index) => ({
    root: ROOT,
    from: from + index * each,
    to: Math.min(to, from + (index + 1) * each),
  }))
  return (await Promise.all(jobs.map(run))).flat()
}

/** Looks for each of these faults among the seeds up to `to`. Returns what was found first, by name. */
export async function findPlanted(
  names: readonly string[],
  to: number,
): Promise<Map<string, Found | undefined>> {
  const left = [...names]
  const found = new Map<string, Found | undefined>()
  async function work(): Promise<void> {
    for (let name = left.shift(); name !== undefined; name = left.shift()) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other in each thread
      const [first] = await run({ root: ROOT, from: 0, to, planted: name })
      found.set(name, first)
    }
  }
  await Promise.all(Array.from({ length: THREADS }, work))
  return found
}

async function run(job: Job): Promise<readonly Found[]> {
  const worker = new Worker(new URL('thread.ts', import.meta.url), { workerData: job })
  const [found] = (await once(worker, 'message')) as [readonly Found[]]
  await worker.terminate()
  return found
}

/** Returns a wrong run as text: its seed, its faults and its history. */
export function textOf({ seed, faults, lines, setting }: Found): string {
  return [`seed ${seed}: ${faults.join('; ')}`, setting, ...lines].join('\n')
}
