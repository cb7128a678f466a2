import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'

/** Seeds to play, `to` not included. With `planted`, once for each of these faults, in a copy of the library that has it. */
export interface Job {
  readonly root: string
  readonly from: number
  readonly to: number
  readonly planted?: readonly string[]
}

/** A seed whose run is wrong, what is wrong with it, and its history. */
export interface Found {
  readonly seed: number
  readonly faults: readonly string[]
  readonly lines: readonly string[]
  readonly setting: string
  /** The fault that was planted, if one was. */
  readonly planted?: string | undefined
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

/**
 * Looks for each of these faults among the seeds up to `to`, from the one that has found it before; in those of a theme, if
 * the fault has one. Returns what was found first, by name.
 */
export async function findPlanted(
  names: readonly string[],
  to: number,
): Promise<Map<string, Found | undefined>> {
  const jobs = Array.from({ length: THREADS }, (_, thread) => ({
    root: ROOT,
    from: 0,
    to,
    planted: names.filter((_name, index) => index % THREADS === thread),
  }))
  const found = (await Promise.all(jobs.map(run))).flat()
  return new Map(names.map((name) => [name, found.find(({ planted }) => planted === name)]))
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
