// How long it takes until the sockets of a session are told of its end, in real workerd: `npm run bench:live`.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type IncomingMessage, request as httpRequest } from 'node:http'
import type { Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

import { newDirectory } from '../test/node/project.ts'
import { bundle, newServer, type Server } from '../test/node/workerd.ts'
import { Browser } from '../test/support/browser.ts'
import { takesNoArguments } from './command-line.mjs'

takesNoArguments('npm run bench:live')

const SESSIONS = 100
const SOCKETS_OF_EACH = 10
const SESSIONS_OF_A_USER = 10
/** The objects leave memory after 10 seconds without a request. */
const ASLEEP_MS = 13_000
const BUDGET_MS = 100

const WORKER = fileURLToPath(new URL('../test/support/live-worker.ts', import.meta.url))
const CLASSES = ['SessionObject', 'UserObject'] as const

/** A socket of which the frames are read as they come: a client library tells of a close only when the connection is over. */
interface RawSocket {
  /** When the `ended` message and the close frame came, by `performance.now()`; `NaN` before. */
  endedAt: number
  closedAt: number
  readonly closed: Promise<unknown>
  readonly stream: Socket
}

async function openSocket(server: Server, cookie: string, query: string): Promise<RawSocket> {
  const sent = httpRequest(`${server.origin}/live${query}`, {
    headers: {
      Cookie: cookie,
      Origin: server.origin,
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
      'Sec-WebSocket-Version': '13',
    },
  })
  sent.end()
  const [response, stream, head] = (await once(sent, 'upgrade')) as [
    IncomingMessage,
    Socket,
    Buffer,
  ]
  assert.equal(response.statusCode, 101)
  const { promise, resolve } = Promise.withResolvers<void>()
  const socket: RawSocket = { endedAt: Number.NaN, closedAt: Number.NaN, closed: promise, stream }
  let bytes = head
  stream.on('data', (more: Buffer) => {
    bytes = Buffer.concat([bytes, more])
    // RFC 6455 section 5.2: frames of a server have no mask, and these are short.
    while (bytes.length >= 2 && bytes.length >= 2 + (bytes[1] ?? 0)) {
      const payload = bytes.subarray(2, 2 + (bytes[1] ?? 0))
      const opcode = (bytes[0] ?? 0) & 0x0f
      if (opcode === 1 && payload.includes('"ended"')) socket.endedAt = performance.now()
      if (opcode === 8) {
        assert.equal(payload.readUInt16BE(), 4401)
        socket.closedAt = performance.now()
        resolve()
      }
      bytes = bytes.subarray(2 + payload.length)
    }
  })
  return socket
}

interface Visitor {
  readonly browser: Browser
  readonly user: string
  readonly sockets: readonly RawSocket[]
  /** When the session ends by its timeout, by `performance.now()`. */
  readonly expiresAt: number
}

async function newVisitors(server: Server, round: string, query = ''): Promise<Visitor[]> {
  const visitors: Visitor[] = []
  for (let each = 0; each < SESSIONS; each += 1) {
    const browser = new Browser((request) => fetch(request), server.origin)
    const user = `${round}-${Math.floor(each / SESSIONS_OF_A_USER)}`
    const path = `/sign-in?user=${user}${query.replace('?', '&')}`
    // oxlint-disable-next-line no-await-in-loop
    const endsAt = Number(await browser.json(path)) - performance.timeOrigin
    const cookie = [...browser.cookies].map((pair) => pair.join('=')).join('; ')
    // oxlint-disable-next-line no-await-in-loop
    const sockets = await Promise.all(
      Array.from({ length: SOCKETS_OF_EACH }, () => openSocket(server, cookie, query)),
    )
    visitors.push({ browser, user, sockets, expiresAt: endsAt })
  }
  return visitors
}

/** Prints the times from the end to the message, and to the close frame. Returns true if they are within the budget. */
function report(
  name: string,
  times: readonly (readonly [ended: number, closed: number])[],
): boolean {
  const [messages, closes] = [0, 1].map((place) => {
    const sorted = times
      .map((each) => each[place] ?? Number.NaN)
      .toSorted((one, other) => one - other)
    assert.ok(sorted.every((time) => Number.isFinite(time)))
    const at = (share: number): number => sorted[Math.ceil(sorted.length * share) - 1] ?? Number.NaN
    return [at(0.5), at(0.99), at(1)] as const
  })
  const text = (all: readonly number[] = []): string =>
    all.map((time) => time.toFixed(1)).join(' / ')
  process.stdout.write(
    `${name.padEnd(28)} ${String(times.length).padStart(5)} sockets  message ${text(messages)} ms  close ${text(closes)} ms\n`,
  )
  return [messages, closes].every((all) => (all?.[1] ?? Infinity) <= BUDGET_MS)
}

/** Ends sessions, some at a time, and returns the times from the request, or from the timeout. */
async function timesOf(
  groups: readonly (readonly Visitor[])[],
  end: (visitors: readonly Visitor[]) => Promise<number>,
): Promise<(readonly [number, number])[]> {
  const times: (readonly [number, number])[] = []
  for (const visitors of groups) {
    // oxlint-disable-next-line no-await-in-loop
    const start = await end(visitors)
    const sockets = visitors.flatMap((visitor) => visitor.sockets)
    // oxlint-disable-next-line no-await-in-loop
    await Promise.all(sockets.map(({ closed }) => closed))
    for (const { endedAt, closedAt, stream } of sockets) {
      times.push([endedAt - start, closedAt - start])
      stream.destroy()
    }
  }
  return times
}

async function signOut([visitor]: readonly Visitor[]): Promise<number> {
  const start = performance.now()
  await visitor?.browser.fetch('/sign-out')
  return start
}

const directory = await newDirectory()
await bundle(WORKER, directory, CLASSES)
const server = await newServer(directory, CLASSES)
await server.start()
process.stdout.write(
  'From the request that ends the session, or from its timeout: p50 / p99 / most.\n',
)

const verdicts: boolean[] = []
const one = (visitors: readonly Visitor[]): Visitor[][] => visitors.map((visitor) => [visitor])
verdicts.push(report('sign-out', await timesOf(one(await newVisitors(server, 'out')), signOut)))

const asleep = await newVisitors(server, 'asleep')
await wait(ASLEEP_MS)
verdicts.push(report('sign-out, objects asleep', await timesOf(one(asleep), signOut)))

async function revokeAll([visitor]: readonly Visitor[]): Promise<number> {
  const start = performance.now()
  await fetch(`${server.origin}/revoke-all?user=${visitor?.user}`)
  return start
}

const byUser = (visitors: readonly Visitor[]): Visitor[][] => [
  ...Map.groupBy(visitors, ({ user }) => user).values(),
]
const listed = await newVisitors(server, 'listed')
verdicts.push(report('revokeAll', await timesOf(byUser(listed), revokeAll)))
const dozing = await newVisitors(server, 'dozing')
await wait(ASLEEP_MS)
verdicts.push(report('revokeAll, objects asleep', await timesOf(byUser(dozing), revokeAll)))

const timed = await newVisitors(server, 'timed', '?idle=short')
verdicts.push(
  report(
    'timeout, objects asleep',
    await timesOf(one(timed), async ([visitor]) => visitor?.expiresAt ?? 0),
  ),
)

const kept = await newVisitors(server, 'kept')
for (const { browser } of kept) {
  // oxlint-disable-next-line no-await-in-loop
  await browser.fetch('/regenerate')
}
await wait(500)
const closed = kept.flatMap(({ sockets }) => sockets).filter(({ closedAt }) => closedAt > 0)
process.stdout.write(`regenerate closed ${closed.length} sockets\n`)
await server.kill()
process.exitCode = verdicts.every(Boolean) && closed.length === 0 ? 0 : 1
process.stdout.write(
  process.exitCode === 0 ? `p99 within ${BUDGET_MS} ms\n` : `OVER ${BUDGET_MS} ms\n`,
)
for (const { sockets } of kept) for (const { stream } of sockets) stream.destroy()
