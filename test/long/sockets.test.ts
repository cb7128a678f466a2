import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request } from 'node:http'
import { after, before } from 'node:test'

import { describe, it } from '../node/suite.ts'
import { startWranglerDev, type WranglerDev } from '../node/wrangler-dev.ts'

/** A name that leads here, and another of the same site. */
const HOST = 'app.localhost'
const SIBLING = 'evil.app.localhost'

let dev: WranglerDev
before(async () => {
  // The Worker sees https://app.example, whatever the browser sees: http://app.localhost:8787.
  const objects = { SESSIONS: 'SessionObject', ROOMS: 'Room' }
  const options = ['--upstream-protocol', 'https']
  dev = await startWranglerDev('examples/sockets/worker.ts', objects, options)
})
after(() => dev.kill())

interface Answer {
  readonly status: number | undefined
  readonly body: string
  readonly cookie: string
}

/** Sends a request to the Worker as a browser at this host. */
async function send(
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body = '',
): Promise<Answer> {
  const sent = request({
    host: '127.0.0.1',
    port: dev.port,
    path,
    method,
    headers: { Host: `${HOST}:${dev.port}`, ...headers },
  })
  sent.end(body)
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  sent.on('error', reject)
  sent.on('upgrade', ({ statusCode }, socket) => {
    socket.destroy()
    resolve({ status: statusCode, body: '', cookie: '' })
  })
  sent.on('response', async (response) => {
    const text = Buffer.concat(await response.toArray()).toString()
    const [cookie = ''] = response.headers['set-cookie'] ?? []
    resolve({ status: response.statusCode, body: text, cookie: cookie.split(';')[0] ?? '' })
  })
  return promise
}

const originOf = (host: string): { Origin: string } => ({ Origin: `http://${host}:${dev.port}` })

/** Signs in, and returns the cookie. */
async function signIn(name: string): Promise<string> {
  const { status, cookie } = await send('POST', '/login', originOf(HOST), name)
  assert.equal(status, 200)
  return cookie
}

async function handshake(headers: Readonly<Record<string, string>>): Promise<Answer> {
  return send('GET', '/room', {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version': '13',
    ...headers,
  })
}

/** Node's WebSocket, which takes headers. */
const ClientSocket = WebSocket as unknown as new (
  url: string,
  options: { headers: Readonly<Record<string, string>> },
) => WebSocket

/** Opens a socket to the room. */
async function join(cookie: string): Promise<WebSocket> {
  const headers = { Cookie: cookie, Origin: `http://127.0.0.1:${dev.port}` }
  const socket = new ClientSocket(`ws://127.0.0.1:${dev.port}/room`, { headers })
  await once(socket, 'open')
  return socket
}

async function next(socket: WebSocket): Promise<unknown> {
  const [event] = (await once(socket, 'message')) as [MessageEvent]
  return event.data
}

async function closeCode(socket: WebSocket): Promise<number> {
  const [{ code }] = (await once(socket, 'close')) as [CloseEvent]
  return code
}

describe('under wrangler dev with a route,', () => {
  it('the own page opens a socket and sends a form, and a sibling’s does neither', async () => {
    const cookie = await signIn('ada')
    const own = { Cookie: cookie, ...originOf(HOST) }
    const sibling = { Cookie: cookie, ...originOf(SIBLING) }
    assert.equal((await handshake(own)).status, 101)
    for (const headers of [
      sibling,
      { ...own, Origin: 'null' },
      { ...own, ...originOf('localhost') },
    ]) {
      const { status, body } = await handshake(headers)
      assert.equal(status, 403)
      assert.match(body, /ERR_CROSS_ORIGIN/)
      assert.equal((await send('POST', '/logout', headers)).status, 403)
    }
    // A client that is not a browser, with the cookie and without.
    assert.equal((await handshake({ Cookie: cookie })).status, 101)
    assert.equal((await handshake({})).status, 401)
    assert.equal((await send('POST', '/logout', own)).status, 200)
  })
})

describe('a socket of the example', () => {
  it('says who sends a message, asking each time whether the session is still there', async () => {
    const cookie = await signIn('ada')
    const [ada, bob] = [await join(cookie), await join(await signIn('bob'))]
    const heard = next(bob)
    ada.send('hello')
    assert.equal(await heard, 'ada: hello')
    // A new sign-in ends the token that the socket was opened with, and no one is told.
    await send('POST', '/login', { Cookie: cookie, ...originOf(HOST) }, 'ada')
    const closed = closeCode(ada)
    ada.send('still here')
    assert.equal(await closed, 4401)
    bob.close()
  })

  it('is told of a sign-out, and says nothing more', async () => {
    const cookie = await signIn('ada')
    const [ada, bob] = [await join(cookie), await join(await signIn('bob'))]
    const said = next(ada)
    await send('POST', '/logout', { Cookie: cookie, ...originOf(HOST) })
    assert.equal(await said, 'ended')
    const heard = next(bob)
    ada.send('still here')
    bob.send('alone')
    assert.equal(await heard, 'bob: alone')
    bob.close()
  })
})
