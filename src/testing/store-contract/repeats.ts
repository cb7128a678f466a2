import { newRandomText } from '../../codec/random.ts'
import { assertEqual, assertMatches } from './assert.ts'
import { ABSOLUTE, MINUTE, newPatch, type Scene } from './scene.ts'

/** Registers the tests of repeated operations. */
export function testRepeats({
  store,
  start,
  test,
  momentAt,
  newSession,
  regenerated,
  entriesOf,
  writing,
  statusOf,
}: Scene): void {
  test('applies a patch once, and repeats its reply', async () => {
    const credential = await newSession({ '=t': '"once"' })
    const patch = newPatch({ take: ['=t'], increment: [['=n', 3]], set: [['=a', '1']] })
    const first = await store.write(credential, momentAt(0), patch)
    assertMatches(first, { ok: true, taken: ['"once"'], counts: [3] })
    await writing(credential, {
      increment: [['=n', 10]],
      set: [
        ['=a', '2'],
        ['=t', '"again"'],
      ],
    })
    assertEqual(await store.write(credential, momentAt(0), patch), {
      ...first,
      ...statusOf(3),
      moved: undefined,
    })
    assertEqual(await entriesOf(credential), { '=n': '13', '=a': '2', '=t': '"again"' })
  })

  test('applies a patch once if it is sent twice in parallel', async () => {
    const credential = await newSession()
    const patch = newPatch({ increment: [['=n', 1]] })
    const replies = await Promise.all(
      Array.from({ length: 5 }, async () => store.write(credential, momentAt(0), patch)),
    )
    for (const reply of replies) assertMatches(reply, { ok: true, counts: [1] })
    assertEqual(await entriesOf(credential), { '=n': '1' })
  })

  for (const [others, count, apart] of [
    ['15 others, however late', 15, 10 * MINUTE],
    ['64 others within a minute', 64, 900],
  ] as const)
    test(`still recognizes a patch after ${others}`, async () => {
      const credential = await newSession({ '=t': '"once"' })
      const counting = newPatch({ increment: [['=n', 1]] })
      const taking = newPatch({ take: ['=t'] })
      const timeouts = { idle: ABSOLUTE }
      await store.write(credential, momentAt(0), taking)
      await store.write(credential, momentAt(0), counting)
      for (let round = 1; round < count; round += 1) {
        const moment = momentAt(round * apart, timeouts)
        await store.write(credential, moment, newPatch({ increment: [['=n', 1]] }))
      }
      const late = momentAt(count * apart, timeouts)
      assertMatches(await store.write(credential, late, taking), { taken: ['"once"'] })
      await store.write(credential, late, newPatch({ increment: [['=n', 1]] }))
      assertMatches(await store.write(credential, late, counting), { counts: [1] })
      assertEqual(await entriesOf(credential, late), { '=n': `${count + 1}` })
    })

  test('still recognizes a patch after a regenerate', async () => {
    const { handle, secret } = await newSession()
    const patch = newPatch({ increment: [['=n', 1]] })
    await store.write({ handle, secret }, momentAt(0), patch)
    const newSecret = newRandomText()
    await store.regenerate({ handle, secret }, momentAt(0), { secret: newSecret })
    const renewed = { handle, secret: newSecret }
    assertMatches(await store.write(renewed, momentAt(0), patch), { counts: [1] })
    assertEqual(await entriesOf(renewed), { '=n': '1' })
  })

  test('applies a repeated patch that was refused before', async () => {
    const credential = await newSession({ '=a': '1' })
    const patch = newPatch({ expect: [['=a', '2']], set: [['=b', '1']] })
    assertMatches(await store.write(credential, momentAt(0), patch), { why: 'conflict' })
    await writing(credential, { set: [['=a', '2']] })
    assertMatches(await store.write(credential, momentAt(0), patch), { ok: true })
    assertEqual(await entriesOf(credential), { '=a': '2', '=b': '1' })
  })

  test('repeats no reply for a refused secret', async () => {
    const { handle, secret } = await newSession({ '=t': '"once"' })
    const patch = newPatch({ take: ['=t'], increment: [['=n', 1]] })
    await store.write({ handle, secret }, momentAt(0), patch)
    const thief = { handle, secret: newRandomText() }
    assertEqual(await store.write(thief, momentAt(0), patch), {
      ok: false,
      gone: 'rotated',
      at: start,
    })
    const renewed = await regenerated({ handle, secret })
    assertEqual(await store.write({ handle, secret }, momentAt(1), patch), {
      ok: false,
      gone: 'rotated',
      at: start,
    })
    assertEqual(await entriesOf(renewed), { '=n': '1' })
  })

  test('recognizes a patch only in its own session', async () => {
    const patch = newPatch({ increment: [['=n', 1]] })
    const sessions = [await newSession(), await newSession()]
    for (const credential of sessions) {
      assertMatches(await store.write(credential, momentAt(0), patch), { counts: [1] })
      assertEqual(await entriesOf(credential), { '=n': '1' })
    }
  })
}
