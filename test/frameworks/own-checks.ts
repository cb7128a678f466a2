import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'

import { TestBrowser } from '../../src/testing.ts'
import { newUser, Visitor } from './race-table.ts'

/** What an application promises beside the table, by the name of its folder. */
export const OWN_CHECKS: Readonly<Record<string, (origin: string) => Promise<void>>> = {
  agents: knowsWhoConnects,

  astro: async (origin) => {
    await servesPrerendered(origin)
    const visitor = new Visitor(origin)
    const response = await visitor.post('/broken', {})
    const page = await response.text()
    assert.equal(response.status, 500)
    assert.match(page, /Something went wrong/)
    // The page for errors has the session of the request, and its cookie.
    assert.match(page, /Count: (?:<!--.*?-->)?1/)
    assert.deepEqual(await visitor.state(), { user: null, count: 1, a: null, b: null })
  },

  'static-assets': async (origin) => {
    const visitor = new Visitor(origin)
    const style = await visitor.browser.fetch('/style.css')
    assert.deepEqual([style.status, style.headers.get('Vary')], [200, null])
    const headers = { Accept: 'text/html' }
    for (const path of ['/account/', '/account/index.html', '/account/index', '/account']) {
      const page = await visitor.browser.fetch(path, { headers, redirect: 'follow' })
      assert.doesNotMatch(await page.text(), /Your account/, path)
    }
    await visitor.signIn(newUser())
    const page = await visitor.browser.fetch('/account/', { headers })
    assert.match(await page.text(), /Your account/)
    assert.equal(page.headers.get('Cache-Control'), 'private, no-store')
  },

  sveltekit: async (origin) => {
    await servesPrerendered(origin)
    const visitor = new Visitor(origin)
    // A later hook throws the redirect.
    const refused = await visitor.browser.fetch('/account', { headers: { Accept: 'text/html' } })
    assert.deepEqual([refused.status, refused.headers.get('Location')], [303, '/'])
    assert.match(await visitor.page('/'), /Please sign in/)
    await visitor.signIn(newUser())
    assert.match(await visitor.page('/account'), /Your account/)
  },
}

/** A page that is made by the build has no visitor. */
async function servesPrerendered(origin: string): Promise<void> {
  const visitor = new Visitor(origin)
  const page = await visitor.browser.fetch('/about', { redirect: 'follow' })
  assert.match(await page.text(), /made by the build/)
  assert.deepEqual(visitor.seen, [])
}

/** An agent knows who is connecting, and its connections end with their session. */
async function knowsWhoConnects(origin: string): Promise<void> {
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
