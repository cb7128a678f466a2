import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'

import { durableObjectStore } from '../../src/store/durable-object.ts'
import { momentAt, newSession, setting } from './contract.ts'

// An object that was reset. Simulated: workerd here resets none at the right moment.
test.for([
  [{ durableObjectReset: true }, true],
  [{ retryable: true }, true],
  [{ overloaded: true }, false],
  [{}, false],
] as const)(
  'a read that fails with %j is made again: %s; a write is not',
  async ([marks, isAgain]) => {
    const calls: string[] = []
    let failures = 0
    const { SESSIONS } = env
    const store = durableObjectStore({
      newUniqueId: () => SESSIONS.newUniqueId(),
      idFromString: (id: string) => SESSIONS.idFromString(id),
      get: (id: DurableObjectId) => ({
        call: async (request: string, version: number) => {
          calls.push(String((JSON.parse(request) as unknown[])[0]))
          if (failures > 0) {
            failures -= 1
            throw Object.assign(new Error('a failed call'), marks)
          }
          return SESSIONS.get(id).call(request, version)
        },
      }),
    })
    const credential = await newSession(store, { '=a': '1' })
    calls.length = 0
    failures = 1
    const read = async (): Promise<boolean> => (await store.read(credential, momentAt(0))).ok
    const outcome = await read().catch(String)
    expect(outcome).toBe(isAgain ? true : 'Error: a failed call')
    expect(calls).toEqual(isAgain ? ['read', 'read'] : ['read'])
    failures = 1
    const writing = store.write(credential, momentAt(0), setting({ '=a': '2' }))
    await expect(writing).rejects.toThrow('a failed call')
    failures = 0
    expect(await store.read(credential, momentAt(0))).toMatchObject({ entries: { '=a': '1' } })
  },
)
