import { newRandomText } from '../../codec/random.ts'
import type { CallContext, Credential } from '../../record/store.ts'
import type { Account } from '../../session/account.ts'
import { assertEqual, assertMatches } from './assert.ts'
import { ABSOLUTE, DAY, IDLE, MINUTE, newPatch, setting, type Scene } from './scene.ts'

/** The session's own timeouts. */
const OWN = { idle: 10 * DAY, absolute: 30 * DAY }
/** A call with the layer's timeouts, which the session has long outlived. */
const SHORT = { idle: 2 * MINUTE, absolute: 2 * MINUTE }

/** Registers the tests of sessions with their own timeouts, which a sign-in sets. */
export function testOwnTimeouts(scene: Scene): void {
  const { store, start, test, testIf, momentAt, newCredential, newSession } = scene
  const { entriesOf, regenerated, assertExpired } = scene
  const signInAt = (at: number, more: Partial<Account> = {}): Account => ({
    userId: 'ada',
    at: start + at,
    ...more,
  })

  async function remembered(): Promise<Credential> {
    const credential = newCredential()
    const signIn = signInAt(0, { remember: OWN })
    const patch = { ...setting({ '=a': '1' }), signIn }
    assertMatches(await store.create(credential, momentAt(0), patch), { ok: true, account: signIn })
    return credential
  }

  /** Signs in to a session, and returns the new credential. */
  async function signedIn(
    credential: Credential,
    moment: CallContext,
    signIn: Account,
  ): Promise<Credential> {
    const secret = newRandomText()
    const patch = newPatch({})
    const reply = await store.regenerate(credential, moment, {
      secret,
      patch: { ...patch, signIn },
    })
    if (!reply.ok) throw new Error(`The sign-in was refused: ${JSON.stringify(reply)}`)
    return { handle: reply.handle, secret }
  }

  test('keeps a session by its own timeouts, regardless of the call’s', async () => {
    const credential = await remembered()
    const late = momentAt(OWN.idle - 1, SHORT)
    assertEqual(await entriesOf(credential, late), { '=a': '1' })
    assertMatches(await store.write(credential, late, setting({ '=b': '2' })), { ok: true })
    assertEqual(await entriesOf(credential, late), { '=a': '1', '=b': '2' })
  })

  test('ends a session at its own absolute timeout, to the millisecond', async () => {
    const credential = await remembered()
    const long = { idle: 2 * OWN.absolute, absolute: 2 * OWN.absolute }
    for (let at = OWN.idle - 1; at < OWN.absolute; at += OWN.idle - 1) {
      assertEqual((await store.read(credential, momentAt(at, long))).ok, true)
    }
    assertEqual((await store.read(credential, momentAt(OWN.absolute - 1, long))).ok, true)
    await assertExpired(credential, momentAt(OWN.absolute, long))
  })

  testIf(store.can.recordUse, 'ends a session at its own idle timeout', async () => {
    const credential = await remembered()
    await assertExpired(
      credential,
      momentAt(OWN.idle, { idle: 2 * OWN.absolute, absolute: 2 * OWN.absolute }),
    )
  })

  testIf(!store.can.recordUse, 'ends a session by the last use of its token', async () => {
    const credential = await remembered()
    const used = (at: number): Credential => ({ ...credential, usedAt: start + at })
    assertEqual((await store.read(used(MINUTE), momentAt(OWN.idle + MINUTE - 1))).ok, true)
    await assertExpired(used(MINUTE), momentAt(OWN.idle + MINUTE))
    assertEqual((await store.read(used(2 * MINUTE), momentAt(OWN.idle + MINUTE))).ok, true)
  })

  testIf(
    store.can.recordUse,
    'records no use for a request that is not one, however long after the last',
    async () => {
      const credential = await remembered()
      await store.read(credential, momentAt(5 * DAY, { isUse: () => false }))
      await assertExpired(credential, momentAt(OWN.idle))
    },
  )

  test('keeps them through a new secret', async () => {
    const renewed = await regenerated(await remembered(), momentAt(DAY))
    assertEqual(await entriesOf(renewed, momentAt(OWN.idle)), { '=a': '1' })
    const reply = await store.read(renewed, momentAt(OWN.idle))
    assertMatches(reply, { ok: true, account: signInAt(0, { remember: OWN }) })
  })

  test('keeps and restarts them when the same user signs in again', async () => {
    const again = await signedIn(await remembered(), momentAt(5 * DAY), signInAt(5 * DAY))
    const late = momentAt(5 * DAY + OWN.idle - 1, SHORT)
    assertMatches(await store.read(again, late), {
      ok: true,
      account: signInAt(5 * DAY, { remember: OWN }),
    })
  })

  test('removes them when the same user signs in and asks for that', async () => {
    const signIn = signInAt(DAY, { remember: null })
    const again = await signedIn(await remembered(), momentAt(DAY), signIn)
    assertEqual((await store.read(again, momentAt(DAY + IDLE - 1))).ok, true)
    await assertExpired(again, momentAt(DAY + ABSOLUTE))
  })

  test('removes them when another user signs in', async () => {
    const signIn = signInAt(DAY, { userId: 'bob' })
    const bobs = await signedIn(await remembered(), momentAt(DAY), signIn)
    assertMatches(await store.read(bobs, momentAt(DAY)), { ok: true, account: signIn })
    await assertExpired(bobs, momentAt(DAY + ABSOLUTE))
  })

  test('applies them to a session that existed before the sign-in', async () => {
    const signIn = signInAt(MINUTE, { remember: OWN })
    const credential = await signedIn(await newSession({ '=a': '1' }), momentAt(MINUTE), signIn)
    assertEqual(await entriesOf(credential, momentAt(OWN.idle, SHORT)), { '=a': '1' })
  })
}
