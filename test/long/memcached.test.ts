import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { Duplex } from 'node:stream'
import { after } from 'node:test'
import { fileURLToPath } from 'node:url'

import { newRandomText, newUniqueText } from '../../src/codec/random.ts'
import type { CallContext, Credential, SessionStore } from '../../src/record/store.ts'
import {
  keepOpen,
  memcachedClient,
  memcachedStore,
  type TcpSocket,
} from '../../src/store/memcached.ts'
import { newDirectory } from '../node/project.ts'
import { startMemcached } from '../node/servers.ts'
import { describe, it } from '../node/suite.ts'
import { bundle, newServer } from '../node/workerd.ts'
import { Browser } from '../support/browser.ts'

const WORKER = fileURLToPath(new URL('../support/engines-worker.ts', import.meta.url))
const CONTEXT: CallContext = { now: Date.now(), idle: 60_000, absolute: 60_000, touch: 3000 }
const memcached = await startMemcached('-m', '8')

/** A connection of Node's, in the form of a Worker's. */
async function socketOf(port: number): Promise<TcpSocket> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  const { readable, writable } = Duplex.toWeb(socket)
  // The same streams, by the names that a Worker's types have for them.
  return { readable, writable, close: () => socket.destroy() } as TcpSocket
}

async function newSession(store: SessionStore, text: string): Promise<Credential> {
  const credential = { handle: store.newHandle(), secret: newRandomText() }
  const creation = { id: newUniqueText(), set: [['=a', text]] } as const
  assert.equal((await store.create(credential, CONTEXT, creation)).ok, true)
  return credential
}

if (memcached === undefined) {
  it('memcached', async (test) => test.skip('memcached is not installed'))
} else {
  const { port } = memcached
  const connection = (): ReturnType<typeof keepOpen<ReturnType<typeof memcachedClient>>> =>
    keepOpen({
      open: async () => memcachedClient(await socketOf(port)),
      close: (client) => client.close(),
    })

  describe('a client that stays connected, in Node,', () => {
    it('counts each of 20 increments at the same time, by two processes', async () => {
      const connections = [connection(), connection()] as const
      const store = memcachedStore(connections[0])
      const other = memcachedStore(connections[1])
      const credential = await newSession(store, '"123"')
      const increments = Array.from({ length: 20 }, async (_, index) =>
        (index % 2 === 0 ? store : other).write(credential, CONTEXT, {
          id: newUniqueText(),
          increment: [['=n', 1]],
        }),
      )
      await Promise.all(increments)
      const read = await store.read(credential, CONTEXT)
      assert.deepEqual(read.ok && read.entries, { '=a': '"123"', '=n': '20' })
      await Promise.all(connections.map((each) => each.end()))
    })

    it('finds a session over that memcached has evicted, and makes nothing of it', async () => {
      const kept = connection()
      const store = memcachedStore(kept)
      const first = await newSession(store, 'x'.repeat(100_000))
      const before = await store.read(first, CONTEXT)
      assert.equal(before.ok, true)
      // Five times the memory that it has.
      for (let made = 0; made < 400; made += 1) await newSession(store, 'x'.repeat(100_000))
      const ended = { ok: false, gone: 'ended' }
      assert.deepEqual(await store.read(first, CONTEXT), ended)
      const patch = { id: newUniqueText(), set: [['=a', '1']] } as const
      assert.deepEqual(await store.write(first, CONTEXT, patch), ended)
      assert.deepEqual(await store.read(first, CONTEXT), ended)
      await kept.end()
    })
  })

  describe('a Worker of its own, in workerd,', async () => {
    const directory = await newDirectory()
    await bundle(WORKER, directory, [])
    const server = await newServer(directory, [], { MEMCACHED_ADDRESS: `127.0.0.1:${port}` })
    await server.start()
    after(() => server.kill())
    const visitor = (): Browser => new Browser((request) => fetch(request), server.origin)

    it('counts each of 20 visits at the same time', async () => {
      const browser = visitor()
      assert.deepEqual(await browser.json('/memcached'), { visits: 1 })
      await Promise.all(Array.from({ length: 20 }, () => browser.fetch('/memcached')))
      assert.deepEqual(await browser.json('/memcached'), { visits: 22 })
    })

    it('answers 503 while memcached hangs, and goes on afterwards', async () => {
      const browser = visitor()
      await browser.fetch('/memcached')
      memcached.signal('SIGSTOP')
      const response = await browser.fetch('/memcached')
      memcached.signal('SIGCONT')
      assert.equal(response.status, 503)
      assert.deepEqual(response.headers.getSetCookie(), [])
      // Whether the operation took effect is unknown, and both are right.
      const { visits } = await browser.json<{ visits: number }>('/memcached')
      assert.ok(visits === 2 || visits === 3)
    })

    it('answers 503 when memcached is gone', async () => {
      const browser = visitor()
      await browser.fetch('/memcached')
      await memcached.kill()
      const response = await browser.fetch('/memcached')
      assert.equal(response.status, 503)
      assert.notEqual(response.headers.get('Retry-After'), null)
      assert.equal(browser.cookies.size, 1)
    })
  })
}
