import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before } from 'node:test'

import { describe, it } from './suite.ts'
import { startWranglerDev, type WranglerDev } from './wrangler-dev.ts'

let dev: WranglerDev
before(async () => {
  // The Worker sees https://app.example, whatever the browser sees.
  const objects = { SESSIONS: 'SessionObject', ROOMS: 'Room' }
  const options = ['--upstream-protocol', 'https']
  dev = await startWranglerDev('examples/live/worker.ts', objects, options)
})
after(() => dev.kill())

const originOf = (): string => `http://127.0.0.1:${dev.port}`

async function post(path: string, cookie: string, body = ''): Promise<Response> {
  const headers = { Cookie: cookie, Origin: originOf() }
  const response = await fetch(originOf() + path, { method: 'POST', headers, body })
  assert.equal(response.status, 200)
  return response
}

async function signIn(): Promise<string> {
  const response = await post('/login', '', 'ada')
  return response.headers.getSetCookie()[0]?.split(';')[0] ?? ''
}

/** Node's WebSocket, which takes headers. */
const ClientSocket = WebSocket as unknown as new (
  url: string,
  options: { headers: Readonly<Record<string, string>> },
) => WebSocket

async function join(path: string, cookie: string): Promise<WebSocket> {
  const headers = { Cookie: cookie, Origin: originOf() }
  const socket = new ClientSocket(originOf().replace('http', 'ws') + path, { headers })
  await once(socket, 'open')
  return socket
}

async function next(socket: WebSocket): Promise<string> {
  const [event] = (await once(socket, 'message')) as [MessageEvent]
  return String(event.data)
}

describe('the example with sockets, under wrangler dev,', () => {
  it('tells the session’s sockets and the room of a sign-out', async () => {
    const cookie = await signIn()
    const [page, room] = [await join('/live', cookie), await join('/room', cookie)]
    const changed = next(page)
    await post('/theme', cookie, 'dark')
    assert.deepEqual(JSON.parse(await changed), {
      type: 'changed',
      keys: ['theme'],
      revision: 1,
      values: { theme: 'dark' },
    })
    const heard = [next(page), next(room)]
    await post('/logout', cookie)
    const [ended = '', left] = await Promise.all(heard)
    assert.deepEqual(JSON.parse(ended), { type: 'ended', reason: 'destroyed' })
    assert.equal(left, 'ended: destroyed')
  })

  it('opens neither without a session', async () => {
    for (const path of ['/live', '/room']) {
      const headers = { Accept: 'text/event-stream' }
      assert.equal((await fetch(originOf() + path, { headers })).status, 401)
    }
  })

  it('says that a class without sockets has none', async () => {
    const main = 'test/support/plain-live-worker.ts'
    const options = ['--upstream-protocol', 'https']
    const other = await startWranglerDev(main, { SESSIONS: 'SessionObject' }, options)
    try {
      const origin = `http://127.0.0.1:${other.port}`
      const first = await fetch(`${origin}/set`)
      const cookie = first.headers.getSetCookie()[0]?.split(';')[0] ?? ''
      for (const path of ['/live', '/watch']) {
        const headers = { Cookie: cookie, Accept: 'text/event-stream' }
        const text = await (await fetch(origin + path, { headers })).text()
        assert.match(text, /ERR_BINDING: Export class SessionObject extends/)
      }
    } finally {
      other.kill()
    }
  })
})
