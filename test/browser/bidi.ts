import assert from 'node:assert/strict'
import { once } from 'node:events'

type Fields = Record<string, unknown>

interface Message {
  readonly id?: number
  readonly type: 'success' | 'error' | 'event'
  readonly method?: string
  readonly params?: Fields
  readonly result?: Fields
  readonly error?: string
  readonly message?: string
}

/** A connection that speaks W3C WebDriver BiDi: commands, their results, and events. */
export class BidiConnection {
  /** Called with each event that was subscribed to. */
  onEvent: (method: string, params: Fields) => void = () => undefined
  readonly #socket: WebSocket
  readonly #waiting = new Map<number, (message: Message) => void>()
  #count = 0

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.addEventListener('message', ({ data }) => this.#receive(JSON.parse(String(data))))
    socket.addEventListener('close', () => {
      for (const answer of this.#waiting.values()) answer({ type: 'error', error: 'closed' })
    })
  }

  static async open(url: string): Promise<BidiConnection> {
    const socket = new WebSocket(url)
    const [event] = (await Promise.race([once(socket, 'open'), once(socket, 'error')])) as [Event]
    assert.equal(event.type, 'open', `${url} does not answer.`)
    return new BidiConnection(socket)
  }

  /** Sends a command and returns its result. Throws if the browser refuses it, with the error code of its answer. */
  async send<Result = Fields>(method: string, params: Fields = {}): Promise<Result> {
    this.#count += 1
    const id = this.#count
    const message = await new Promise<Message>((resolve) => {
      this.#waiting.set(id, resolve)
      this.#socket.send(JSON.stringify({ id, method, params }))
    })
    if (message.type === 'success') return message.result as Result
    throw new Error(`${method}: ${message.error ?? ''}: ${message.message ?? ''}`)
  }

  close(): void {
    this.#socket.close()
  }

  #receive(message: Message): void {
    if (message.type === 'event') return this.onEvent(message.method ?? '', message.params ?? {})
    const answer = this.#waiting.get(message.id ?? 0)
    this.#waiting.delete(message.id ?? 0)
    answer?.(message)
  }
}
