import { createHook } from 'node:async_hooks'

import { type Application, newApplication, type Visitor, type Work, WORKS } from './application.ts'

/** What one request makes, less what the measurement itself does. */
export interface Made {
  readonly promises: number
  readonly timers: number
}

const WARM_UP = 50
const REQUESTS = 5

/** Returns what a request of each work makes in a warm process (node:async_hooks). */
export async function madeByRequests(): Promise<Record<Work, Made>> {
  const application = await newApplication()
  const entries: [Work, Made][] = []
  // One after the other: whatever runs meanwhile would be counted, too.
  // oxlint-disable-next-line no-await-in-loop
  for (const work of WORKS) entries.push([work, await madeBy(application, work)])
  return Object.fromEntries(entries) as Record<Work, Made>
}

async function madeBy({ visitorAt, floor }: Application, work: Work): Promise<Made> {
  const measured = await leastOf(visitorAt(work))
  const harness = await leastOf(floor)
  return {
    promises: measured.promises - harness.promises,
    timers: measured.timers - harness.timers,
  }
}

/** Returns the least of several requests: in a test's process something else may run now and then. */
async function leastOf(visitor: Visitor): Promise<Made> {
  const counts: Made[] = []
  for (let each = 0; each < WARM_UP + REQUESTS; each += 1) {
    // oxlint-disable-next-line no-await-in-loop
    counts.push(await countOne(visitor))
  }
  const measured = counts.slice(WARM_UP)
  return {
    promises: Math.min(...measured.map(({ promises }) => promises)),
    timers: Math.min(...measured.map(({ timers }) => timers)),
  }
}

async function countOne({ newRequest, send }: Visitor): Promise<Made> {
  const request = await newRequest()
  const made = { promises: 0, timers: 0 }
  const hook = createHook({
    init: (_id, type) => {
      if (type === 'PROMISE') made.promises += 1
      if (type === 'Timeout') made.timers += 1
    },
  }).enable()
  const response = await send(request)
  hook.disable()
  if (response.status !== 200) throw new Error(`A request was answered with ${response.status}.`)
  return made
}
