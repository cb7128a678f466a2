import { assertEqual, assertMatches } from './assert.ts'
import { type Scene } from './scene.ts'

/** Registers the tests of `write`, for stores of every kind. */
export function testWrites({ test, newSession, entriesOf, writing }: Scene): void {
  test('clears, deletes and sets in this order', async () => {
    const credential = await newSession({ '=a': '1', '=b': '1', '=c': '1', '!0': '"m"' })
    await writing(credential, {
      clear: [],
      delete: ['!0', '=b'],
      set: [
        ['=b', '2'],
        ['=d', '2'],
      ],
    })
    assertEqual(await entriesOf(credential), { '=b': '2', '=d': '2' })
  })

  test('keeps messages and the named entries when it clears', async () => {
    const credential = await newSession({ '=a': '1', '=b': '1', '=c': '1', '!0': '"m"' })
    await writing(credential, { clear: ['=b', '=absent'] })
    assertEqual(await entriesOf(credential), { '=b': '1', '!0': '"m"' })
    await writing(credential, { clear: [] })
    assertEqual(await entriesOf(credential), { '!0': '"m"' })
  })

  test('keeps a session without entries', async () => {
    const credential = await newSession({ '=a': '1' })
    await writing(credential, { clear: [] })
    assertEqual(await entriesOf(credential), {})
  })

  test('keeps the last text for a repeated name', async () => {
    const credential = await newSession()
    await writing(credential, {
      set: [
        ['=a', '1'],
        ['=a', '2'],
      ],
    })
    assertEqual(await entriesOf(credential), { '=a': '2' })
  })

  test('accepts the deletion of an absent entry', async () => {
    const credential = await newSession({ '=a': '1' })
    assertMatches(await writing(credential, { delete: ['=b', '=b'] }), { ok: true })
    assertEqual(await entriesOf(credential), { '=a': '1' })
  })
}
