// A thread that plays triples of requests in every order.
import { parentPort, workerData } from 'node:worker_threads'

import type { Exploration } from './exhaustive-threads.ts'
import { exploreAll, type Explored } from './exhaustive.ts'
import { loadLibrary } from './library.ts'
import { PLANTED } from './planted.ts'

const { root, store, triples, planted } = workerData as Exploration
// Nobody reads where an error comes from, and a run has many.
Error.stackTraceLimit = 0
const fault = PLANTED.find(({ name }) => name === planted)
if (planted !== undefined && fault === undefined) throw new Error(`No such fault: ${planted}`)
const version = await loadLibrary(root, fault)
const explored: [name: string, explored: Explored][] = []
for (const [name, triple] of triples) {
  // oxlint-disable-next-line no-await-in-loop -- one after the other, each alone in its thread
  explored.push([name, await exploreAll(version, store, triple)])
}
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
parentPort?.postMessage(explored)
