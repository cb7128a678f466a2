import type { CellHost, CellPart } from '../record/cell-part.ts'
import type { LeaseReply } from '../record/store.ts'
import { type Held, leaseStep, type PartRequest } from './lease-step.ts'

/** The maximum number of waiting calls per session. Each has a timer, and a Worker may have 10,000. */
const MAX_WAITING = 1000

/** The waiting calls, by session. */
const waiting = new WeakMap<CellHost, Set<() => void>>()

/**
 * The part of `once()` that runs where the session is stored: `export class SessionObject extends
 * extendSessionObject(leases) {}`, or `memoryStore(leases)`.
 */
export const leases: CellPart = {
  call(host, request) {
    if (request.startsWith('["lease"')) return acquire(host, request)
    if (!request.startsWith('["release"')) return undefined
    const reply = host.call(request, leaseStep)
    return typeof reply === 'string'
      ? released(host, reply)
      : reply.then((text) => released(host, text))
  },
  ended(host) {
    wake(host)
    return false
  },
}

function released(host: CellHost, reply: string): string {
  wake(host)
  return reply
}

/** How often the waiting calls of a session were woken, for calls that have not started to wait yet. */
const wakes = new WeakMap<CellHost, number>()

function wakesOf(host: CellHost): number {
  return wakes.get(host) ?? 0
}

/** Makes every waiting call check again. */
function wake(host: CellHost): void {
  wakes.set(host, wakesOf(host) + 1)
  const calls = waiting.get(host) ?? []
  waiting.delete(host)
  for (const look of calls) look()
}

function acquire(host: CellHost, request: string): string | Promise<string> {
  const woken = wakesOf(host)
  const reply = host.call(request, leaseStep)
  return typeof reply === 'string' && !isHeld(reply) ? reply : waited(host, request, reply, woken)
}

/** True if another call holds the lease. Inside a text of the reply, the quotes would be escaped. */
function isHeld(reply: string): boolean {
  return reply.includes('"held":true')
}

/** Waits until the lease is free or the time is up. Does not grant it then, because the caller may be gone. */
async function waited(
  host: CellHost,
  request: string,
  first: string | Promise<string>,
  wokenBefore: number,
): Promise<string> {
  let woken = wokenBefore
  const startedAt = Date.now()
  let reply = await first
  while (isHeld(reply)) {
    const { left } = JSON.parse(reply) as Held
    const list = JSON.parse(request) as unknown[]
    const about = list[ABOUT] as PartRequest
    const waitLeft = startedAt + (about.wait ?? 0) - Date.now()
    if (waitLeft <= 0) {
      return failed('There was no answer within twice the lease of the function. Try again.')
    }
    const calls = waiting.get(host) ?? new Set()
    if (calls.size >= MAX_WAITING) {
      return failed(`The session is overloaded: ${MAX_WAITING} requests are waiting. Try again.`)
    }
    if (wakesOf(host) === woken) {
      waiting.set(host, calls)
      // oxlint-disable-next-line no-await-in-loop
      await wokenWithin(Math.min(waitLeft, left), calls)
    }
    woken = wakesOf(host)
    list[NOW] = Number(list[NOW]) + Date.now() - startedAt
    list[ABOUT] = { ...about, hasWaited: true }
    // oxlint-disable-next-line no-await-in-loop
    reply = await host.call(JSON.stringify(list), leaseStep)
  }
  return reply
}

function failed(message: string): string {
  const failure: LeaseReply = { ok: false, code: 'ERR_STORE', message: `once(): ${message}` }
  return JSON.stringify(failure)
}

/** The indexes of parts of a request to a session. */
const NOW = 2
const ABOUT = 8

function wokenWithin(milliseconds: number, calls: Set<() => void>): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      clearTimeout(timer)
      calls.delete(look)
      resolve()
    }
    const timer = setTimeout(look, milliseconds)
    calls.add(look)
  })
}
