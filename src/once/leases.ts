import type { SessionCell } from '../record/session-cell.ts'
import type { SessionPart } from '../record/session-part.ts'
import type { LeaseCall, LeaseReply } from '../record/store.ts'
import { leaseStep } from './lease-step.ts'

/** The maximum number of calls that wait in one session. Each has a timer, of which a Worker may have 10,000. */
const MAX_WAITING = 1000

/** The calls that wait, by session. */
const waiting = new WeakMap<SessionCell, Set<() => void>>()

/**
 * The part of `once()` that runs where the session is stored: `export class SessionObject extends
 * extendSessionObject(leases) {}`, or `memoryStore(leases)`.
 */
export const leases: SessionPart = {
  call({ cell }, request) {
    if (request.startsWith('["lease"')) return acquire(cell, request)
    if (!request.startsWith('["release"')) return undefined
    const reply = cell.call(request, leaseStep)
    return typeof reply === 'string' ? released(cell, reply) : reply.then((text) => released(cell, text))
  },
  ended: ({ cell }) => wake(cell),
}

function released(cell: SessionCell, reply: string): string {
  wake(cell)
  return reply
}

/** Has every call that waits look again. */
function wake(cell: SessionCell): void {
  const calls = waiting.get(cell) ?? []
  waiting.delete(cell)
  for (const look of calls) look()
}

function acquire(cell: SessionCell, request: string): string | Promise<string> {
  const reply = cell.call(request, leaseStep)
  return typeof reply === 'string' && !isHeld(reply) ? reply : waited(cell, request, reply)
}

/** True if another call holds the lease. In a text inside the reply, the quotes would be escaped. */
function isHeld(reply: string): boolean {
  return reply.includes('"lease":"held"')
}

/** Waits until the lease is not held any more, or the time is up. It then is not granted: the caller may have gone. */
async function waited(
  cell: SessionCell,
  request: string,
  first: string | Promise<string>,
): Promise<string> {
  const startedAt = Date.now()
  let reply = await first
  while (isHeld(reply)) {
    const held = JSON.parse(reply) as LeaseReply & { readonly left: number }
    const list = JSON.parse(request) as unknown[]
    const about = list[ABOUT] as LeaseCall & { readonly wait: number }
    const waitLeft = startedAt + about.wait - Date.now()
    if (waitLeft <= 0) return reply
    const calls = waiting.get(cell) ?? new Set()
    if (calls.size >= MAX_WAITING) return JSON.stringify({ ...held, lease: 'full' })
    waiting.set(cell, calls)
    // oxlint-disable-next-line no-await-in-loop
    await wokenWithin(Math.min(waitLeft, held.left), calls)
    list[NOW] = Number(list[NOW]) + Date.now() - startedAt
    list[ABOUT] = { ...about, hasWaited: true }
    // oxlint-disable-next-line no-await-in-loop
    reply = await cell.call(JSON.stringify(list), leaseStep)
  }
  return reply
}

/** The places in a request to a cell. */
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
