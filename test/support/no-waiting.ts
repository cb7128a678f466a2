import { onTestFinished, vi } from 'vitest'

const SECOND_MS = 1000

/**
 * Until the test is over, whoever waits for just a second, as for KV's rate of writes, goes on at once. `passed` moves the
 * clock of the test.
 */
export function skipSeconds(passed: () => void = () => undefined): void {
  const { setTimeout: set } = globalThis
  const setting = vi.spyOn(globalThis, 'setTimeout').mockImplementation(((
    run: () => void,
    time: number,
  ) => {
    if (time !== SECOND_MS) return set(run, time)
    passed()
    return set(run, 0)
  }) as typeof setTimeout)
  onTestFinished(() => {
    setting.mockRestore()
  })
}
