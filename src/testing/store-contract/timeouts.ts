import { newRandomText } from '../../codec/random.ts'
import { assertEqual, assertMatches } from './assert.ts'
import { ABSOLUTE, IDLE, MINUTE, setting, type Scene } from './scene.ts'

/** Registers the tests of both timeouts. */
export function testTimeouts({
  store,
  test,
  testIf,
  momentAt,
  newSession,
  entriesOf,
  regenerated,
  assertExpired,
}: Scene): void {
  const longIdle = { idle: 2 * ABSOLUTE }

  test('ends a session at its absolute timeout, to the millisecond', async () => {
    const credential = await newSession({ '=a': '1' })
    const last = momentAt(ABSOLUTE - 1, longIdle)
    assertEqual(await entriesOf(credential, last), { '=a': '1' })
    await assertExpired(credential, momentAt(ABSOLUTE, longIdle))
    await assertExpired(credential, momentAt(ABSOLUTE + 1, longIdle))
  })

  test('writes and regenerates until the absolute timeout, without moving it', async () => {
    const { handle, secret } = await newSession({ '=a': '1' })
    const last = momentAt(ABSOLUTE - 1, longIdle)
    const written = await store.write({ handle, secret }, last, setting({ '=b': '2' }))
    assertMatches(written, { ok: true })
    const renewed = await regenerated({ handle, secret }, last)
    assertEqual(await entriesOf(renewed, last), { '=a': '1', '=b': '2' })
    await assertExpired(renewed, momentAt(ABSOLUTE, longIdle))
  })

  test('applies the shorter timeout of a later request', async () => {
    const credential = await newSession({ '=a': '1' })
    const short = { idle: 2 * ABSOLUTE, absolute: 10 * MINUTE }
    assertEqual(await entriesOf(credential, momentAt(10 * MINUTE - 1, short)), {
      '=a': '1',
    })
    await assertExpired(credential, momentAt(10 * MINUTE, short))
  })

  testIf(
    store.can.recordUse,
    'ends a session at its idle timeout, to the millisecond',
    async () => {
      const unused = await newSession({ '=a': '1' })
      await assertExpired(unused, momentAt(IDLE))
      const used = await newSession({ '=a': '1' })
      assertEqual(await entriesOf(used, momentAt(IDLE - 1)), { '=a': '1' })
    },
  )

  testIf(store.can.recordUse, 'counts the idle timeout from the last recorded use', async () => {
    const credential = await newSession({ '=a': '1' })
    await store.read(credential, momentAt(IDLE - 1))
    assertEqual((await store.read(credential, momentAt(2 * IDLE - 2))).ok, true)
    await assertExpired(credential, momentAt(3 * IDLE - 2))
  })

  testIf(store.can.recordUse, 'ends a session in use at its absolute timeout', async () => {
    const credential = await newSession({ '=a': '1' })
    for (let at = IDLE - 1; at < ABSOLUTE; at += IDLE - 1) {
      assertEqual((await store.read(credential, momentAt(at))).ok, true)
    }
    assertEqual((await store.read(credential, momentAt(ABSOLUTE - 1))).ok, true)
    await assertExpired(credential, momentAt(ABSOLUTE))
  })

  testIf(
    store.can.recordUse,
    'creates nothing in place of an expired session that is still stored',
    async () => {
      const { handle, secret } = await newSession({ '=a': '1' })
      for (const again of [secret, newRandomText()]) {
        assertEqual(
          await store.create({ handle, secret: again }, momentAt(IDLE), setting({ '=a': '2' })),
          { ok: false, gone: 'expired' },
        )
      }
    },
  )

  testIf(
    store.can.recordUse,
    'reveals nothing about an expired session to a wrong secret',
    async () => {
      const { handle } = await newSession()
      assertEqual(await store.read({ handle, secret: newRandomText() }, momentAt(IDLE)), {
        ok: false,
        gone: 'expired',
      })
    },
  )
}
