import { exports } from 'cloudflare:workers'

import { type Afterwards, LANES, type LaneReport } from './lanes.ts'

/** How long the slow request has to load the session before the visitor signs out. */
const HEAD_START_MS = 100

/** The fields of a lane's responses. Each has some of them. Times are in milliseconds. */
interface LaneAnswer {
  /** When an increment began and ended. */
  readonly from?: number
  readonly to?: number
  readonly count?: number | null
  readonly user?: string | null
  /** The slow request's status, and whether it had loaded the session. */
  readonly status?: number
  readonly isLoaded?: boolean
  readonly at?: number | null
}

/** Sends a lane's requests with the cookie from its first response. */
type Send = (
  method: 'GET' | 'POST',
  path: string,
) => Promise<{ readonly status: number; readonly body: LaneAnswer }>

/**
 * Sends `count` overlapping increments to each lane, then a sign-out during a slow request. The Worker sends the
 * requests to itself; each is a separate invocation, like one from outside.
 */
export async function runLab(origin: string, count: number): Promise<LaneReport[]> {
  return Promise.all(LANES.map(({ id }) => runLane(origin, id, count)))
}

async function runLane(
  origin: string,
  lane: LaneReport['lane'],
  count: number,
): Promise<LaneReport> {
  const address = `${origin}/lab/${lane}`
  const send = await startedLane(address)
  const increments = Array.from({ length: count }, () => send('POST', '/increment'))
  const answers = await Promise.all(increments)
  const acknowledged = answers.filter(({ status }) => status === 200)
  const { body: state } = await send('GET', '/state')
  return {
    lane,
    sent: count,
    acknowledged: acknowledged.length,
    arrived: state.count ?? 0,
    overlap: overlapOf(acknowledged.map(({ body }) => body)),
    ...(await signOutRace(address)),
  }
}

type SignOut = Pick<LaneReport, 'slowStatus' | 'afterwards'>

async function signOutRace(address: string): Promise<SignOut> {
  const first = await tryRace(address, 1)
  // If the machine was so busy that they did not overlap, runs it once more, and slower.
  return first.afterwards === 'missed' ? tryRace(address, 5) : first
}

async function tryRace(address: string, times: number): Promise<SignOut> {
  const send = await startedLane(address)
  const slow = send('POST', `/slow?times=${times}`)
  await scheduler.wait(HEAD_START_MS * times)
  const { body: logout } = await send('POST', '/logout')
  const { body: written } = await slow
  const { body: seen } = await send('GET', '/state')
  return { slowStatus: written.status ?? 0, afterwards: fateOf(logout, written, seen) }
}

/**
 * Returns whether the old cookie still works, if the slow request had loaded the session and wrote after the sign-out.
 */
function fateOf(logout: LaneAnswer, written: LaneAnswer, seen: LaneAnswer): Afterwards {
  const wasWrittenFirst = typeof written.at === 'number' && written.at <= (logout.at ?? 0)
  if (written.isLoaded !== true || wasWrittenFirst) return 'missed'
  return typeof seen.user === 'string' ? 'resurrected' : 'dead'
}

/** Begins a session in a lane. */
async function startedLane(address: string): Promise<Send> {
  const started = await fetchSelf(new Request(`${address}/start`, { method: 'POST' }))
  const cookies = started.headers.getSetCookie().map((cookie) => cookie.split(';')[0])
  await started.body?.cancel()
  const headers = { Cookie: cookies.join('; ') }
  return async (method, path) => {
    const response = await fetchSelf(new Request(address + path, { method, headers }))
    return { status: response.status, body: await response.json<LaneAnswer>() }
  }
}

/** Returns the largest number that ran at the same time. */
function overlapOf(answers: readonly LaneAnswer[]): number {
  const running = (moment: number): number =>
    answers.filter(({ from = 0, to = 0 }) => from <= moment && moment <= to).length
  return Math.max(0, ...answers.map(({ from = 0 }) => running(from)))
}

/** Calls this Worker (Cloudflare: ctx.exports, from compatibility date 2025-11-17). */
export function fetchSelf(request: Request): Promise<Response> {
  const { default: self } = exports as { readonly default?: Pick<Fetcher, 'fetch'> }
  if (self === undefined) throw new Error('The Worker cannot reach itself: ctx.exports is missing.')
  return self.fetch(request)
}
