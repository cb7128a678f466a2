import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'

import type { Explored, Triple } from './exhaustive.ts'

/** What a thread is to play: each of these triples, by name. `planted` is a fault of the copy of the library. */
export interface Exploration {
  readonly root: string
  readonly store: 'objects' | 'memory'
  readonly triples: readonly (readonly [name: string, triple: Triple])[]
  readonly planted?: string
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/**
 * Plays the triples in a thread. Returns what was found, by name. Node's test runner follows every promise of its own
 * thread, which takes as long again as the orders themselves.
 */
export async function explore(
  exploration: Omit<Exploration, 'root'>,
): Promise<ReadonlyMap<string, Explored>> {
  const workerData: Exploration = { root: ROOT, ...exploration }
  const worker = new Worker(new URL('exhaustive-thread.ts', import.meta.url), { workerData })
  const [explored] = (await once(worker, 'message')) as [[string, Explored][]]
  await worker.terminate()
  return new Map(explored)
}
