import { newRandomText } from '../../codec/random.ts'
import type { CallContext } from '../../record/store.ts'
import { assertAbsent, assertEqual, assertMatches } from './assert.ts'
import { MINUTE, setting, type Scene } from './scene.ts'

/** Registers the tests of a secret that stays valid for a grace period after it was replaced. */
export function testRenewals({ store, test, momentAt, newSession }: Scene): void {
  const renew = 10 * MINUTE
  const grace = 30_000

  test('reports when a secret is due for renewal, and not earlier', async () => {
    const credential = await newSession()
    const asked = async (at: number, more: Partial<CallContext> = { renew }): Promise<unknown> => {
      const reply = await store.read(credential, momentAt(at, more))
      return reply.ok ? reply.renewal : reply
    }
    assertEqual(await asked(renew - 1), undefined)
    assertEqual(await asked(renew), 'due')
    assertEqual(await asked(renew, {}), undefined)
  })

  test('lets the previous secret read and write during the grace period, and reports it as the previous one', async () => {
    const credential = await newSession({ '=a': '1' })
    const secret = newRandomText()
    const renewed = await store.regenerate(credential, momentAt(0), { secret, grace })
    assertMatches(renewed, { ok: true })
    const last = momentAt(grace - 1)
    assertMatches(await store.read(credential, last), { ok: true, renewal: 'done' })
    const write = await store.write(credential, last, setting({ '=a': '2' }))
    assertMatches(write, { ok: true, renewal: 'done' })
    const present = { handle: credential.handle, secret }
    assertMatches(await store.read(present, last), { ok: true, entries: { '=a': '2' } })
    assertAbsent(await store.read(present, last), 'renewal')
    assertMatches(await store.read(credential, momentAt(grace)), { gone: 'rotated' })
  })

  test('gives the same answer to all requests that renew to the same secret', async () => {
    const credential = await newSession()
    const secret = newRandomText()
    const replies = await Promise.all(
      Array.from({ length: 5 }, async () =>
        store.regenerate(credential, momentAt(0), { secret, grace }),
      ),
    )
    assertEqual(
      replies.every(({ ok }) => ok),
      true,
    )
  })

  test('does not let a previous secret set yet another secret', async () => {
    const credential = await newSession()
    const [secret, other] = [newRandomText(), newRandomText()]
    await store.regenerate(credential, momentAt(0), { secret, grace })
    const late = await store.regenerate(credential, momentAt(1), { secret: other, grace })
    assertMatches(late, { ok: false, gone: 'rotated' })
    const present = { handle: credential.handle, secret }
    assertMatches(await store.read(present, momentAt(1)), { ok: true })
  })

  test('ends the grace period with a regenerate without one', async () => {
    const credential = await newSession()
    const [secret, other] = [newRandomText(), newRandomText()]
    await store.regenerate(credential, momentAt(0), { secret, grace })
    const present = { handle: credential.handle, secret }
    await store.regenerate(present, momentAt(1), { secret: other })
    for (const old of [credential, present])
      assertMatches(await store.read(old, momentAt(2)), { ok: false, gone: 'rotated' })
  })
}
