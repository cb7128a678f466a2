import { expect, test } from 'vitest'

import { SessionError } from '../../src/errors.ts'
import type { Engine, Held } from '../../src/store/server/engine.ts'
import { swapStore } from '../../src/store/server/swap-store.ts'
import { momentAt, newPatch, newSession, setting } from './contract.ts'

/** A server that holds one session at most, and is so busy that it refuses the next swaps. */
function busyEngine(): { engine: Engine; refusals: number; swaps: number } {
  let held: Held = { version: undefined, state: undefined }
  const busy = {
    refusals: 0,
    swaps: 0,
    engine: {
      load: async () => held,
      async swap(_handle: string, _held: Held, { state }: { state: Held['state'] }) {
        busy.swaps += 1
        if (busy.refusals > 0) {
          busy.refusals -= 1
          return { isDone: false, held }
        }
        held = { version: String(busy.swaps), state }
        return { isDone: true, held }
      },
    } as Engine,
  }
  return busy
}

test('tries again where others were quicker, at least 32 times', async () => {
  const busy = busyEngine()
  const store = swapStore('busy', (work) => work(busy.engine))
  const credential = await newSession(store)
  busy.refusals = 100
  const patch = newPatch({ increment: [['=n', 1]] })
  expect(await store.write(credential, momentAt(0), patch)).toMatchObject({ counts: [1] })
})

test('gives up in the end, and says that nothing was saved', async () => {
  const busy = busyEngine()
  const store = swapStore('busy', (work) => work(busy.engine))
  const credential = await newSession(store, { '=a': '1' })
  busy.refusals = Infinity
  busy.swaps = 0
  const writing = store.write(credential, momentAt(0), setting({ '=a': '2' }))
  const error = await Promise.resolve(writing).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(SessionError)
  expect(String(error)).toBe(
    'SessionError: ERR_CONFLICT: Other requests changed the session during each of 128 tries of the busy store. Nothing was saved.',
  )
  expect(busy.swaps).toBe(128)
  busy.refusals = 0
  expect(await store.read(credential, momentAt(0))).toMatchObject({ entries: { '=a': '1' } })
})
