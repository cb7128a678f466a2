/** A TCP connection, such as one from `connect` of `cloudflare:sockets`. */
export interface TcpSocket {
  readonly readable: ReadableStream
  readonly writable: WritableStream
  close(): unknown
}

export interface MemcachedItem {
  readonly text: string
  /** The item's unique number, different after every change. */
  readonly cas: string
}

/**
 * The memcached commands that the store needs. Times are those of memcached's protocol: seconds up to 30 days, above
 * that seconds since 1970, and below 0 an item that expires at once. Every method rejects if memcached fails, or
 * refuses for a reason other than those below.
 */
export interface MemcachedClient {
  gets(key: string): Promise<MemcachedItem | undefined>
  /** Returns true if the item was stored, and false if it exists already. */
  add(key: string, text: string, expiresAt: number): Promise<boolean>
  /** Returns true if the item was stored, and false if it is gone or has changed since. */
  cas(key: string, text: string, expiresAt: number, cas: string): Promise<boolean>
}

/** A client with its own connection. */
export interface MemcachedConnection extends MemcachedClient {
  close(): void
}

const LF = 10
const encoder = new TextEncoder()
const decoder = new TextDecoder()

/**
 * Returns a memcached client over one connection, with the text protocol (memcached: doc/protocol.txt) and the three
 * commands that sessions need. Simultaneous calls wait for each other. After an error the connection cannot be used any
 * more.
 */
export function memcachedClient(socket: TcpSocket): MemcachedConnection {
  const writer = (socket.writable as WritableStream<Uint8Array>).getWriter()
  const reply = new ReplyReader((socket.readable as ReadableStream<Uint8Array>).getReader())
  let last: Promise<unknown> = Promise.resolve()

  /** Sends a command and reads its reply, after the replies of the earlier commands. */
  function call<T>(command: string, read: () => Promise<T>): Promise<T> {
    const calling = last.then(async () => {
      await writer.write(encoder.encode(command))
      return read()
    })
    last = calling
    // The caller of that command has the error, and so has every later call.
    calling.catch(() => undefined)
    return calling
  }

  function store(command: string, text: string, end: string): Promise<boolean> {
    const bytes = encoder.encode(text).length
    return call(`${command} ${bytes}${end}\r\n${text}\r\n`, async () => {
      const line = await reply.line()
      if (line === 'STORED') return true
      if (['NOT_STORED', 'EXISTS', 'NOT_FOUND'].includes(line)) return false
      throw unexpected(line)
    })
  }

  return {
    gets: (key) => call(`gets ${key}\r\n`, () => reply.item()),
    add: (key, text, expiresAt) => store(`add ${key} 0 ${expiresAt}`, text, ''),
    cas: (key, text, expiresAt, cas) => store(`cas ${key} 0 ${expiresAt}`, text, ` ${cas}`),
    // Ignored, because the connection is being given up.
    close: () => void (async () => socket.close())().catch(() => undefined),
  }
}

/** Reads memcached's replies, however they are split into chunks. */
class ReplyReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>
  /** The bytes received and not read yet. */
  #rest: Uint8Array = new Uint8Array()

  constructor(reader: ReadableStreamDefaultReader<Uint8Array>) {
    this.#reader = reader
  }

  /** Returns one line, without its line break. */
  async line(): Promise<string> {
    while (!this.#rest.includes(LF)) {
      // oxlint-disable-next-line no-await-in-loop
      this.#rest = joined(this.#rest, await this.#next())
    }
    const end = this.#rest.indexOf(LF)
    const text = decoder.decode(this.#rest.subarray(0, end - 1))
    this.#rest = this.#rest.subarray(end + 1)
    return text
  }

  /** Returns the reply to `gets` for one key. */
  async item(): Promise<MemcachedItem | undefined> {
    const line = await this.line()
    if (line === 'END') return undefined
    const [, length, cas] = /^VALUE \S+ \d+ (\d+) (\d+)$/.exec(line) ?? []
    if (cas === undefined) throw unexpected(line)
    const text = decoder.decode(await this.#bytes(Number(length)))
    await this.line()
    await this.line()
    return { text, cas }
  }

  async #bytes(length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length)
    let filled = 0
    while (filled < length) {
      // oxlint-disable-next-line no-await-in-loop
      if (this.#rest.length === 0) this.#rest = await this.#next()
      const part = this.#rest.subarray(0, length - filled)
      bytes.set(part, filled)
      filled += part.length
      this.#rest = this.#rest.subarray(part.length)
    }
    return bytes
  }

  async #next(): Promise<Uint8Array> {
    const { done, value } = await this.#reader.read()
    if (done) throw new Error('Memcached closed the connection.')
    return value
  }
}

/**
 * Returns the error for an unexpected reply. Only an error line is shown, since any other may contain a key or a value.
 */
function unexpected(line: string): Error {
  const isError = /^(?:CLIENT_|SERVER_)?ERROR\b/.test(line)
  return new Error(`Memcached answered: ${isError ? line : 'an unexpected line'}`)
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array {
  const both = new Uint8Array(one.length + other.length)
  both.set(one)
  both.set(other, one.length)
  return both
}
