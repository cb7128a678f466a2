import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { after } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'

import { Redis as IoRedis } from 'ioredis'
import { createClient } from 'redis'

import { createSessions, type SessionEvent, type SessionStore } from '../../src/index.ts'
import { memcachedClient, memcachedStore, type TcpSocket } from '../../src/store/memcached.ts'
import { type Connector, keepOpen, redisStore } from '../../src/store/redis.ts'
import { type RunningServer, startMemcached, startRedis } from '../node/servers.ts'
import { describe, it } from '../node/suite.ts'
import { Browser } from '../support/browser.ts'

/** Seconds. Well above what an answer takes here, so that only a stopped server exceeds it. */
const STORE_TIMEOUT = 1
const CTX = { waitUntil: () => undefined, passThroughOnException: () => undefined }

async function socketOf(port: number): Promise<TcpSocket> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  const { readable, writable } = Duplex.toWeb(socket)
  return { readable, writable, close: () => socket.destroy() } as TcpSocket
}

/** Counts the clients that are open. */
function counted<Client extends object>(
  connector: Connector<Client>,
): Connector<Client> & { readonly live: Set<Client> } {
  const live = new Set<Client>()
  return {
    live,
    open: async (signal) => {
      const client = await connector.open(signal)
      live.add(client)
      return client
    },
    close: (client, hasFailed) => {
      assert.ok(live.delete(client), 'a client is closed once')
      return connector.close(client, hasFailed)
    },
  }
}

type Kind = readonly [
  name: string,
  server: RunningServer,
  connector: (port: number) => Connector<object>,
  store: (client: object) => SessionStore,
]

const memcached = await startMemcached()
const redis = await startRedis()
const kinds: Kind[] = [
  ...(memcached === undefined
    ? []
    : [
        [
          'memcached',
          memcached,
          (port) => ({
            open: async () => memcachedClient(await socketOf(port)),
            close: (client) => (client as ReturnType<typeof memcachedClient>).close(),
          }),
          (client) => memcachedStore(client as Connector<ReturnType<typeof memcachedClient>>),
        ] satisfies Kind,
      ]),
  ...(redis === undefined
    ? []
    : [
        [
          'node-redis',
          redis,
          (port) => ({
            open: () =>
              createClient({ url: `redis://127.0.0.1:${port}` })
                .on('error', () => undefined)
                .connect(),
            close: (client) => (client as ReturnType<typeof createClient>).destroy(),
          }),
          (client) => redisStore(client as Connector<ReturnType<typeof createClient>>),
        ] satisfies Kind,
        [
          'ioredis',
          redis,
          (port) => ({
            open: () => new IoRedis(port, '127.0.0.1').on('error', () => undefined),
            close: (client) => (client as IoRedis).disconnect(),
          }),
          (client) => redisStore(client as Connector<IoRedis>),
        ] satisfies Kind,
      ]),
]

after(async () => {
  await Promise.all([memcached?.kill(), redis?.kill()])
})

if (kinds.length === 0) it('servers', async (test) => test.skip('none is installed'))

for (const [name, server, connectorTo, storeOver] of kinds) {
  for (const isKept of [true, false]) {
    const what = isKept ? 'a connection that is kept open' : 'a connection for each call'
    describe(`${name}, ${what},`, () => {
      it('that never answers is given up, and the next call has another one', async () => {
        const connector = counted(connectorTo(server.port))
        const connection = keepOpen(connector)
        const events: SessionEvent[] = []
        const { withSession } = createSessions({
          secrets: ['only-for-tests-only-for-tests-only-for-tests'],
          store: storeOver(isKept ? connection : connector),
          storeTimeout: STORE_TIMEOUT,
          onEvent: (event) => void events.push(event),
        })
        const visits = withSession(async ({ session }) => {
          const before = Number((await session.get('visits')) ?? 0)
          session.set('visits', before + 1)
          return before + 1
        })
        const browser = new Browser((request) => visits(request, {}, CTX), 'https://example.com')
        assert.equal(await browser.json('/'), 1)
        server.signal('SIGSTOP')
        try {
          const during = await Promise.all([browser.fetch('/'), browser.fetch('/')])
          assert.deepEqual(
            during.map(({ status }) => status),
            [503, 503],
          )
        } finally {
          server.signal('SIGCONT')
        }
        const reasons = events.flatMap((event) =>
          event.type === 'store-failed' ? [event.reason] : [],
        )
        assert.ok(reasons.includes('timeout'), String(reasons))
        // Not one of them is left behind. One that was still being opened is closed when it is open.
        while (connector.live.size > 0) await wait(5)
        const response = await browser.fetch('/')
        assert.equal(response.status, 200)
        assert.equal(connector.live.size, isKept ? 1 : 0)
        await connection.end()
        assert.equal(connector.live.size, 0)
      })
    })
  }
}

if (redis !== undefined) {
  describe('a client of node-redis that stays connected', () => {
    it('does not send a write that was given up while it had no connection', async () => {
      const sockets = new Set<Socket>()
      /** A way to Redis that can be cut. */
      const way = createServer((socket) => {
        sockets.add(socket)
        const there = connect(redis.port, '127.0.0.1')
        socket.on('error', () => undefined).on('close', () => there.destroy())
        there.on('error', () => undefined).on('close', () => socket.destroy())
        socket.pipe(there).pipe(socket)
      }).listen(0, '127.0.0.1')
      await once(way, 'listening')
      const { port } = way.address() as AddressInfo
      const socket = { port, host: '127.0.0.1', reconnectStrategy: 5 }
      const client = createClient({ socket, database: 7 }).on('error', () => undefined)
      await client.connect()
      const { withSession } = createSessions({
        secrets: ['only-for-tests-only-for-tests-only-for-tests'],
        store: redisStore(client),
        storeTimeout: 0.2,
      })
      way.close()
      for (const each of sockets) each.destroy()
      while (client.isReady) await wait(5)
      const set = withSession(({ session }) => {
        session.set('a', 1)
        return 'ok'
      })
      const response = await set(new Request('https://example.com/'), {}, CTX)
      assert.equal(response.status, 503)
      way.listen(port, '127.0.0.1')
      while (!client.isReady) await wait(5)
      assert.equal(await client.sendCommand(['DBSIZE']), 0)
      client.destroy()
      way.close()
      for (const each of sockets) each.destroy()
    })
  })
}
