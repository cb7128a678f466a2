import assert from 'node:assert/strict'
import { after } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

import { Redis as IoRedis } from 'ioredis'
import { createClient } from 'redis'

import { newRandomText, newUniqueText } from '../../src/codec/random.ts'
import type { SessionStore } from '../../src/record/store.ts'
import { redisStore } from '../../src/store/redis.ts'
import { newDirectory } from '../node/project.ts'
import { startRedis } from '../node/servers.ts'
import { describe, it } from '../node/suite.ts'
import { startUpstashBridge, UPSTASH_TOKEN } from '../node/upstash-bridge.ts'
import { bundle, newServer } from '../node/workerd.ts'
import { Browser } from '../support/browser.ts'

const WORKER = fileURLToPath(new URL('../support/engines-worker.ts', import.meta.url))
const redis = await startRedis()

/** Twenty increments at the same time, by two stores with a client each, as two processes would have. */
async function countWith(stores: readonly [SessionStore, SessionStore]): Promise<unknown> {
  const [store, other] = stores
  const credential = { handle: store.newHandle(), secret: newRandomText() }
  const moment = { now: Date.now(), idle: 60_000, absolute: 60_000, touch: 3000 }
  const creation = { id: newUniqueText(), set: [['=a', '"123"']] } as const
  assert.equal((await store.create(credential, moment, creation)).ok, true)
  await Promise.all(
    Array.from({ length: 20 }, async (_, index) =>
      (index % 2 === 0 ? store : other).write(credential, moment, {
        id: newUniqueText(),
        increment: [['=n', 1]],
      }),
    ),
  )
  const read = await store.read(credential, moment)
  return read.ok ? read.entries : read
}

if (redis === undefined) {
  it('redis', async (test) => test.skip('redis-server is not installed'))
} else {
  const url = `redis://127.0.0.1:${redis.port}`

  describe('a client that stays connected, in Node,', () => {
    it('serves many calls at the same time: node-redis', async () => {
      const clients = await Promise.all([
        createClient({ url }).connect(),
        createClient({ url }).connect(),
      ])
      const [one, other] = clients
      assert.deepEqual(await countWith([redisStore(one), redisStore(other)]), {
        '=a': '"123"',
        '=n': '20',
      })
      for (const client of clients) client.destroy()
    })

    it('serves many calls at the same time: ioredis', async () => {
      const clients = [new IoRedis(url), new IoRedis(url)] as const
      const [one, other] = clients
      assert.deepEqual(await countWith([redisStore(one), redisStore(other)]), {
        '=a': '"123"',
        '=n': '20',
      })
      for (const client of clients) client.disconnect()
    })
  })

  describe('a Worker of its own, in workerd,', async () => {
    const bridge = await startUpstashBridge(redis.port)
    const directory = await newDirectory()
    await bundle(WORKER, directory, [])
    const server = await newServer(directory, [], {
      REDIS_URL: url,
      UPSTASH_URL: `http://127.0.0.1:${bridge.port}`,
      UPSTASH_TOKEN,
    })
    await server.start()
    const control = await createClient({ url }).connect()
    after(async () => {
      control.destroy()
      await server.kill()
      await bridge.close()
    })

    const visitor = (): Browser => new Browser((request) => fetch(request), server.origin)

    /** How many connections Redis has accepted so far. */
    async function connections(): Promise<number> {
      const [, count] = /total_connections_received:(\d+)/.exec(await control.info('stats')) ?? []
      return Number(count)
    }

    for (const [name, first] of [
      ['redis', 1],
      ['redis-request', 0],
      ['upstash', 1],
      ['ioredis', 1],
    ] as const) {
      it(`counts each of 20 visits at the same time: ${name}`, async () => {
        const browser = visitor()
        assert.deepEqual(await browser.json(`/${name}`), { visits: first })
        if (name === 'redis-request') return
        const responses = await Promise.all(
          Array.from({ length: 20 }, () => browser.fetch(`/${name}`)),
        )
        const answered = responses.filter(({ ok }) => ok).length
        // On a busy machine a call may take too long: then it may count or not.
        assert.ok(answered > 0)
        const { visits } = await browser.json<{ visits: number }>(`/${name}`)
        assert.ok(visits >= answered + 2 && visits <= 22, `${visits} of ${answered}`)
      })
    }

    it('opens a connection for each call, or one for a request that makes two', async () => {
      const browser = visitor()
      await browser.fetch('/redis')
      const before = await connections()
      await browser.fetch('/redis')
      assert.equal((await connections()) - before, 1)
      // A dictionary that is read, then written.
      const other = visitor()
      await other.fetch('/redis-request')
      const beforeOther = await connections()
      assert.deepEqual(await other.json('/redis-request'), { visits: 1 })
      assert.equal((await connections()) - beforeOther, 1)
    })

    it('leaves no connection open', async () => {
      await visitor().fetch('/redis')
      await visitor().fetch('/redis-request')
      await visitor().fetch('/ioredis')
      // This test's own, and the bridge's. A closed one is gone a little later.
      const areClosed = async (): Promise<boolean> =>
        /connected_clients:2\r/.test(await control.info('clients'))
      let tries = 1000
      while (!(await areClosed()) && (tries -= 1) > 0) await wait(20)
      assert.ok(tries > 0)
    })

    it('answers 503 while Redis hangs, and goes on afterwards', async () => {
      const browser = visitor()
      assert.deepEqual(await browser.json('/ioredis'), { visits: 1 })
      redis.signal('SIGSTOP')
      const response = await browser.fetch('/hurried')
      redis.signal('SIGCONT')
      assert.equal(response.status, 503)
      assert.match(response.headers.get('Content-Type') ?? '', /problem/)
      assert.deepEqual(response.headers.getSetCookie(), [])
      // Whether the operation took effect is unknown, and both are right.
      const { visits } = await browser.json<{ visits: number }>('/ioredis')
      assert.ok(visits === 2 || visits === 3)
    })

    it('answers 503 when Redis is gone', async () => {
      const browsers = new Map<string, Browser>()
      for (const name of ['redis', 'redis-request', 'upstash', 'ioredis']) {
        const browser = visitor()
        await browser.fetch(`/${name}`)
        browsers.set(name, browser)
      }
      control.destroy()
      await redis.kill()
      for (const [name, browser] of browsers) {
        const response = await browser.fetch(`/${name}`)
        assert.equal(response.status, 503, name)
        assert.equal(response.headers.get('Retry-After') !== null, true)
        assert.equal(browser.cookies.size, 1)
      }
    })
  })
}
