import { assertEqual, assertMatches } from './assert.ts'
import { MAX_CHARACTERS, setting, type Scene } from './scene.ts'

/** Registers the tests of how much a session can store. */
export function testSizes({
  store,
  start,
  test,
  momentAt,
  newCredential,
  newSession,
  entriesOf,
  writing,
}: Scene): void {
  test('creates nothing if it refuses the patch', async () => {
    const credential = newCredential()
    const moment = momentAt(0)
    const tooLarge = setting({ '=a': '1', '=b': 'x'.repeat(MAX_CHARACTERS) })
    assertMatches(await store.create(credential, moment, tooLarge), {
      ok: false,
      why: 'too-large',
    })
    assertEqual(await store.read(credential, moment), { ok: false, gone: 'ended' })
    assertEqual(await store.write(credential, moment, setting({ '=a': '1' })), {
      ok: false,
      gone: 'ended',
    })
    assertMatches(await store.create(credential, moment, setting({ '=a': '1' })), {
      ok: true,
    })
    assertEqual(await entriesOf(credential), { '=a': '1' })
  })

  test('stores 8,000,000 characters of names and texts, and refuses more without a change', async () => {
    const credential = await newSession({ '=a': '1' })
    const full = 'x'.repeat(MAX_CHARACTERS - '=a'.length - '1'.length - '=full'.length)
    const before = { set: [['=full', `${full}x`]], delete: [] } as const
    assertMatches(await writing(credential, before), { ok: false, why: 'too-large' })
    assertEqual(await entriesOf(credential), { '=a': '1' })
    assertMatches(await writing(credential, { set: [['=full', full]] }), { ok: true })
    const more = { delete: ['=a'], set: [['=more', 'x'.repeat(10)]] } as const
    assertMatches(await writing(credential, more), { ok: false, why: 'too-large' })
    const read = await entriesOf(credential)
    assertEqual(Object.keys(read).toSorted(), ['=a', '=full'])
    assertEqual(read['=full'] === full, true)
  })

  test('returns the account when it refuses a patch', async () => {
    const credential = newCredential()
    const account = { userId: 'ada', at: start }
    await store.create(credential, momentAt(0), { ...setting({ '=a': '1' }), signIn: account })
    const tooLarge = setting({ '=c': 'x'.repeat(MAX_CHARACTERS) })
    const reply = await store.write(credential, momentAt(1), tooLarge)
    assertMatches(reply, { ok: false, why: 'too-large', account })
  })
}
