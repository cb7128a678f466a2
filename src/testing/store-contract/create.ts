import { newRandomText } from '../../codec/random.ts'
import { assertEqual, assertExcludes, assertIncludes, assertMatches } from './assert.ts'
import { newPatch, setting, TOUCH, NONE, type Scene } from './scene.ts'

/** Registers the tests of `create`. */
export function testCreates({
  store,
  dump,
  start,
  test,
  testIf,
  momentAt,
  newCredential,
  newSession,
  entriesOf,
  writing,
  statusOf,
}: Scene): void {
  test('creates the session and applies the patch', async () => {
    const credential = newCredential()
    const reply = await store.create(credential, momentAt(0), setting({ '=a': '1', '!0': '"hi"' }))
    const status = statusOf(1)
    assertEqual(reply, { ok: true, ...status, ...NONE, ...(store.can.revise && { moved: true }) })
    const read = await store.read(credential, momentAt(0))
    assertEqual(
      { ...read, expiresAt: undefined },
      {
        ok: true,
        ...status,
        entries: { '=a': '1', '!0': '"hi"' },
      },
    )
  })

  test('creates a session from a patch that changes nothing', async () => {
    const credential = newCredential()
    assertMatches(await store.create(credential, momentAt(0), newPatch({})), { ok: true })
    assertEqual(await entriesOf(credential), {})
    assertMatches(await writing(credential, { set: [['=a', '1']] }), { ok: true })
    assertEqual(await entriesOf(credential), { '=a': '1' })
  })

  test('creates it once if the same create is repeated', async () => {
    const credential = newCredential()
    const patch = setting({ '=a': '1' })
    const first = await store.create(credential, momentAt(0), patch)
    const again = await store.create(credential, momentAt(10), patch)
    assertEqual({ moved: undefined, ...again }, { ...first, moved: undefined })
    assertEqual(await entriesOf(credential), { '=a': '1' })
  })

  testIf(store.can.atomic, 'counts once if the same create is repeated', async () => {
    const credential = newCredential()
    const patch = newPatch({ increment: [['=n', 5]], set: [['=a', '1']] })
    const first = await store.create(credential, momentAt(0), patch)
    assertMatches(first, { ok: true, counts: [5] })
    await writing(credential, { increment: [['=n', 2]], set: [['=a', '2']] })
    assertEqual(await store.create(credential, momentAt(0), patch), {
      ...first,
      ...statusOf(2),
      moved: undefined,
    })
    assertEqual(await entriesOf(credential), { '=n': '7', '=a': '2' })
  })

  testIf(store.can.atomic, 'treats a later create by the same visitor as a write', async () => {
    const credential = await newSession({ '=a': '1' })
    await store.create(credential, momentAt(0), setting({ '=b': '2' }))
    assertEqual(await entriesOf(credential), { '=a': '1', '=b': '2' })
  })

  testIf(store.can.atomic, 'refuses a second create under the same handle', async () => {
    const credential = await newSession({ '=a': '1' })
    const other = { handle: credential.handle, secret: newRandomText() }
    assertEqual(await store.create(other, momentAt(1), setting({ '=a': '2' })), {
      ok: false,
      gone: 'rotated',
      at: start,
    })
    assertEqual((await store.read(other, momentAt(1))).ok, false)
    assertEqual(await entriesOf(credential), { '=a': '1' })
  })

  testIf(store.can.atomic, 'lets one of two parallel creates win', async () => {
    const { handle, secret } = newCredential()
    const credentials = [
      { handle, secret },
      { handle, secret: newRandomText() },
    ]
    const replies = await Promise.all(
      credentials.map(async (credential, index) =>
        store.create(credential, momentAt(0), setting({ '=by': `${index}` })),
      ),
    )
    assertEqual(replies.filter(({ ok }) => ok).length, 1)
    const winner = replies.findIndex(({ ok }) => ok)
    assertEqual(await entriesOf(credentials[winner] ?? { handle, secret }), {
      '=by': `${winner}`,
    })
  })

  test('never writes to a session that was not created', async () => {
    const credential = newCredential()
    for (let round = 0; round < 2; round += 1) {
      assertEqual(await writing(credential, { set: [['=a', '1']] }), {
        ok: false,
        gone: 'ended',
      })
    }
    assertEqual(await store.read(credential, momentAt(0)), { ok: false, gone: 'ended' })
  })

  testIf(dump !== undefined, 'stores no secret of a token', async () => {
    const { handle, secret } = await newSession({ '=name': '"Ada"' })
    assertIncludes(await dump?.(handle), 'Ada')
    assertExcludes(await dump?.(handle), secret)
    const newSecret = newRandomText()
    const moment = momentAt(2 * TOUCH)
    await store.read({ handle, secret }, moment)
    await store.write({ handle, secret }, moment, setting({ '=b': '2' }))
    const reply = await store.regenerate({ handle, secret }, moment, { secret: newSecret })
    const handles = reply.ok ? [handle, reply.handle] : []
    const dumps = await Promise.all(handles.map(async (each) => dump?.(each)))
    assertIncludes(dumps.join('\n'), 'Ada')
    assertExcludes(dumps.join('\n'), secret)
    assertExcludes(dumps.join('\n'), newSecret)
  })
}
