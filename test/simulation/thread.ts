// A thread that plays a range of seeds, or looks for planted faults.
import { parentPort, workerData } from 'node:worker_threads'

import { loadFormer, loadLibrary } from './library.ts'
import { PLANTED } from './planted.ts'
import { playSeed, shrunk } from './run.ts'
import type { Found, Job } from './threads.ts'

const { root, from, to, planted: asked } = workerData as Job
const planted = PLANTED.find(({ name }) => name === asked)
const versions = { present: await loadLibrary(root, planted), former: await loadFormer(root) }
const found: Found[] = []

for (let seed = from; seed < to && found.length === 0; seed += 1) {
  // oxlint-disable-next-line no-await-in-loop -- one run after the other, each alone in its thread
  const verdict = await playSeed(seed, versions)
  if (verdict.faults.length > 0) {
    // A planted fault is only to be found.
    // oxlint-disable-next-line no-await-in-loop
    const { faults, lines, plan } =
      planted === undefined ? await shrunk(verdict, versions) : verdict
    found.push({ seed, faults, lines, setting: JSON.stringify(plan.setting) })
  }
}
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
parentPort?.postMessage(found)
