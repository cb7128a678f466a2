import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect, test, vi } from 'vitest'

import type { Credential } from '../../src/record/store.ts'
import { durableObjectStore } from '../../src/store/durable-object.ts'
import { entriesOf, momentAt, newSession, setting } from './contract.ts'

const store = durableObjectStore(env.SESSIONS)

function stubOf({ handle }: Credential): DurableObjectStub {
  return env.SESSIONS.get(env.SESSIONS.idFromString(store.idOf(handle)))
}

// Simulated: workerd here is never full, and resets an object itself that writes a row too long.
test('of a write whose last row is refused, no row is stored', async () => {
  const [before, after] = ['x', 'y'].map((letter) => `"${letter.repeat(3000)}"`)
  const credential = await newSession(store, { '=large': before ?? '', '=small': '1' })
  await runInDurableObject(stubOf(credential), (_object, { storage }) => {
    const put = storage.kv.put.bind(storage.kv)
    vi.spyOn(storage.kv, 'put').mockImplementation((name: string, value: unknown) => {
      if (name === '$') throw new Error('database or disk is full: SQLITE_FULL')
      put(name, value)
    })
  })
  const changes = setting({ '=large': after ?? '', '=small': '2' })
  await expect(store.write(credential, momentAt(0), changes)).rejects.toThrow('SQLITE_FULL')
  const unchanged = { '=large': before, '=small': '1' }
  expect(await entriesOf(store, credential)).toEqual(unchanged)
  await evictDurableObject(stubOf(credential))
  expect(await entriesOf(store, credential)).toEqual(unchanged)
})
