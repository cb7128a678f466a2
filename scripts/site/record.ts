import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

import { Demo, DEMO_FILES } from '../../test/node/demo.ts'
import { copyProject, newDirectory, newPort, ROOT } from '../../test/node/project.ts'
import type { LaneRecord, Recording, RequestRecord } from './recording.ts'

const INCREMENTS = 5
const HEAD_START_MS = 100
const LANES = ['naive', 'objects'] as const

interface Answer {
  readonly status?: number
  readonly count?: number
  readonly user?: string | null
}

/** Runs the playground's race lab on this machine, and returns the requests of the run with their times. */
export async function recordRace(): Promise<Recording> {
  const directory = await newDirectory()
  await copyProject(directory, DEMO_FILES)
  const port = await newPort()
  const demo = new Demo(directory, port)
  try {
    await demo.said('http://localhost')
    const lanes: LaneRecord[] = []
    for (const lane of LANES) {
      // One after the other, so that neither slows the other down.
      // oxlint-disable-next-line no-await-in-loop
      lanes.push(await recordLane(`http://localhost:${port}/lab/${lane}`, lane))
    }
    const wrangler = await readFile(join(ROOT, 'node_modules/wrangler/package.json'), 'utf8')
    const { version } = JSON.parse(wrangler) as { version: string }
    return { recorded: new Date().toISOString().slice(0, 10), wrangler: version, lanes }
  } finally {
    await demo.stop()
  }
}

async function recordLane(address: string, lane: LaneRecord['lane']): Promise<LaneRecord> {
  // First runs, so that the start of the Worker is not in the record.
  for (let run = 0; run < 5; run += 1) {
    // oxlint-disable-next-line no-await-in-loop
    await recordIncrements(address)
  }
  const { increments, stored } = await recordIncrements(address)
  return { lane, increments, stored, ...(await recordSignOut(address)) }
}

async function recordIncrements(
  address: string,
): Promise<Pick<LaneRecord, 'increments' | 'stored'>> {
  const send = await startedLane(address)
  const running = Array.from({ length: INCREMENTS }, () => send('POST', '/increment', 'increment'))
  const increments = await Promise.all(running)
  const { body } = await send('GET', '/state', 'read')
  return { increments: increments.map(({ request }) => request), stored: body.count ?? 0 }
}

async function recordSignOut(
  address: string,
): Promise<Pick<LaneRecord, 'signOut' | 'opensAfterwards'>> {
  const send = await startedLane(address)
  const slow = send('POST', '/slow?times=1', 'slow request')
  await wait(HEAD_START_MS)
  const signOut = await send('POST', '/logout', 'sign-out')
  const late = await slow
  const seen = await send('GET', '/state', 'read with the old cookie')
  const slowRequest = { ...late.request, status: late.body.status ?? 0 }
  return {
    signOut: [slowRequest, signOut.request, seen.request],
    opensAfterwards: seen.body.user ?? null,
  }
}

type Send = (
  method: 'GET' | 'POST',
  path: string,
  what: string,
) => Promise<{ readonly request: RequestRecord; readonly body: Answer }>

/** Begins a session in a lane. Returns a function that sends requests with its cookie, which no answer changes. */
async function startedLane(address: string): Promise<Send> {
  const started = await fetch(`${address}/start`, { method: 'POST' })
  await started.body?.cancel()
  const headers = { Cookie: started.headers.getSetCookie()[0]?.split(';')[0] ?? '' }
  const start = performance.now()
  return async (method, path, what) => {
    const from = performance.now() - start
    const response = await fetch(address + path, { method, headers })
    const body = (await response.json()) as Answer
    const to = performance.now() - start
    const request = { what, from: rounded(from), to: rounded(to), status: response.status }
    return { body, request: body.count == null ? request : { ...request, count: body.count } }
  }
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10
}
