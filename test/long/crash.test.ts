import assert from 'node:assert/strict'
import { after } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

import { newDirectory } from '../node/project.ts'
import { it } from '../node/suite.ts'
import { bundle, newServer } from '../node/workerd.ts'
import { Browser } from '../support/browser.ts'

const WORKER = fileURLToPath(new URL('../support/crash-worker.ts', import.meta.url))
const SESSIONS = 64
const ROUNDS = 4
/** The control loses writes in nearly every round; so many without one would be no chance. */
const MAX_CONTROL_ROUNDS = 12

/** What became of all the requests. */
const tally = { acknowledged: 0, failed: 0, ahead: 0, lost: 0, lostByControl: 0 }

interface Stored {
  readonly count?: number
  readonly a?: number
  readonly b?: number
  readonly c?: number
  readonly late?: number
}

/** One visitor, and what he was told. A request that failed has an unknown outcome: all that is known is that it was tried. */
interface Visitor {
  readonly browser: Browser
  acknowledgedCount: number
  triedCount: number
  acknowledgedCommit: number
  triedCommit: number
  acknowledgedLate: number
}

const directory = await newDirectory()
await bundle(WORKER, directory)
const server = await newServer(directory)
await server.start()
const visitors = await Promise.all(Array.from({ length: SESSIONS }, newVisitor))

async function newVisitor(): Promise<Visitor> {
  const visitor = {
    browser: new Browser((request) => fetch(request), server.origin),
    acknowledgedCount: 0,
    triedCount: 0,
    acknowledgedCommit: 0,
    triedCommit: 0,
    acknowledgedLate: 0,
  }
  // The first one makes the session; from then on the cookie stays as it is.
  assert.equal(await incremented(visitor), true)
  assert.equal(visitor.browser.cookies.size, 1)
  return visitor
}

/** Sends a request and gives its number; `undefined` when it failed, which is allowed to a server that is killed. */
async function numberOf(visitor: Visitor, path: string): Promise<number | undefined> {
  try {
    const response = await visitor.browser.fetch(path)
    assert.equal(response.status, 200)
    const number: unknown = await response.json()
    assert.ok(typeof number === 'number')
    tally.acknowledged += 1
    return number
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error
    tally.failed += 1
    return undefined
  }
}

async function incremented(visitor: Visitor): Promise<boolean> {
  visitor.triedCount += 1
  const count = await numberOf(visitor, '/increment')
  visitor.acknowledgedCount = count ?? visitor.acknowledgedCount
  return count !== undefined
}

async function committed(visitor: Visitor): Promise<boolean> {
  visitor.triedCommit += 1
  const number = await numberOf(visitor, `/commit?number=${visitor.triedCommit}`)
  visitor.acknowledgedCommit = number ?? visitor.acknowledgedCommit
  return number !== undefined
}

async function committedLate(visitor: Visitor): Promise<boolean> {
  const number = await numberOf(visitor, `/late?number=${visitor.acknowledgedLate + 1}`)
  visitor.acknowledgedLate = number ?? visitor.acknowledgedLate
  return number !== undefined
}

/** Gives whether the server still answers. */
type Action = (visitor: Visitor) => Promise<boolean>

async function repeat(visitor: Visitor, action: Action): Promise<void> {
  while (await action(visitor));
}

/** Every visitor does this again and again, until the server is killed in the middle of it. */
async function crash(...actions: readonly Action[]): Promise<void> {
  const load = Promise.all(
    visitors.flatMap((visitor) => actions.map((action) => repeat(visitor, action))),
  )
  const state = { isOver: false }
  const end = (): void => void (state.isOver = true)
  // A failure is thrown below, where the load is awaited.
  load.then(end, end)
  // A number of answers, not a time: a busy machine is slower, and is to be killed under the same load.
  const enough = tally.acknowledged + SESSIONS * (2 + Math.random() * 2)
  while (!state.isOver && tally.acknowledged < enough) await wait(5)
  await server.kill()
  await load
  await server.start()
}

async function stored(visitor: Visitor): Promise<Stored> {
  return visitor.browser.json<Stored>('/all')
}

async function check(visitor: Visitor): Promise<void> {
  const { count = 0, a = 0, b = 0, c = 0 } = await stored(visitor)
  const isCountKept = count >= visitor.acknowledgedCount && count <= visitor.triedCount
  const isCommitKept = a >= visitor.acknowledgedCommit && a <= visitor.triedCommit
  if (count > visitor.acknowledgedCount) tally.ahead += 1
  if (!isCountKept || !isCommitKept) tally.lost += 1
  assert.deepEqual([b, c], [a, a], 'half of a patch is stored')
}

async function checkControl(visitor: Visitor): Promise<void> {
  const { late = 0 } = await stored(visitor)
  if (late < visitor.acknowledgedLate) tally.lostByControl += 1
  // A loss counts once.
  visitor.acknowledgedLate = late
}

it('keeps every acknowledged write over SIGKILLs, whole and once', async (test) => {
  for (let round = 0; round < ROUNDS; round += 1) {
    await crash(incremented, committed)
    await Promise.all(visitors.map(check))
  }
  test.diagnostic(JSON.stringify(tally))
  assert.equal(tally.lost, 0)
  assert.ok(tally.failed >= ROUNDS * SESSIONS, 'the server was not killed in the middle of a load')
})

it('would notice a layer that answers before it writes', async (test) => {
  let rounds = 0
  while (tally.lostByControl === 0 && rounds < MAX_CONTROL_ROUNDS) {
    await crash(committedLate)
    await Promise.all(visitors.map(checkControl))
    rounds += 1
  }
  test.diagnostic(`${tally.lostByControl} sessions lost acknowledged writes in ${rounds} rounds`)
  assert.ok(tally.lostByControl > 0)
})

after(() => server.kill())
