import { newRandomText } from '../../codec/random.ts'
import { assertEqual, assertMatches } from './assert.ts'
import { setting, type Scene } from './scene.ts'

/** Registers the tests of `regenerate`. */
export function testRegenerates({
  store,
  start,
  test,
  testIf,
  momentAt,
  newCredential,
  newSession,
  entriesOf,
  regenerated,
  writing,
}: Scene): void {
  test('keeps the entries, under the new secret', async () => {
    const entries = { '=a': '1', '!0': '"m"', '=__proto__': '2' }
    const renewed = await regenerated(await newSession(entries))
    assertEqual(await entriesOf(renewed), entries)
    await writing(renewed, { set: [['=a', '2']] })
    assertEqual(await entriesOf(renewed), { ...entries, '=a': '2' })
  })

  test('refuses the old secret at once, and returns when it was replaced', async () => {
    const old = await newSession({ '=a': '1' })
    const renewed = await regenerated(old, momentAt(5))
    const rotated = { ok: false, gone: 'rotated', at: start + 5 }
    assertEqual(await store.read(old, momentAt(6)), rotated)
    assertEqual(await store.write(old, momentAt(6), setting({ '=a': '2' })), rotated)
    assertEqual(await store.regenerate(old, momentAt(6), { secret: newRandomText() }), rotated)
    assertEqual(await entriesOf(renewed), { '=a': '1' })
  })

  test('refuses every secret except the last', async () => {
    const credentials = [await newSession({ '=a': '1' })]
    for (let round = 0; round < 3; round += 1) {
      const last = credentials.at(-1)
      if (last !== undefined) credentials.push(await regenerated(last))
    }
    const replies = await Promise.all(
      credentials.map(async (credential) => store.read(credential, momentAt(0))),
    )
    assertEqual(
      replies.map(({ ok }) => ok),
      [false, false, false, true],
    )
  })

  test('repeats its answer if the same regenerate is repeated', async () => {
    const credential = await newSession({ '=a': '1' })
    const newSecret = newRandomText()
    const first = await store.regenerate(credential, momentAt(5), { secret: newSecret })
    assertMatches(first, { ok: true })
    assertEqual(await store.regenerate(credential, momentAt(6), { secret: newSecret }), first)
    assertEqual(await store.regenerate(credential, momentAt(7), { secret: newSecret }), first)
    assertMatches(await store.read(credential, momentAt(8)), { at: start + 5 })
    const handle = first.ok ? first.handle : ''
    assertEqual(await entriesOf({ handle, secret: newSecret }), { '=a': '1' })
  })

  testIf(store.can.atomic, 'keeps the handle', async () => {
    const { handle, secret } = await newSession()
    assertEqual((await regenerated({ handle, secret })).handle, handle)
  })

  testIf(store.can.atomic, 'lets one of two parallel regenerates win', async () => {
    const { handle, secret } = await newSession({ '=a': '1' })
    const secrets = [newRandomText(), newRandomText()]
    const replies = await Promise.all(
      secrets.map(async (each) =>
        store.regenerate({ handle, secret }, momentAt(5), { secret: each }),
      ),
    )
    const winner = replies.findIndex(({ ok }) => ok)
    assertMatches(replies[winner], { ok: true, handle })
    assertEqual(replies[1 - winner], { ok: false, gone: 'rotated', at: start + 5 })
    const reads = await Promise.all(
      secrets.map(async (each) => store.read({ handle, secret: each }, momentAt(5))),
    )
    assertMatches(reads[winner], { ok: true, entries: { '=a': '1' } })
    assertMatches(reads[1 - winner], { ok: false })
  })

  test('creates no session for a handle without one', async () => {
    const credential = newCredential()
    const newSecret = newRandomText()
    const ended = { ok: false, gone: 'ended' }
    assertEqual(await store.regenerate(credential, momentAt(0), { secret: newSecret }), ended)
    assertEqual(await store.read({ ...credential, secret: newSecret }, momentAt(0)), ended)
  })
}
