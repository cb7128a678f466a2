import { sha256 } from '../../codec/mac.ts'
import { newRandomText } from '../../codec/random.ts'
import type { Await, Credential, WriteReply } from '../../record/store.ts'
import { assertDiffers, assertEqual, assertMatches, assertPattern } from './assert.ts'
import { ABSOLUTE, DAY, MINUTE, setting, NONE, type Scene } from './scene.ts'

/** Registers the tests of `handleFor` and `onceUntil`. */
export function testOnce({ store, start, test, momentAt, entriesOf, regenerated }: Scene): void {
  /** Creates a session under a handle of `handleFor`, as all requests with the same old cookie do. */
  async function newOnce(): Promise<{
    readonly credential: Credential
    readonly createAt: (milliseconds: number, entries?: Record<string, string>) => Await<WriteReply>
  }> {
    const credential = {
      handle: store.handleFor?.(await sha256(newRandomText())) ?? '',
      secret: newRandomText(),
    }
    const createAt = (
      milliseconds: number,
      entries: Record<string, string> = { '=a': '1' },
    ): Await<WriteReply> =>
      store.create(credential, momentAt(milliseconds), {
        ...setting(entries),
        onceUntil: start + 31 * DAY,
      })
    assertMatches(await createAt(0), { ok: true })
    return { credential, createAt }
  }

  test('returns the same handle for the same key, and another for another key', async () => {
    const [key, other] = [await sha256('a'), await sha256('b')]
    const handle = store.handleFor?.(key) ?? ''
    assertPattern(handle, /^[\w-]{22,64}$/)
    assertEqual(store.handleFor?.(key), handle)
    assertDiffers(store.handleFor?.(other), handle)
    assertDiffers(store.idOf(store.handleFor?.(other) ?? ''), store.idOf(handle))
  })

  test('lets another create join the session within a minute, and changes nothing', async () => {
    const { credential, createAt } = await newOnce()
    await store.write(credential, momentAt(1), setting({ '=a': '2' }))
    const joined = await createAt(MINUTE - 1, { '=a': '3', '=b': '4' })
    assertMatches(joined, { ok: true, createdAt: start, ...NONE })
    assertEqual(await entriesOf(credential), { '=a': '2' })
  })

  test('lets another create join it later only if it may never have been used', async () => {
    const { credential, createAt } = await newOnce()
    const later = await createAt(10 * MINUTE)
    assertEqual(later.ok, store.can.recordUse)
    await store.read(credential, momentAt(12 * MINUTE))
    assertEqual(await createAt(13 * MINUTE), { ok: false, gone: 'ended' })
    assertEqual(await entriesOf(credential), { '=a': '1' })
  })

  test('tells a joining request who is signed in', async () => {
    const account = { userId: 'ada', at: start }
    const credential = {
      handle: store.handleFor?.(await sha256(newRandomText())) ?? '',
      secret: newRandomText(),
    }
    const patch = { ...setting({}), signIn: account, onceUntil: start + DAY }
    await store.create(credential, momentAt(0), patch)
    assertMatches(await store.create(credential, momentAt(1), patch), { ok: true, account })
  })

  test('creates no other session after it was destroyed, until `onceUntil`', async () => {
    const { credential, createAt } = await newOnce()
    assertMatches(await store.destroy(credential, momentAt(0)), { ok: true })
    for (const later of [0, 1000, 2 * MINUTE, DAY, 30 * DAY]) {
      const ended = { ok: false, gone: 'ended', ...(later < MINUTE && { at: start }) }
      assertEqual(await createAt(later), ended)
      assertEqual(await store.read(credential, momentAt(later)), ended)
      const late = store.write(credential, momentAt(later), setting({ '=a': '9' }))
      assertEqual(await late, ended)
      assertMatches(await store.destroy(credential, momentAt(later)), { ok: true })
    }
  })

  test('answers a write with onceUntil as a create would be, and changes nothing', async () => {
    const ask = (credential: Credential, milliseconds: number): Await<WriteReply> =>
      store.write(credential, momentAt(milliseconds), { id: '', onceUntil: start + 31 * DAY })
    const unused = {
      handle: store.handleFor?.(await sha256(newRandomText())) ?? '',
      secret: newRandomText(),
    }
    assertEqual(await ask(unused, 0), { ok: false, gone: 'ended' })
    assertMatches(await store.create(unused, momentAt(0), setting({})), { ok: true })
    const { credential, createAt } = await newOnce()
    assertMatches(await ask(credential, 1000), { ok: true, createdAt: start })
    assertMatches(await createAt(1000), { ok: true, createdAt: start })
    await store.read(credential, momentAt(12 * MINUTE))
    const spent = { ok: false, gone: 'ended', isSpent: true }
    assertEqual(await ask(credential, 13 * MINUTE), spent)
    assertEqual(await entriesOf(credential), { '=a': '1' })
    await store.destroy(credential, momentAt(14 * MINUTE))
    assertEqual(await ask(credential, 15 * MINUTE), spent)
    const { credential: other } = await newOnce()
    await regenerated(other)
    assertEqual(await ask(other, 1000), { ok: false, gone: 'rotated', at: start })
  })

  test('creates no other session after it has expired', async () => {
    const { credential, createAt } = await newOnce()
    assertEqual((await createAt(ABSOLUTE)).ok, false)
    assertEqual((await createAt(2 * DAY)).ok, false)
    assertEqual((await store.read(credential, momentAt(2 * DAY))).ok, false)
  })

  test('creates no other session after it got another secret, and lets no request join it', async () => {
    const { credential, createAt } = await newOnce()
    const next = await regenerated(credential)
    assertEqual(await createAt(1000), { ok: false, gone: 'rotated', at: start })
    assertEqual(await entriesOf(next), { '=a': '1' })
    await store.destroy(next, momentAt(2000))
    assertEqual((await createAt(3000)).ok, false)
  })

  test('lets no request join with another secret', async () => {
    const { credential } = await newOnce()
    const other = { ...credential, secret: newRandomText() }
    const patch = { ...setting({ '=a': '3' }), onceUntil: start + DAY }
    assertEqual((await store.create(other, momentAt(0), patch)).ok, false)
    assertEqual(await entriesOf(credential), { '=a': '1' })
  })
}
