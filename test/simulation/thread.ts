// A thread that plays a range of seeds, or looks for planted faults.
import { parentPort, workerData } from 'node:worker_threads'

import { loadFormer, loadLibrary } from './library.ts'
import { themeOf } from './plan.ts'
import { PLANTED, type Planted } from './planted.ts'
import { playSeed, shrunk, type Versions } from './run.ts'
import type { Found, Job } from './threads.ts'

const { root, from, to, planted: asked } = workerData as Job
const former = await loadFormer(root)

// Nobody reads where an error comes from, and a run has many.
Error.stackTraceLimit = 0

/** Plays the seeds up to the first wrong one. A planted fault is only to be found, so its run stays as it is. */
async function firstWrong(planted?: Planted): Promise<Found[]> {
  const versions: Versions = { present: await loadLibrary(root, planted), former }
  const first = planted?.from ?? from
  for (let index = 0; index < to - from; index += 1) {
    const seed = from + ((first - from + index) % (to - from))
    if (planted?.theme !== undefined && themeOf(seed) !== planted.theme) continue
    // oxlint-disable-next-line no-await-in-loop -- one run after the other, each alone in its thread
    const verdict = await playSeed(seed, versions)
    if (verdict.faults.length > 0) {
      // oxlint-disable-next-line no-await-in-loop
      const wrong = planted === undefined ? await shrunk(verdict, versions) : verdict
      const { faults, lines, plan } = wrong
      return [
        { seed, faults, lines, setting: JSON.stringify(plan.setting), planted: planted?.name },
      ]
    }
  }
  return []
}

const found: Found[] = []
if (asked === undefined) found.push(...(await firstWrong()))
for (const planted of PLANTED) {
  // oxlint-disable-next-line no-await-in-loop
  if (asked?.includes(planted.name) === true) found.push(...(await firstWrong(planted)))
}
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
parentPort?.postMessage(found)
