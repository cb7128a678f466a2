import { newRandomText } from '../../codec/random.ts'
import type { Account } from '../../session/account.ts'
import type { Patch } from '../../session/patch.ts'
import { assertAbsent, assertEqual, assertMatches } from './assert.ts'
import { ABSOLUTE, MINUTE, setting, type Scene } from './scene.ts'

/** Registers the tests of sign-ins. */
export function testAccounts({
  store,
  start,
  test,
  momentAt,
  newCredential,
  newSession,
  entriesOf,
}: Scene): void {
  const ada = (at: number): Account => ({ userId: 'ada', at: start + at })
  const signIn = (account: Account, entries: Record<string, string> = {}): Patch => ({
    ...setting(entries),
    signIn: account,
  })

  test('signs a user in with the first write, and names the user in each answer', async () => {
    const credential = newCredential()
    const account = { ...ada(0), aal: 2, device: { agent: 'x', country: 'PT' } } as const
    const patch = signIn(account, { '=a': '1' })
    assertMatches(await store.create(credential, momentAt(0), patch), { ok: true, account })
    const moment = momentAt(1)
    assertMatches(await store.read(credential, moment), { ok: true, account })
    const write = await store.write(credential, moment, setting({ '=b': '2' }))
    assertMatches(write, { ok: true, account })
    const secret = newRandomText()
    const renewed = await store.regenerate(credential, moment, { secret })
    assertMatches(renewed, { ok: true, account })
    if (!renewed.ok) return
    const present = { handle: renewed.handle, secret }
    assertMatches(await store.destroy(present, moment), { ok: true, account })
  })

  test('has no account if no user is signed in', async () => {
    const credential = await newSession({ '=a': '1' })
    assertAbsent(await store.read(credential, momentAt(0)), 'account')
    assertAbsent(await store.destroy(credential, momentAt(0)), 'account')
  })

  test('signs a user in with a new secret, keeping an anonymous visitor’s entries', async () => {
    const credential = await newSession({ '=a': '1', '!m': '"hello"' })
    const secret = newRandomText()
    const account = ada(5)
    const patch = signIn(account)
    const reply = await store.regenerate(credential, momentAt(5), { secret, patch })
    assertMatches(reply, { ok: true, account })
    if (!reply.ok) return
    const present = { handle: reply.handle, secret }
    assertEqual(await entriesOf(present, momentAt(5)), { '=a': '1', '!m': '"hello"' })
    assertMatches(await store.read(credential, momentAt(5)), { ok: false, gone: 'rotated' })
    // Repeated after a failure.
    const again = await store.regenerate(credential, momentAt(6), { secret, patch })
    assertMatches(again, { ok: true, account, handle: reply.handle })
  })

  test('deletes another user’s entries, and keeps the same user’s', async () => {
    for (const [userId, kept] of [
      ['ada', { '=a': '1' }],
      ['eve', {}],
    ] as const) {
      const credential = newCredential()
      await store.create(credential, momentAt(0), signIn(ada(0), { '=a': '1' }))
      const secret = newRandomText()
      const patch = signIn({ userId, at: start + 5 })
      const reply = await store.regenerate(credential, momentAt(5), { secret, patch })
      if (!reply.ok) throw new Error(JSON.stringify(reply))
      const present = { handle: reply.handle, secret }
      assertEqual(await entriesOf(present, momentAt(5)), kept)
    }
  })

  test('restarts both timeouts with a sign-in', async () => {
    const credential = await newSession({ '=a': '1' })
    const timeouts = { idle: ABSOLUTE, absolute: ABSOLUTE }
    const at = ABSOLUTE - MINUTE
    const secret = newRandomText()
    const patch = signIn(ada(at))
    const moment = momentAt(at, timeouts)
    const reply = await store.regenerate(credential, moment, { secret, patch })
    if (!reply.ok) throw new Error(JSON.stringify(reply))
    const present = { handle: reply.handle, secret }
    const last = momentAt(at + ABSOLUTE - 1, timeouts)
    assertMatches(await store.read(present, last), { ok: true })
    const over = momentAt(at + ABSOLUTE, timeouts)
    assertMatches(await store.read(present, over), { ok: false, gone: 'expired' })
  })
}
