import type { Faults } from './faults.ts'
import type { VirtualTime } from './virtual-time.ts'

/** A class of objects, as one version of the library has it. */
export type ObjectClass = new (context: Context, env: object) => ObjectInstance

interface ObjectInstance {
  call(request: string, version?: number): string | Promise<string>
  alarm(): Promise<void>
}

interface Context {
  readonly storage: Storage
  readonly abort: (reason?: string) => void
}

/** The error of a call that the runtime reports. */
interface CallError extends Error {
  durableObjectReset?: boolean
}

interface HostOptions {
  readonly time: VirtualTime
  readonly faults: Faults
  /** The class of the version that is deployed at the moment; a running object keeps its own. */
  readonly deployed: () => ObjectClass
  readonly env: object
  /** How far the clock of the objects is ahead, in milliseconds. */
  readonly ahead: number
  /** Notes that an instance was lost, with whatever it had not yet made durable. */
  readonly onReset: (id: string) => void
}

/**
 * The rows and the alarm of one object. What is written is seen at once, and durable later, all of one turn together
 * (Cloudflare: output gates and write coalescing); until then no reply leaves.
 */
class Storage {
  readonly kv = {
    list: ({ prefix = '' }: { readonly prefix?: string } = {}): [string, unknown][] =>
      Array.from(this.#rows).filter(([name]) => name.startsWith(prefix)),
    get: (name: string): unknown => this.#rows.get(name),
    put: (name: string, value: unknown): void => {
      this.#rows.set(name, value)
      void this.#written()
    },
    delete: (name: string): boolean => {
      const isThere = this.#rows.delete(name)
      void this.#written()
      return isThere
    },
  }
  readonly #rows: Map<string, unknown>
  #alarm: number | undefined
  #durable: Durable
  #confirmed: Promise<void> = Promise.resolve()
  #isWritten = false
  readonly #host: Pick<HostOptions, 'time' | 'faults'>
  readonly #isLost: () => boolean
  readonly #onDurable: (durable: Durable) => void

  constructor(
    durable: Durable,
    host: Pick<HostOptions, 'time' | 'faults'>,
    isLost: () => boolean,
    onDurable: (durable: Durable) => void,
  ) {
    this.#durable = durable
    this.#rows = new Map(durable.rows)
    this.#alarm = durable.alarm
    this.#host = host
    this.#isLost = isLost
    this.#onDurable = onDurable
  }

  setAlarm(at: number): Promise<void> {
    this.#alarm = at
    return this.#written()
  }

  deleteAlarm(): Promise<void> {
    this.#alarm = undefined
    return this.#written()
  }

  deleteAll(): Promise<void> {
    this.#rows.clear()
    return this.#written()
  }

  transactionSync(run: () => void): void {
    run()
  }

  /** Resolves when all that was written so far is durable. */
  get confirmed(): Promise<void> {
    return this.#confirmed
  }

  #written(): Promise<void> {
    if (this.#isWritten) return this.#confirmed
    this.#isWritten = true
    const before = this.#confirmed
    this.#confirmed = Promise.resolve()
      .then(() => this.#host.time.wait(this.#host.faults.flushTime()))
      .then(() => before)
      .then(() => this.#flush())
    this.#confirmed.catch(() => undefined)
    return this.#confirmed
  }

  #flush(): void {
    this.#isWritten = false
    if (this.#isLost()) throw new Error('The object was reset.')
    this.#durable = { rows: new Map(this.#rows), alarm: this.#alarm }
    this.#onDurable(this.#durable)
  }
}

interface Durable {
  readonly rows: ReadonlyMap<string, unknown>
  readonly alarm: number | undefined
}

const EMPTY: Durable = { rows: new Map(), alarm: undefined }

interface Running {
  readonly instance: ObjectInstance
  readonly storage: Storage
}

/** One object: its durable storage, and the instance in memory, if there is one. */
class SimulatedObject {
  durable = EMPTY
  readonly #id: string
  readonly #options: HostOptions
  #running: Running | undefined
  #lost: PromiseWithResolvers<never>
  #generation = 0
  #pending = 0
  #alarm: number | undefined

  constructor(id: string, options: HostOptions) {
    this.#id = id
    this.#options = options
    this.#lost = lostSignal()
  }

  /** Makes one call, which arrived. The reply leaves when everything it depends on is durable. */
  async call(request: string, version: number | undefined): Promise<string> {
    const { faults, time } = this.#options
    if (faults.evicts() && this.#pending === 0) this.#running = undefined
    const { instance, storage } = this.#run()
    if (faults.resets()) void time.after(faults.flushTime(), () => this.reset())
    return this.#protected(async () => {
      const reply = await instance.call(request, version)
      await storage.confirmed
      return reply
    })
  }

  /** Loses the instance, and what it has not made durable. Its calls fail. */
  reset(): void {
    if (this.#running === undefined) return
    this.#running = undefined
    this.#generation += 1
    const lost = this.#lost
    this.#lost = lostSignal()
    const error: CallError = new Error('Durable Object reset because its code was updated.')
    error.durableObjectReset = true
    lost.reject(error)
    this.#options.onReset(this.#id)
    this.#setAlarm(this.durable.alarm)
  }

  async #protected<T>(run: () => Promise<T>): Promise<T> {
    this.#pending += 1
    try {
      return await Promise.race([run(), this.#lost.promise])
    } finally {
      this.#pending -= 1
    }
  }

  #run(): Running {
    if (this.#running !== undefined) return this.#running
    const generation = this.#generation
    const isLost = (): boolean => this.#generation !== generation
    const storage = new Storage(this.durable, this.#options, isLost, (durable) => {
      this.durable = durable
      this.#setAlarm(durable.alarm)
    })
    const context = { storage, abort: () => this.reset() }
    const instance = new (this.#options.deployed())(context, this.#options.env)
    this.#running = { instance, storage }
    return this.#running
  }

  #setAlarm(at: number | undefined): void {
    const { time, ahead } = this.#options
    time.cancel(this.#alarm)
    this.#alarm = undefined
    if (at === undefined) return
    this.#alarm = time.after(at - ahead - time.now, () => void this.#ring())
  }

  async #ring(): Promise<void> {
    this.durable = { ...this.durable, alarm: undefined }
    const { instance, storage } = this.#run()
    await this.#protected(async () => {
      await instance.alarm()
      await storage.confirmed
    }).catch(() => this.#options.time.after(2000, () => void this.#ring()))
  }
}

function lostSignal(): PromiseWithResolvers<never> {
  const signal = Promise.withResolvers<never>()
  signal.promise.catch(() => undefined)
  return signal
}

interface Id {
  toString(): string
}

/** A namespace of simulated objects, as a binding. */
export class ObjectHost {
  readonly objects = new Map<string, SimulatedObject>()
  /** The objects to which the runtime has sent a call twice, and when it last did. */
  readonly #doubled = new Map<string, number>()
  readonly #options: HostOptions
  readonly #newId: () => string

  constructor(newId: () => string, options: HostOptions) {
    this.#newId = newId
    this.#options = options
  }

  newUniqueId(): Id {
    return idOf(this.#newId())
  }

  idFromName(name: string): Id {
    const text = Array.from(name, (character) => character.charCodeAt(0).toString(16)).join('')
    return idOf(text.padStart(64, '0').slice(-64))
  }

  idFromString(text: string): Id {
    if (!/^[\da-f]{64}$/.test(text)) throw new TypeError('The id is not valid for this namespace.')
    return idOf(text)
  }

  get(id: Id): { call(request: string, version?: number): Promise<string> } {
    return { call: (request, version) => this.#call(id.toString(), request, version) }
  }

  /** Sends a call over a network on which it may be lost, doubled or late. */
  async #call(id: string, request: string, version: number | undefined): Promise<string> {
    const { faults, time } = this.#options
    const fate = faults.fateOfCall()
    await time.wait(faults.latency())
    if (fate === 'lost request') throw new Error('Network connection lost.')
    const arrive = (): Promise<string> => this.object(id).call(request, version)
    // The runtime sends a call again if the connection broke; the first one may have arrived.
    if (fate === 'doubled') this.#doubled.set(id, time.now)
    if (fate === 'doubled') void arrive().catch(() => undefined)
    if (fate === 'doubled') await time.wait(faults.latency())
    if (fate === 'doubled' && faults.resets()) this.object(id).reset()
    const reply = await arrive()
    if (fate === 'doubled' && request.startsWith('["create"')) this.#repeat(id, request, version)
    await time.wait(fate === 'late reply' ? faults.lateness() : faults.latency())
    if (fate === 'lost reply') throw new Error('Network connection lost.')
    return reply
  }

  /** Lets a creation come once more, after its answer, while its session is there. */
  #repeat(id: string, request: string, version: number | undefined): void {
    const { faults, time } = this.#options
    time.after(faults.latency(), () => {
      const object = this.object(id)
      if (object.durable.rows.size > 0) void object.call(request, version).catch(() => undefined)
    })
  }

  /** True if a call to this object was sent twice at this time or later. */
  hasDoubled(id: string, since: number): boolean {
    return (this.#doubled.get(id) ?? -Infinity) >= since
  }

  object(id: string): SimulatedObject {
    const known = this.objects.get(id)
    if (known !== undefined) return known
    const made = new SimulatedObject(id, this.#options)
    this.objects.set(id, made)
    return made
  }
}

function idOf(text: string): Id {
  return { toString: () => text }
}
