import { env } from 'cloudflare:workers'
import { describe, expect, test, vi } from 'vitest'

import { newRandomText } from '../../src/codec/random.ts'
import { kvStore } from '../../src/store/kv.ts'
import { Changes, changesIn } from '../../src/store/kv/just-read.ts'

describe('the changes that an isolate makes in a KV namespace', () => {
  test('are the same for every store over it', () => {
    expect(changesIn(env.SESSION_KV)).toBe(changesIn(env.SESSION_KV))
  })

  test('are seen while they are under way and after they have ended, by who read before', async () => {
    const changes = new Changes()
    const since = changes.count
    let end = (): void => undefined
    const change = new Promise<void>((resolve) => {
      end = resolve
    })
    expect(changes.isUnchanged('a', since)).toBe(true)
    const made = changes.make('a', () => change)
    expect([changes.isUnchanged('a', since), changes.isUnchanged('b', since)]).toEqual([
      false,
      true,
    ])
    end()
    await made
    expect(changes.isUnchanged('a', since)).toBe(false)
    expect(changes.isUnchanged('a', changes.count)).toBe(true)
  })

  test('are under way until the last of two has ended, also when one fails', async () => {
    const changes = new Changes()
    let end = (): void => undefined
    const slow = changes.make('a', () => new Promise((resolve) => (end = () => resolve())))
    const failed = changes.make('a', () => Promise.reject(new Error('KV is down')))
    await expect(failed).rejects.toThrow('KV is down')
    expect(changes.isUnchanged('a', changes.count)).toBe(false)
    end()
    await slow
    expect(changes.isUnchanged('a', changes.count)).toBe(true)
  })

  test('count as changes of every key once there are too many to remember', async () => {
    const changes = new Changes()
    await changes.make('a', () => Promise.resolve())
    const since = changes.count
    await changes.make('b', () => Promise.resolve())
    for (let each = 0; each < 1001; each += 1)
      await changes.make(`${each}`, () => Promise.resolve())
    expect(changes.isUnchanged('b', since)).toBe(false)
    expect(changes.isUnchanged('b', changes.count)).toBe(true)
  })
})

test('a write does not go by what its request has read before the session ended', async () => {
  // As in production, where the clock stands still between I/O.
  vi.useFakeTimers({ toFake: ['Date'] })
  try {
    const store = kvStore(env.SESSION_KV)
    const credential = { handle: store.newHandle(), secret: newRandomText() }
    const context = { now: Date.now(), idle: 600_000, absolute: 3_600_000, touch: 0 }
    await store.create(credential, context, { id: '1', set: [['=a', '1']] })
    const reading = { ...context, defer: () => undefined }
    expect(await store.read(credential, reading)).toMatchObject({ ok: true })
    await store.destroy(credential, context)
    const reply = await store.write(credential, reading, { id: '2', set: [['=a', '2']] })
    expect(reply).toMatchObject({ ok: false })
  } finally {
    vi.useRealTimers()
  }
})
