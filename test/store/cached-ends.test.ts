import { expect, test } from 'vitest'

import type { Credential } from '../../src/record/store.ts'
import { cached } from '../../src/store/cached.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { momentAt, newCredential, setting } from './contract.ts'

const OPTIONS = { maxAgeSeconds: 20 }
const GRACE = 30_000

/** A session that this isolate has given another secret; the copy is the new one's. */
async function renewed(): Promise<{
  elsewhere: ReturnType<typeof memoryStore>
  here: ReturnType<typeof memoryStore>
  former: Credential
  present: Credential
}> {
  const elsewhere = memoryStore()
  const here = cached(elsewhere, OPTIONS)
  const former = { ...newCredential(here), bookmark: 0 }
  const { secret } = newCredential(here)
  await here.create(former, momentAt(0), setting({ '=a': '1' }))
  await here.regenerate(former, momentAt(0), { secret, grace: GRACE })
  const present = { ...former, secret }
  expect(await here.read(present, momentAt(1))).toMatchObject({ ok: true, isCopy: true })
  return { elsewhere, here, former, present }
}

test('what ends with the former token ends the copy of the present one', async () => {
  const { here, former, present } = await renewed()
  expect(await here.destroy(former, momentAt(1))).toMatchObject({ ok: true })
  expect(await here.read(present, momentAt(2))).toMatchObject({ ok: false, gone: 'ended' })
})

test('an end elsewhere that the former token learns of ends the copy of the present one', async () => {
  const { elsewhere, here, former, present } = await renewed()
  await elsewhere.destroy(present, momentAt(1))
  expect(await here.read(former, momentAt(2))).toMatchObject({ ok: false, gone: 'ended' })
  expect(await here.read(present, momentAt(2))).toMatchObject({ ok: false, gone: 'ended' })
})

test('a former token that is refused leaves the copy of the present one', async () => {
  const { here, former, present } = await renewed()
  const late = momentAt(GRACE + 1)
  await here.read({ ...present }, { ...late, fresh: true })
  expect(await here.read(former, late)).toMatchObject({ ok: false, gone: 'rotated' })
  expect(await here.read(present, late)).toMatchObject({ ok: true, isCopy: true })
})
