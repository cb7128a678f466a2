// The load, in a process of its own: a closed loop over keep-alive connections, each sending when its answer is there.
import { connect, type Socket } from 'node:net'

/** One measurement: which requests to send, how many at a time, for how long. */
export interface Job {
  readonly port: number
  readonly path: string
  /** One Cookie header each; sent in turn. Empty for requests without one. */
  readonly cookies: readonly string[]
  readonly connections: number
  readonly milliseconds: number
  /** Stop after so many requests, however long they take. */
  readonly requests?: number
}

export interface Load {
  readonly requests: number
  readonly seconds: number
  readonly p50: number
  readonly p99: number
  readonly failed: number
  readonly setCookies: number
  /** The cookies that were set, as Cookie headers. */
  readonly cookies: readonly string[]
}

/** What a job's connections share. */
interface Tally {
  readonly latencies: number[]
  readonly cookies: string[]
  failed: number
  setCookies: number
  sent: number
}

process.on('message', (job: Job) => {
  void run(job).then((load) => process.send?.(load))
})

async function run(job: Job): Promise<Load> {
  const requests = requestsOf(job)
  const tally: Tally = { latencies: [], cookies: [], failed: 0, setCookies: 0, sent: 0 }
  const sockets = await Promise.all(Array.from({ length: job.connections }, () => open(job.port)))
  const start = performance.now()
  const isOver = (): boolean =>
    tally.sent >= (job.requests ?? Infinity) || performance.now() - start >= job.milliseconds
  await Promise.all(sockets.map((socket) => converse(socket, requests, tally, isOver)))
  const seconds = (performance.now() - start) / 1000
  const { failed, setCookies, cookies } = tally
  const sorted = tally.latencies.toSorted((one, other) => one - other)
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? 0
  return {
    requests: sorted.length,
    seconds,
    p50: at(0.5),
    p99: at(0.99),
    failed,
    setCookies,
    cookies,
  }
}

function requestsOf({ path, cookies }: Job): Buffer[] {
  const headers = cookies.length === 0 ? [''] : cookies.map((cookie) => `Cookie: ${cookie}\r\n`)
  return headers.map((header) =>
    // To the Worker it is https, as where it is deployed.
    Buffer.from(
      `GET ${path} HTTP/1.1\r\nHost: app.example\r\nX-Forwarded-Proto: https\r\n${header}\r\n`,
    ),
  )
}

/** Resolves with a connection, so that a short slice has no time of connecting in it. */
function open(port: number): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>()
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  socket.once('error', reject)
  socket.once('connect', () => resolve(socket))
  return promise
}

/** Sends one request after the other over one connection, until it is over. */
function converse(
  socket: Socket,
  requests: readonly Buffer[],
  tally: Tally,
  isOver: () => boolean,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let sentAt = 0
  let received = ''
  const send = (): void => {
    if (isOver()) {
      socket.destroy()
      resolve()
      return
    }
    const request = requests[tally.sent % requests.length]
    tally.sent += 1
    sentAt = performance.now()
    if (request !== undefined) socket.write(request)
  }
  socket.setEncoding('latin1')
  socket.on('error', reject)
  socket.on('data', (text: string) => {
    received += text
    const rest = afterResponse(received, tally, socket)
    if (rest === undefined) return
    received = rest
    tally.latencies.push(performance.now() - sentAt)
    send()
  })
  send()
  return promise
}

/** What follows a whole response, or `undefined` while it is not whole. */
function afterResponse(text: string, tally: Tally, socket: Socket): string | undefined {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const head = text.slice(0, end)
  const whole = wholeLength(text, end, head)
  if (Number.isNaN(whole)) {
    socket.destroy(new Error(`A response without a length: ${head}`))
    return undefined
  }
  if (text.length < whole) return undefined
  if (!head.startsWith('HTTP/1.1 200')) tally.failed += 1
  const cookies = Array.from(
    head.matchAll(/\r\nset-cookie: ([^;\r]+)/gi),
    ([, cookie = '']) => cookie,
  )
  tally.setCookies += cookies.length
  const isWanted = cookies.length > 0 && tally.cookies.length < MAX_COOKIES
  if (isWanted) tally.cookies.push(cookies.join('; '))
  return text.slice(whole)
}

/** Returns where a response ends: infinity while its last chunk is missing, NaN if it does not say. */
function wholeLength(text: string, end: number, head: string): number {
  if (/\r\ntransfer-encoding: chunked/i.test(head)) {
    // The pages that are loaded have no such lines in them.
    const last = text.indexOf(LAST_CHUNK, end + 2)
    return last < 0 ? Infinity : last + LAST_CHUNK.length
  }
  return end + 4 + Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? Number.NaN)
}

const LAST_CHUNK = '\r\n0\r\n\r\n'
const MAX_COOKIES = 100_000
