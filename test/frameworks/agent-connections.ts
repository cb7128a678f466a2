import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'

import { TestBrowser } from '../../src/testing.ts'

/** An agent knows who is connecting, and its connections end with their session. */
export async function knowsWhoConnects(origin: string): Promise<void> {
  const browser = new TestBrowser(fetch, { origin })
  const user = `user-${randomUUID()}`
  await browser.fetch('/sign-in', { method: 'POST', body: new URLSearchParams({ user }) })
  const cookie = `__Host-session=${browser.cookies.get('__Host-session')}`
  assert.equal(await connected(origin, { Origin: origin }), undefined, 'A visitor connected.')
  const other = { Origin: 'https://other.example', Cookie: cookie }
  assert.equal(await connected(origin, other), undefined, 'Another origin connected.')

  // A page cannot say who it is.
  const headers = { Origin: origin, Cookie: cookie, 'X-User': 'somebody-else' }
  const connection = await connected(origin, headers)
  assert.ok(connection !== undefined, 'The user did not connect.')
  await connection.said(`hello ${user}`)
  connection.socket.send('good morning')
  await connection.said(`${user}: good morning`)
  await browser.fetch('/sign-out', { method: 'POST' })
  const { code, reason } = await connection.closed
  assert.deepEqual({ code, reason }, { code: 4401, reason: 'destroyed' })
}

interface Connection {
  readonly socket: WebSocket
  /** Waits until the application has sent this text. */
  readonly said: (text: string) => Promise<void>
  readonly closed: Promise<CloseEvent>
}

/** Returns the open connection, or `undefined` if the handshake is refused. */
async function connected(
  origin: string,
  headers: Record<string, string>,
): Promise<Connection | undefined> {
  const url = `${origin.replace('http', 'ws')}/agents/room/${randomUUID()}`
  // Node's own, which takes headers.
  const socket = new WebSocket(url, { headers } as never)
  const messages: unknown[] = []
  socket.addEventListener('message', ({ data }) => messages.push(data))
  const closed = new Promise<CloseEvent>((resolve) => {
    socket.addEventListener('close', resolve)
  })
  const isOpen = await new Promise((resolve) => {
    socket.addEventListener('open', () => resolve(true))
    socket.addEventListener('error', () => resolve(false))
  })
  if (isOpen !== true) return undefined
  const said = async (text: string): Promise<void> => {
    // oxlint-disable-next-line no-await-in-loop
    while (!messages.includes(text)) await once(socket, 'message')
  }
  return { socket, said, closed }
}
