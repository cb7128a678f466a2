// Drives operations over HTTP against real workerd with its objects on the disk, kills it, and checks the history.
// One operation after the other is what a client does.
/* oxlint-disable no-await-in-loop */
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

import { newDirectory } from '../test/node/project.ts'
import { bundle, newServer } from '../test/node/workerd.ts'
import type { Entry, Outcome } from '../test/simulation/history.ts'
import { faultsOfKeys } from '../test/simulation/keys.ts'
import { Random } from '../test/simulation/random.ts'
import { Browser } from '../test/support/browser.ts'
import { fromCommandLine, oneOf, wholeNumber } from './command-line.mjs'

const WORKER = fileURLToPath(new URL('../test/support/soak-worker.ts', import.meta.url))
/** Many sessions with few operations each: the checker searches the orders of each key. */
const SESSIONS_AT_A_TIME = 16
const CLIENTS = 3
const OPERATIONS_EACH = 8
const KEYS = ['s', 't', 'n', 'm'] as const
/** Longer than the 10 s for which workerd keeps an idle object. */
const IDLE_MS = 12_000

const USAGE = 'npm run soak -- [--seed 5] [--operations 10000] [--broken early|ids]'

const { seed, wanted, broken } = fromCommandLine(USAGE, () => {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      operations: { type: 'string', default: '10000' },
      /** `early` answers before it writes, `ids` drops the ids of operations: both have to be found. */
      broken: { type: 'string' },
    },
  })
  return {
    seed: wholeNumber('--seed', values.seed),
    wanted: wholeNumber('--operations', values.operations, { least: 1 }),
    broken: values.broken === undefined ? '' : oneOf('fault', values.broken, ['early', 'ids']),
  }
})
const random = new Random(seed)
/** Where more than half of all operations go unanswered, something else is wrong. */
const maxRounds = Math.ceil((2 * wanted) / (SESSIONS_AT_A_TIME * CLIENTS * OPERATIONS_EACH)) + 1

interface Plan {
  readonly does: 'set' | 'delete' | 'increment' | 'update' | 'take' | 'get'
  readonly key: string
  readonly fault?: 'twice' | 'abort' | 'abort-later'
}

interface Soaked {
  readonly index: number
  readonly browser: Browser
  readonly entries: Entry[]
  /** What no history may have, in words. */
  readonly faults: string[]
  id: string
}

const counts = { done: 0, refused: 0, unknown: 0 }
const tally = { kills: 0, twice: 0, abort: 0, 'abort-later': 0, evicted: 0 }
const soaked: Soaked[] = []
let order = 0
let requests = 0
let restarted: Promise<void> = Promise.resolve()

const directory = await newDirectory()
await bundle(WORKER, directory)
const server = await newServer(directory, ['SessionObject'], { BROKEN: broken })
await server.start()
const beganAt = performance.now()
let faulty: Soaked | undefined
for (let round = 0; round < maxRounds && counts.done < wanted && !faulty; round += 1) {
  faulty = firstFaulty(await playRound(round))
}
if (faulty === undefined) await lookAfterEviction()
faulty ??= firstFaulty(soaked)
await server.kill()
report(faulty)

/** Several sessions, each with clients that overlap, and in every second round a SIGKILL in the middle of them. */
async function playRound(round: number): Promise<Soaked[]> {
  const own = await Promise.all(Array.from({ length: SESSIONS_AT_A_TIME }, newSession))
  const half = counts.done + (SESSIONS_AT_A_TIME * CLIENTS * OPERATIONS_EACH) / 2
  const state = { isOver: false }
  const clients = own.flatMap((session) =>
    Array.from({ length: CLIENTS }, async (_, client) => {
      const plans = Array.from({ length: OPERATIONS_EACH }, newPlan)
      for (const plan of plans) await perform(session, client, plan)
    }),
  )
  const load = Promise.all(clients).finally(() => (state.isOver = true))
  if (round % 2 === 0) await killWhen(() => state.isOver || counts.done >= half)
  await load
  await Promise.all(own.map(look))
  return own
}

async function newSession(): Promise<Soaked> {
  const browser = new Browser((request) => fetch(request), server.origin)
  const session: Soaked = { index: soaked.length, browser, entries: [], faults: [], id: '' }
  soaked.push(session)
  await perform(session, 0, { does: 'set', key: 's' })
  return session
}

function newPlan(): Plan {
  const does = random.weighted({ get: 6, set: 6, increment: 6, update: 4, take: 2, delete: 2 })
  const end = { increment: [2, 4], set: [0, 2], update: [0, 2], take: [0, 2] } as const
  const key = random.pick(does === 'get' || does === 'delete' ? KEYS : KEYS.slice(...end[does]))
  const fault = random.weighted({ none: 84, twice: 8, abort: 4, 'abort-later': 4 })
  return fault === 'none' ? { does, key } : { does, key, fault }
}

async function killWhen(isTime: () => boolean): Promise<void> {
  while (!isTime()) await wait(2)
  const { promise, resolve } = Promise.withResolvers<void>()
  restarted = promise
  await server.kill()
  await server.start()
  tally.kills += 1
  resolve()
}

/** Reads every key, when nothing else is under way. */
async function look(session: Soaked): Promise<void> {
  for (const key of KEYS) await perform(session, CLIENTS, { does: 'get', key })
}

/** Every object is idle until it leaves memory, and is read again from the disk. */
async function lookAfterEviction(): Promise<void> {
  const before = await Promise.all(soaked.map(instanceOf))
  await wait(IDLE_MS)
  const after = await Promise.all(soaked.map(instanceOf))
  tally.evicted = after.filter((instance, index) => instance !== before[index]).length
  await Promise.all(soaked.map(look))
}

async function instanceOf({ id }: Soaked): Promise<unknown> {
  const response = await fetch(`${server.origin}/instance?object=${id}`)
  return response.json()
}

async function perform(session: Soaked, browser: number, plan: Plan): Promise<void> {
  await restarted
  const { does, key, fault } = plan
  requests += 1
  const request = requests
  const written = does === 'set' ? JSON.stringify(`v${request}`) : String(request)
  const wrote = does === 'set' || does === 'update' ? { wrote: written } : {}
  const query = new URLSearchParams({ does, key, object: session.id, ...wrote })
  if (fault !== undefined) {
    query.set('fault', fault)
    tally[fault] += 1
  }
  order += 1
  const begun = { request, browser, isolate: 0, does, key, ...wrote, start: order, sent: order }
  const startedAt = performance.now()
  const { outcome, result, id = session.id, fault: found } = await answerTo(session, query)
  order += 1
  counts[outcome] += 1
  if (session.id === '') session.id = id
  if (id !== session.id) session.faults.push(`#${request} found another session`)
  if (found !== undefined) session.faults.push(`#${request} was answered by ${found}`)
  session.entries.push({
    ...begun,
    ...(result !== undefined && { result }),
    session: session.id,
    end: order,
    startedAt,
    endedAt: performance.now(),
    outcome,
  })
}

interface Answer {
  readonly outcome: Outcome
  readonly id?: string
  readonly result?: string
  readonly fault?: string
}

/** Sends one operation. Its outcome is unknown where the store failed, or the server was killed. */
async function answerTo({ browser }: Soaked, query: URLSearchParams): Promise<Answer> {
  try {
    const response = await browser.fetch(`/operation?${query}`, { method: 'POST' })
    const text = await response.text()
    if (response.status === 503) return { outcome: 'unknown' }
    if (!response.ok) return { outcome: 'refused', fault: `${response.status} ${text}` }
    const { session, result } = JSON.parse(text) as { session: string; result?: unknown }
    const json = result === undefined ? {} : { result: JSON.stringify(result) }
    return { outcome: 'done', id: session, ...json }
  } catch {
    return { outcome: 'unknown' }
  }
}

function firstFaulty(sessions: readonly Soaked[]): Soaked | undefined {
  return sessions.find(({ faults, entries }) => {
    faults.push(...faultsOfKeys(entries))
    return faults.length > 0
  })
}

function report(session: Soaked | undefined): void {
  const say = (text: string): void => void process.stdout.write(`${text}\n`)
  const seconds = ((performance.now() - beganAt) / 1000).toFixed(0)
  say(
    `seed ${seed}: ${counts.done} operations acknowledged, ${counts.unknown} unanswered, ${counts.refused} refused, in ${soaked.length} sessions and ${seconds} s`,
  )
  say(
    `${tally.kills} SIGKILLs, ${tally.abort + tally['abort-later']} resets and ${tally.twice} repeated calls asked for, ${tally.evicted} objects evicted`,
  )
  if (session === undefined && counts.done >= wanted && tally.evicted > 0) {
    say('Every history is that of one dictionary: none lost, none doubled.')
    return
  }
  process.exitCode = 1
  if (session === undefined)
    return say('Too few operations were acknowledged, or no object evicted.')
  say(`Session ${session.index}: ${session.faults.join('; ')}`)
  for (const entry of session.entries.toSorted((one, other) => one.start - other.start)) {
    const { request, browser, does, key, wrote = '', outcome, result = '', start, end } = entry
    say(
      `  [${start}, ${end}] client ${browser} #${request} ${does} ${key} ${wrote}: ${outcome} ${result}`,
    )
  }
}
