import { Storage } from './storage.ts'

/* Durable Objects in plain Node: quick, and near enough for a first look. Workerd decides. */

/** What `cloudflare:workers` gives as the base class. */
export class DurableObject {
  readonly ctx: State
  readonly env: unknown
  constructor(ctx: State, env: unknown) {
    this.ctx = ctx
    this.env = env
  }
}

type Instance = Record<string, (...parameters: unknown[]) => unknown>
export type ObjectClass = new (ctx: State, env: unknown) => Instance

interface State {
  readonly id: Id
  readonly storage: Storage
  readonly abort: (reason?: string) => never
}

export interface Id {
  readonly name?: string
  toString(): string
}

/** One object: its storage, which stays, and its instance, which comes and goes. */
class Hosted {
  readonly id: Id
  readonly storage: Storage
  #instance: Instance | undefined
  #lost = Promise.withResolvers<never>()
  readonly #load: () => Promise<[ObjectClass, unknown]>

  constructor(id: Id, load: () => Promise<[ObjectClass, unknown]>) {
    this.id = id
    this.#load = load
    this.storage = new Storage(() => this.ring())
    this.#lost.promise.catch(() => undefined)
  }

  evict(): void {
    this.#instance = undefined
  }

  readonly #abort = (reason?: string): never => {
    const error = new Error(reason ?? 'Application called abort() to reset Durable Object.')
    this.#instance = undefined
    this.storage.reset()
    this.#lost.reject(error)
    this.#lost = Promise.withResolvers<never>()
    this.#lost.promise.catch(() => undefined)
    throw error
  }

  /** Runs with the instance, until it is done or the instance is lost. */
  async run<Result>(
    run: (instance: Instance, state: State) => Result | Promise<Result>,
  ): Promise<Result> {
    const [Class, env] = await this.#load()
    const state: State = { id: this.id, storage: this.storage, abort: this.#abort }
    const lost = this.#lost.promise
    this.#instance ??= new Class(state, env)
    const instance = this.#instance
    return Promise.race([(async () => run(instance, state))(), lost])
  }

  async ring(): Promise<boolean> {
    if ((await this.storage.getAlarm()) === null) return false
    await this.storage.deleteAlarm()
    await this.run((instance) => instance['alarm']?.())
    return true
  }
}

const HOSTED = new WeakMap<object, Hosted>()

/** Returns the object behind a stub. */
export function hostedOf(stub: object): Hosted {
  const hosted = HOSTED.get(stub)
  if (hosted === undefined) throw new TypeError('This is not a stub.')
  return hosted
}

let made = 0

/** A namespace, as a binding and as an export. */
export class Namespace {
  readonly objects = new Map<string, Hosted>()
  readonly #load: () => Promise<[ObjectClass, unknown]>
  readonly #mark: string

  constructor(load: () => Promise<[ObjectClass, unknown]>) {
    this.#load = load
    made += 1
    this.#mark = made.toString(16).padStart(4, '0')
  }

  #idOf(text: string, name?: string): Id {
    return { toString: () => text, ...(name !== undefined && { name }) }
  }

  newUniqueId(): Id {
    const bytes = crypto.getRandomValues(new Uint8Array(30))
    return this.#idOf(Buffer.from(bytes).toString('hex') + this.#mark)
  }

  idFromName(name: string): Id {
    let hash = 0n
    for (const byte of new TextEncoder().encode(name)) {
      hash = (hash * 1_000_003n + BigInt(byte) + 1n) % 2n ** 239n
    }
    return this.#idOf(hash.toString(16).padStart(60, '0') + this.#mark, name)
  }

  idFromString(text: string): Id {
    if (!/^[\da-f]{64}$/.test(text) || !text.endsWith(this.#mark)) {
      throw new TypeError('Invalid Durable Object ID: it is not valid for this namespace.')
    }
    return this.#idOf(text)
  }

  getByName(name: string): object {
    return this.get(this.idFromName(name))
  }

  get(id: Id): object {
    const key = id.toString()
    const hosted = this.objects.get(key) ?? new Hosted(id, this.#load)
    this.objects.set(key, hosted)
    const stub: object = new Proxy(
      { id },
      {
        get: (target, name) => {
          if (name === 'id') return target.id
          if (name === 'then' || typeof name === 'symbol') return undefined
          return async (...parameters: unknown[]) => {
            const sent = structuredClone(parameters)
            // A message goes over a connection.
            await new Promise((resolve) => {
              setImmediate(resolve)
            })
            const result = await hosted.run((instance) => {
              const method = instance[name]
              if (method === undefined) {
                throw new TypeError(`The RPC receiver does not implement "${name}".`)
              }
              return method.apply(instance, sent)
            })
            await new Promise((resolve) => {
              setImmediate(resolve)
            })
            return structuredClone(result)
          }
        },
      },
    )
    HOSTED.set(stub, hosted)
    return stub
  }
}
