import type { SessionStore } from '../../src/index.ts'
import { CookieJar } from '../../src/testing/cookie-jar.ts'
import { alikeOrders, markOf, reordered, type Step } from './commuting.ts'
import { Faults } from './faults.ts'
import { History } from './history.ts'
import type { Globals, Version } from './isolates.ts'
import { faultsOfKeys } from './keys.ts'
import type { Library } from './library.ts'
import { faultsOfLife } from './life.ts'
import { ObjectHost } from './object-host.ts'
import type { Plan, Setting, Work } from './plan.ts'
import { Random } from './random.ts'
import { faultsOfRequests } from './requests.ts'
import { synchronousCrypto } from './synchronous-crypto.ts'
import { VirtualTime } from './virtual-time.ts'
import { newVisit } from './visit.ts'
import type { Isolate, SimulatedBrowser } from './world.ts'

/** What each of three requests does, one after the other, with the same session. */
export type Triple = readonly [readonly Work[], readonly Work[], readonly Work[]]

/** Nothing fails, and nothing takes time. */
class NoFaults extends Faults {
  override latency(): number {
    return 0
  }
  override flushTime(): number {
    return 0
  }
  override evicts(): boolean {
    return false
  }
}

const START = Date.UTC(2026, 10, 1)
const HOME = new URL('https://app.example/')
const SETTING: Setting = {
  theme: 'anything',
  store: 'objects',
  cached: 'no',
  renewing: false,
  browsers: 3,
  isolates: 1,
  faultRate: 0,
  skew: 0,
  idleSeconds: 1800,
  isFormer: false,
}

export interface Explored {
  readonly interleavings: number
  /** What is wrong in the first wrong one, and the order of the store's calls there. */
  readonly faults: readonly string[]
  readonly order: readonly number[]
}

interface Options {
  /** True if every order is to be played. */
  readonly isWhole?: boolean
  /** Is told the history of each order. */
  readonly seen?: (history: History) => void
}

/**
 * Plays three requests in every order in which their calls can reach the store, up to the first that is wrong. Of orders
 * that differ only by reads that follow each other one is played (a partial order reduction: the order of two reads is
 * nothing that the store or another request could see), and the histories of the others follow from its own; all of them
 * are checked.
 */
export async function exploreAll(
  version: Version<Library>,
  store: 'objects' | 'memory',
  triple: Triple,
  { isWhole = false, seen = () => undefined }: Options = {},
): Promise<Explored> {
  let order: readonly number[] | undefined = []
  let interleavings = 0
  while (order !== undefined) {
    // oxlint-disable-next-line no-await-in-loop -- the next order follows from the choices in this one
    const { faults, choices, checked } = await played(version, {
      store,
      triple,
      order,
      isWhole,
      seen,
    })
    interleavings += checked
    if (faults.length > 0)
      return { interleavings, faults, order: choices.map(({ taken }) => taken) }
    const last = choices.findLastIndex(({ taken, of }) => taken + 1 < of)
    const taken = choices.slice(0, last + 1).map((choice) => choice.taken)
    order = last < 0 ? undefined : taken.with(last, (taken[last] ?? 0) + 1)
  }
  return { interleavings, faults: [], order: [] }
}

interface Choice {
  readonly taken: number
  readonly of: number
}

/** A call of the store that waits for its turn. */
interface Waiting {
  readonly isRead: boolean
  readonly open: () => void
  /** The request that has made it, by a number. */
  of: number
}

interface Played {
  readonly faults: readonly string[]
  readonly choices: readonly Choice[]
  /** How many orders this one stands for, all of which were checked; 0 if another one stands for it. */
  readonly checked: number
}

interface Playing extends Required<Options> {
  readonly store: Setting['store']
  readonly triple: Triple
  readonly order: readonly number[]
}

async function played(
  version: Version<Library>,
  { store, triple, order, isWhole, seen }: Playing,
): Promise<Played> {
  const random = new Random(1)
  const time = new VirtualTime(random, START)
  const faults = new NoFaults(random, 0)
  const plan: Plan = { seed: 0, setting: { ...SETTING, store }, steps: [] }
  const history = new History()
  const library = version.begin()(globalsOf(time, random))
  const objects = new ObjectHost(
    () => Array.from({ length: 64 }, () => random.below(16).toString(16)).join(''),
    {
      time,
      faults,
      env: {},
      ahead: 0,
      deployed: () => library.SessionObject,
      onReset: () => undefined,
    },
  )
  const waiting: Waiting[] = []
  let isGated = false
  const turn = async (isRead: boolean): Promise<void> => {
    if (isGated) await new Promise<void>((open) => void waiting.push({ isRead, open, of: -1 }))
  }
  const real = store === 'memory' ? library.memoryStore() : library.durableObjectStore(objects)
  const sessions = library.createSessions({
    secrets: ['a secret of the simulation, which is long enough'],
    store: gated(real, turn),
    use: [library.accounts()],
    now: () => time.now,
  })
  const isolate = { index: 0, ahead: 0, env: {}, sessions } as unknown as Isolate
  const world = { time, faults, history, plan, objects, isolates: [isolate], log: undefined }
  const browsers = triple.map((_, index): SimulatedBrowser => ({
    index,
    jar: new CookieJar(HOME, () => time.now),
  }))
  const visit = (browser: SimulatedBrowser, number: number) =>
    newVisit(world, { number, browser, isolate, isLast: false })

  const [first = { index: 0, jar: new CookieJar(HOME, () => time.now) }] = browsers
  void visit(first, 0).run([
    { does: 'set', key: 's' },
    { does: 'increment', key: 'n' },
  ])
  await time.run(time.now)
  for (const { jar } of browsers.slice(1)) jar.addAll(first.jar)
  isGated = true
  for (const [index, browser] of browsers.entries()) {
    void visit(browser, index + 1).run(triple[index] ?? [])
  }
  const choices: Choice[] = []
  const steps: Step[] = []
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- one call after the other is the point
    await time.run(time.now)
    const last = steps.at(-1)
    // Only the request that went on can have made another call.
    for (const [index, call] of waiting.entries()) if (call.of < 0) call.of = last?.of ?? index
    if (waiting.length === 0) break
    const open = waiting.filter((call) => isWhole || !isAlike(last, call))
    const taken = order[choices.length] ?? 0
    const call = open[taken]
    if (call === undefined) return { faults: [], choices, checked: 0 }
    choices.push({ taken, of: open.length })
    steps.push({ of: call.of, isRead: call.isRead, before: markOf(history) })
    waiting.splice(waiting.indexOf(call), 1)
    call.open()
  }
  const end = markOf(history)
  // All is over; one browser still has the cookie of the beginning.
  isGated = false
  time.now += 61_000
  const last = browsers.at(-1) ?? first
  void newVisit(world, { number: 9, browser: last, isolate, isLast: true }).run([])
  await time.run(time.now)
  const orders = isWhole ? [steps.map((_, index) => index)] : alikeOrders(steps)
  const found = orders.map((each) => {
    const its = reordered(history, { steps, order: each, end })
    seen(its)
    return faultsOf(its, plan)
  })
  return { faults: found.find(({ length }) => length > 0) ?? [], choices, checked: orders.length }
}

/** True if a call may as well have come before the last one, and does so in an order that is played. */
function isAlike(last: Step | undefined, { isRead, of }: Waiting): boolean {
  return last?.isRead === true && isRead && of < last.of
}

function faultsOf(history: History, plan: Plan): string[] {
  return [
    ...faultsOfKeys(history.entries),
    ...faultsOfLife(history, plan),
    ...faultsOfRequests(history),
  ]
}

/** Returns the store; each of its calls waits for its turn. */
function gated(store: SessionStore, turn: (isRead: boolean) => Promise<void>): SessionStore {
  return {
    ...store,
    create: async (...call) => turn(false).then(() => store.create(...call)),
    read: async (...call) => turn(true).then(() => store.read(...call)),
    write: async (...call) => turn(false).then(() => store.write(...call)),
    regenerate: async (...call) => turn(false).then(() => store.regenerate(...call)),
    destroy: async (...call) => turn(false).then(() => store.destroy(...call)),
  }
}

function globalsOf(time: VirtualTime, random: Random): Globals {
  return {
    setTimeout: (run, milliseconds) => time.after(milliseconds, run),
    clearTimeout: (id) => time.cancel(id),
    performance: { now: () => time.now - START },
    now: () => time.now,
    crypto: synchronousCrypto(random),
  }
}
