/** One function in a CPU profile (Chrome DevTools protocol, Profiler.ProfileNode). Lines count from 0. */
export interface ProfileNode {
  readonly id: number
  readonly callFrame: {
    readonly functionName: string
    readonly url: string
    readonly lineNumber: number
  }
}

/** The result of Profiler.stop: the node that ran at each sample, and the microseconds since the previous sample. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[]
  readonly samples?: readonly number[]
  readonly timeDeltas?: readonly number[]
}

interface Message {
  readonly id?: number
  readonly result?: object
  readonly error?: { readonly message: string }
}

/** A connection with the inspector of a workerd process. */
export class Inspector {
  readonly #socket: WebSocket
  readonly #waiting = new Map<number, PromiseWithResolvers<object>>()
  #last = 0

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.addEventListener('message', ({ data }) => this.#receive(String(data)))
  }

  /** Connects with the Worker of this name in the configuration. Throws if the inspector refuses. */
  static async connect(address: string, service: string): Promise<Inspector> {
    const socket = new WebSocket(`ws://${address}/${service}`)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    socket.addEventListener('open', () => resolve(), { once: true })
    socket.addEventListener('error', () => reject(new Error('The inspector refused.')), {
      once: true,
    })
    await promise
    return new Inspector(socket)
  }

  async call<Result extends object>(method: string, params: object = {}): Promise<Result> {
    this.#last += 1
    const answer = Promise.withResolvers<object>()
    this.#waiting.set(this.#last, answer)
    this.#socket.send(JSON.stringify({ id: this.#last, method, params }))
    // As the protocol says it for this method.
    return (await answer.promise) as Result
  }

  close(): void {
    this.#socket.close()
  }

  #receive(text: string): void {
    const { id, result = {}, error } = JSON.parse(text) as Message
    const answer = id === undefined ? undefined : this.#waiting.get(id)
    if (id !== undefined) this.#waiting.delete(id)
    if (error !== undefined) answer?.reject(new Error(error.message))
    else answer?.resolve(result)
  }
}
