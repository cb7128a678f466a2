import { describe, expect, test, vi } from 'vitest'

import { withinTime } from '../../src/store/within-time.ts'

const never = new Promise<never>(() => undefined)

describe('a time limit', () => {
  test('gives what comes in time, and its error as it is', async () => {
    const answer = Promise.withResolvers<string>()
    const inTime = withinTime(5000, answer.promise)
    answer.resolve('in time')
    expect(await inTime).toBe('in time')
    const failure = Promise.withResolvers<string>()
    const failed = withinTime(5000, failure.promise)
    failure.reject(new TypeError('its own'))
    await expect(failed).rejects.toThrow(new TypeError('its own'))
  })

  test('waits no longer, and says how long it has waited', async () => {
    await expect(withinTime(10, never)).rejects.toThrow('no answer within 10 ms')
  })

  test('leaves no timer behind, and sets none for a time that timers do not have', async () => {
    const set = vi.spyOn(globalThis, 'setTimeout')
    const clear = vi.spyOn(globalThis, 'clearTimeout')
    expect(await withinTime(2 ** 31, Promise.resolve('late'))).toBe('late')
    const before = set.mock.calls.length
    expect(await withinTime(60_000, Promise.resolve('in time'))).toBe('in time')
    const calls = [before, set.mock.calls.length, clear.mock.calls.length]
    vi.restoreAllMocks()
    expect(calls).toEqual([0, 1, 1])
  })
})
