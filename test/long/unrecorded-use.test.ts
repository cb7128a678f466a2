import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { Duplex } from 'node:stream'
import { after } from 'node:test'

import { createClient } from 'redis'

import { newRandomText, newUniqueText } from '../../src/codec/random.ts'
import type { CallContext, Credential, SessionStore } from '../../src/record/store.ts'
import {
  keepOpen,
  memcachedClient,
  memcachedStore,
  type TcpSocket,
} from '../../src/store/memcached.ts'
import { redisStore } from '../../src/store/redis.ts'
import { startMemcached, startRedis } from '../node/servers.ts'
import { describe, it } from '../node/suite.ts'

const START = Date.now()
const TOUCH = 3000

function at(now: number): CallContext {
  return { now: START + now, idle: 60_000, absolute: 600_000, touch: TOUCH }
}

async function newSession(store: SessionStore): Promise<Credential> {
  const credential = { handle: store.newHandle(), secret: newRandomText() }
  const creation = { id: newUniqueText(), set: [['=a', '1']] } as const
  assert.equal((await store.create(credential, at(0), creation)).ok, true)
  return credential
}

/** A read that is due for a touch is answered, with the last use on record, as often as it is asked. */
async function isReadUnrecorded(store: SessionStore, credential: Credential): Promise<void> {
  for (const now of [TOUCH, TOUCH + 1]) {
    const reply = await store.read(credential, at(now))
    assert.ok(reply.ok)
    assert.deepEqual([reply.entries, reply.usedAt], [{ '=a': '1' }, START])
  }
  const patch = { id: newUniqueText(), set: [['=a', '2']] } as const
  await assert.rejects(async () => store.write(credential, at(TOUCH), patch))
  // Its idle timeout runs on.
  assert.deepEqual(await store.read(credential, at(60_000)), { ok: false, gone: 'expired' })
}

async function isRecordedAgain(store: SessionStore, credential: Credential): Promise<void> {
  const reply = await store.read(credential, at(TOUCH + 2))
  assert.ok(reply.ok)
  assert.deepEqual([reply.entries, reply.usedAt], [{ '=a': '1' }, START + TOUCH + 2])
}

const redis = await startRedis()
const memcached = await startMemcached('-M', '-m', '2')
after(async () => {
  await Promise.all([memcached?.kill(), redis?.kill()])
})

if (redis === undefined) {
  it('redis', async (test) => test.skip('redis-server is not installed'))
} else {
  describe('a read from a Redis that takes no writes', () => {
    const modes: [name: string, on: string[], off: string[]][] = [
      ['out of memory', ['CONFIG', 'SET', 'maxmemory', '1'], ['CONFIG', 'SET', 'maxmemory', '0']],
      ['a read-only replica', ['REPLICAOF', '127.0.0.1', '1'], ['REPLICAOF', 'NO', 'ONE']],
      [
        'without its replicas',
        ['CONFIG', 'SET', 'min-replicas-to-write', '1'],
        ['CONFIG', 'SET', 'min-replicas-to-write', '0'],
      ],
    ]
    for (const [name, on, off] of modes) {
      it(`is answered, and the use is recorded later: ${name}`, async () => {
        const url = `redis://127.0.0.1:${redis.port}`
        const client = await createClient({ url }).connect()
        const store = redisStore(client)
        const credential = await newSession(store)
        await client.sendCommand(on)
        await isReadUnrecorded(store, credential)
        await client.sendCommand(off)
        await isRecordedAgain(store, credential)
        client.destroy()
      })
    }
  })
}

if (memcached === undefined) {
  it('memcached', async (test) => test.skip('memcached is not installed'))
} else {
  describe('a read from a memcached without memory (-M)', () => {
    it('is answered, and the use is recorded later', async () => {
      const client = async (): Promise<ReturnType<typeof memcachedClient>> => {
        const socket = connect(memcached.port, '127.0.0.1')
        await once(socket, 'connect')
        const { readable, writable } = Duplex.toWeb(socket)
        return memcachedClient({ readable, writable, close: () => socket.destroy() } as TcpSocket)
      }
      const kept = keepOpen({ open: client, close: (each) => each.close() })
      const store = memcachedStore(kept)
      const credential = await newSession(store)
      // Until memory is used up for items of this size.
      let isFull = false
      while (!isFull)
        isFull = await newSession(store).then(
          () => false,
          () => true,
        )
      await isReadUnrecorded(store, credential)
      await kept.end()
    })
  })
}
