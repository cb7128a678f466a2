import { newRandomText } from '../../codec/random.ts'
import type { CallContext, Credential } from '../../record/store.ts'
import { assertEqual, assertMatches } from './assert.ts'
import { IDLE, setting, TOUCH, type Scene } from './scene.ts'

/** Registers the tests of recorded uses. */
export function testUses({
  store,
  start,
  test,
  momentAt,
  newSession,
  entriesOf,
  assertExpired,
}: Scene): void {
  const usedAt = async (credential: Credential, moment: CallContext): Promise<unknown> => {
    const reply = await store.read(credential, moment)
    return reply.ok ? reply.usedAt : reply
  }

  test('records a use once the last one is `touch` ago, and not earlier', async () => {
    const credential = await newSession()
    assertEqual(await usedAt(credential, momentAt(TOUCH - 1)), start)
    assertEqual(await usedAt(credential, momentAt(TOUCH)), start + TOUCH)
    assertEqual(await usedAt(credential, momentAt(2 * TOUCH - 1)), start + TOUCH)
    assertEqual(await usedAt(credential, momentAt(2 * TOUCH)), start + 2 * TOUCH)
  })

  test('ends a session by its recorded use, not by one that was not recorded', async () => {
    const credential = await newSession()
    assertEqual(await usedAt(credential, momentAt(TOUCH - 1)), start)
    await assertExpired(credential, momentAt(IDLE))
  })

  test('records the use of a write', async () => {
    const credential = await newSession()
    const soon = await store.write(credential, momentAt(TOUCH - 1), setting({ '=a': '1' }))
    assertMatches(soon, { ok: true, usedAt: start })
    const later = await store.write(credential, momentAt(TOUCH), setting({ '=a': '2' }))
    assertMatches(later, { ok: true, usedAt: start + TOUCH })
    assertEqual(await usedAt(credential, momentAt(TOUCH)), start + TOUCH)
  })

  test('records the use of a regenerate', async () => {
    const { handle, secret } = await newSession()
    const newSecret = newRandomText()
    await store.regenerate({ handle, secret }, momentAt(TOUCH), { secret: newSecret })
    const renewed = { handle, secret: newSecret }
    assertEqual(await usedAt(renewed, momentAt(2 * TOUCH - 1)), start + TOUCH)
  })

  test('records no use for a request that is not one, but the next use', async () => {
    const credential = await newSession()
    const look = { ...momentAt(TOUCH), isUse: () => false }
    assertEqual(await usedAt(credential, look), start)
    assertEqual(await usedAt(credential, momentAt(TOUCH)), start + TOUCH)
    await assertExpired(credential, { ...momentAt(TOUCH + IDLE), isUse: () => false })
  })

  test('records no use for a wrong secret', async () => {
    const { handle, secret } = await newSession()
    await store.read({ handle, secret: newRandomText() }, momentAt(10 * TOUCH))
    assertEqual(await usedAt({ handle, secret }, momentAt(0)), start)
  })

  test('changes no entry when it records a use', async () => {
    const entries = { '=a': '1', '!0': '"m"' }
    const credential = await newSession(entries)
    for (let round = 1; round < 5; round += 1) {
      assertEqual(await entriesOf(credential, momentAt(round * TOUCH)), entries)
    }
  })

  test('keeps a write that runs in parallel with a recorded use', async () => {
    const credential = await newSession({ '=a': '1' })
    const moment = momentAt(TOUCH)
    await Promise.all([
      store.read(credential, moment),
      store.write(credential, moment, setting({ '=a': '2' })),
      store.read(credential, moment),
    ])
    assertEqual(await entriesOf(credential, moment), { '=a': '2' })
  })

  test('never moves the last use back', async () => {
    const credential = await newSession()
    assertEqual(await usedAt(credential, momentAt(10 * TOUCH)), start + 10 * TOUCH)
    assertEqual(await usedAt(credential, momentAt(2 * TOUCH)), start + 10 * TOUCH)
    // Other timeouts are recorded, but no earlier use with them.
    const others = { idle: 2 * IDLE, touch: 0 }
    assertEqual(await usedAt(credential, momentAt(3 * TOUCH, others)), start + 10 * TOUCH)
    assertEqual(await usedAt(credential, momentAt(10 * TOUCH, others)), start + 10 * TOUCH)
  })
}
