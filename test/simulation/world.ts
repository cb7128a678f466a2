import type { SessionKvNamespace } from '../../src/store/kv.ts'
import { CookieJar } from '../../src/testing/cookie-jar.ts'
import { StaleKv } from '../support/stale-kv.ts'
import { Faults } from './faults.ts'
import { History } from './history.ts'
import type { Globals, Start } from './isolates.ts'
import { kvOverNetwork } from './kv-network.ts'
import { layerOf } from './layer.ts'
import type { FormerLibrary, Library } from './library.ts'
import { ObjectHost } from './object-host.ts'
import type { Plan, Step } from './plan.ts'
import { Random } from './random.ts'
import { synchronousCrypto } from './synchronous-crypto.ts'
import { VirtualTime } from './virtual-time.ts'
import { newVisit, type Visit } from './visit.ts'

const START = Date.UTC(2026, 10, 1)
const HOME = new URL('https://app.example/')
/** Within this time all that a failure left behind is cleared up: a revocation goes on by its object's alarm. */
const HEALED_MS = 5 * 60_000
/** Longer than the absolute timeout, and the most that clocks differ. */
const LONGEST_MS = 13 * 3_600_000

/** How the isolates of a run start, with each version of the library. */
export interface Starts {
  readonly present: Start<Library>
  readonly former?: Start<FormerLibrary> | undefined
}

/** A Worker's isolate: its own modules, clock and copies. */
export interface Isolate {
  readonly index: number
  /** How far its clock is ahead, in milliseconds. */
  ahead: number
  readonly sessions: ReturnType<typeof layerOf>
  readonly env: object
}

export interface SimulatedBrowser {
  readonly index: number
  jar: CookieJar
}

/** One run: browsers, Workers and objects in virtual time, and all that they saw. */
export class World {
  readonly history = new History()
  readonly time: VirtualTime
  readonly faults: Faults
  readonly plan: Plan
  readonly isolates: readonly Isolate[]
  readonly browsers: readonly SimulatedBrowser[]
  readonly objects: ObjectHost
  readonly #random: Random
  #requests = 0

  constructor(plan: Plan, { present: start, former }: Starts, isRead = false) {
    const random = new Random(plan.seed ^ 0x5bd1e995)
    this.plan = plan
    const { lines } = this.history
    const log = (line: string): void =>
      void lines.push(`${String(this.time.now - START).padStart(9)} ms  ${line}`)
    this.log = isRead ? log : undefined
    this.#random = random
    this.time = new VirtualTime(random, START)
    this.faults = new Faults(random, plan.setting.faultRate)
    const { setting } = plan
    const objectsAhead = this.#anyAhead()
    const objectGlobals = this.#globals(() => objectsAhead)
    const present = start(objectGlobals)
    let isFormer = setting.isFormer && former !== undefined
    const before = isFormer ? former?.(objectGlobals) : undefined
    this.deploy = () => {
      isFormer = false
      for (const object of this.objects.objects.values()) object.reset()
    }
    const options = {
      time: this.time,
      faults: this.faults,
      env: {},
      ahead: objectsAhead,
      onReset: (id: string) => this.log?.(`object ${id.slice(0, 6)} is reset`),
    }
    this.objects = new ObjectHost(() => this.#newId(), {
      ...options,
      deployed: () => ((isFormer ? before : undefined) ?? present).SessionObject,
    })
    const kv = new StaleKv(() => this.time.now)
    const location = (): SessionKvNamespace => kvOverNetwork(kv.location(), this)
    const users = new ObjectHost(() => this.#newId(), {
      ...options,
      env: { SESSIONS: this.objects, SESSION_KV: location() },
      deployed: () => present.UserObject,
    })
    this.isolates = Array.from({ length: setting.isolates }, (_, index) => {
      const isolate = { index, ahead: this.#anyAhead() }
      const env = {
        SESSIONS: this.objects,
        USERS: users,
        COPIES: kv.location(),
        SESSION_KV: location(),
      }
      const library = start(this.#globals(() => isolate.ahead))
      const now = (): number => this.time.now + isolate.ahead
      return Object.assign(isolate, { env, sessions: layerOf(library, plan, env, now) })
    })
    this.browsers = Array.from({ length: setting.browsers }, (_, index) => ({
      index,
      jar: new CookieJar(HOME, () => this.time.now),
    }))
  }

  /** Replaces the code of the objects, all at once. */
  readonly deploy: () => void

  /** Notes a line for whoever reads the history. Absent if nobody will. */
  readonly log: ((line: string) => void) | undefined

  /** Plays the plan to its end, then heals everything and lets each browser look once more. */
  async play(): Promise<void> {
    for (const step of this.plan.steps) this.time.after(step.at, () => this.#take(step))
    await this.time.run(START + HEALED_MS + (this.plan.steps.at(-1)?.at ?? 0))
    this.faults.isOn = false
    this.log?.('--- all is well from here on')
    this.time.now += 61_000
    for (const { index: browser } of this.browsers) {
      for (const { index: isolate } of this.isolates.slice(0, 1)) {
        void this.#visit({ does: 'request', at: 0, browser, isolate, work: [] }, true)
      }
    }
    await this.time.run(this.time.now + HEALED_MS)
    // Every session is over by then, and each object has had its alarm.
    await this.time.run(this.time.now + LONGEST_MS)
    const objects = [...this.objects.objects]
    this.history.leftOver = objects
      .filter(([, { durable }]) => durable.rows.size > 0)
      .map(([id]) => id)
  }

  #take(step: Step): void {
    switch (step.does) {
      case 'request':
        void this.#visit(step, false)
        break
      case 'steal':
        this.#steal(step.browser, step.from)
        break
      case 'jump':
        this.#jump(step.isolate, step.milliseconds)
        break
      case 'deploy':
        this.log?.('a new version of the objects is deployed')
        this.deploy()
    }
  }

  #jump(index: number, milliseconds: number): void {
    const isolate = this.isolates[index % this.isolates.length]
    if (isolate !== undefined) isolate.ahead = milliseconds
    this.log?.(`clock of Worker ${index}: ${milliseconds} ms ahead`)
  }

  #steal(thief: number, victim: number): void {
    const [from, to] = [this.browsers[victim], this.browsers[thief]]
    if (from === undefined || to === undefined || from === to) return
    for (const [name, value] of from.jar) to.jar.set(name, value)
    this.history.copied.push({ browser: thief, order: this.history.next() })
    this.log?.(`browser ${thief} has copied the cookies of browser ${victim}`)
  }

  async #visit(step: Step & { does: 'request' }, isLast: boolean): Promise<void> {
    const browser = this.browsers[step.browser % this.browsers.length]
    const isolate = this.isolates[step.isolate % this.isolates.length]
    if (browser === undefined || isolate === undefined) return
    this.#requests += 1
    const visit: Visit = newVisit(this, { number: this.#requests, browser, isolate, isLast })
    await visit.run(step.work)
  }

  #anyAhead(): number {
    const { skew } = this.plan.setting
    return skew === 0 ? 0 : this.#random.below(skew)
  }

  #newId(): string {
    return Array.from({ length: 8 }, () =>
      this.#random
        .below(2 ** 32)
        .toString(16)
        .padStart(8, '0'),
    ).join('')
  }

  #globals(ahead: () => number): Globals {
    const { time } = this
    return {
      setTimeout: (run, milliseconds) => time.after(milliseconds, run),
      clearTimeout: (id) => time.cancel(id),
      performance: { now: () => time.now - START },
      now: () => time.now + ahead(),
      crypto: synchronousCrypto(this.#random),
    }
  }
}
