import { newRandomText } from '../../codec/random.ts'
import { assertEqual, assertExcludes } from './assert.ts'
import { ABSOLUTE, MINUTE, setting, TOUCH, type Scene } from './scene.ts'

/** Registers the tests of `destroy`. */
export function testDestroys({
  store,
  dump,
  start,
  test,
  testIf,
  momentAt,
  newSession,
  entriesOf,
  writing,
}: Scene): void {
  test('deletes the session permanently', async () => {
    const credential = await newSession({ '=a': '1' })
    assertEqual(await store.destroy(credential, momentAt(0)), { ok: true })
    const ended = { ok: false, gone: 'ended' }
    assertEqual(await store.read(credential, momentAt(MINUTE)), ended)
    const late = store.write(credential, momentAt(MINUTE), setting({ '=a': '2' }))
    assertEqual(await late, ended)
    const secret = newRandomText()
    assertEqual(await store.regenerate(credential, momentAt(MINUTE), { secret }), ended)
    assertEqual(await store.read(credential, momentAt(2 * MINUTE)), ended)
  })

  test('returns the time of the end to every call for a minute', async () => {
    const credential = await newSession({ '=a': '1' })
    await store.destroy(credential, momentAt(5))
    const ended = { ok: false, gone: 'ended', at: start + 5 }
    // Another caller's clock may be behind.
    for (const at of [0, 5, 1000, MINUTE + 4]) {
      assertEqual(await store.read(credential, momentAt(at)), ended)
      assertEqual(await store.write(credential, momentAt(at), setting({ '=a': '2' })), ended)
      const secret = newRandomText()
      assertEqual(await store.regenerate(credential, momentAt(at), { secret }), ended)
    }
    assertEqual(await store.read(credential, momentAt(MINUTE + 5)), { ok: false, gone: 'ended' })
  })

  test('keeps the time of the end if it is destroyed again', async () => {
    const credential = await newSession()
    await store.destroy(credential, momentAt(5))
    assertEqual(await store.destroy(credential, momentAt(1000)), { ok: true })
    const ended = { ok: false, gone: 'ended', at: start + 5 }
    assertEqual(await store.read(credential, momentAt(2000)), ended)
    assertEqual(await store.destroy(credential, momentAt(2 * MINUTE)), { ok: true })
    assertEqual(await store.read(credential, momentAt(3 * MINUTE)), { ok: false, gone: 'ended' })
  })

  testIf(
    store.can.atomic,
    'creates nothing in place of a session that has just ended',
    async () => {
      const credential = await newSession({ '=a': '1' })
      await store.destroy(credential, momentAt(5))
      const late = await store.create(credential, momentAt(6), setting({ '=a': '2' }))
      assertEqual(late, { ok: false, gone: 'ended', at: start + 5 })
    },
  )

  testIf(dump !== undefined, 'keeps nothing of it but the time of the end', async () => {
    const credential = await newSession({ '=name': '"Ada"' })
    await store.destroy(credential, momentAt(0))
    const left = (await dump?.(credential.handle)) ?? ''
    assertExcludes(left, 'Ada')
    assertEqual(left === '' || (left.length < 250 && left.includes(String(start))), true)
  })

  test('accepts a second destroy', async () => {
    const credential = await newSession()
    assertEqual(await store.destroy(credential, momentAt(0)), { ok: true })
    assertEqual(await store.destroy(credential, momentAt(0)), { ok: true })
  })

  test('destroys an expired session, which ended before', async () => {
    const credential = await newSession()
    const late = momentAt(ABSOLUTE)
    assertEqual(await store.destroy(credential, late), { ok: true })
    assertEqual(await store.read(credential, late), { ok: false, gone: 'ended' })
    assertEqual(await store.read(credential, momentAt(0)), { ok: false, gone: 'ended' })
  })

  test('does not destroy a session that was regenerated meanwhile', async () => {
    const old = await newSession({ '=a': '1' })
    const secret = newRandomText()
    const reply = await store.regenerate(old, momentAt(5), { secret: secret })
    const handle = reply.ok ? reply.handle : ''
    assertEqual(await store.destroy(old, momentAt(6)), {
      ok: false,
      gone: 'rotated',
      at: start + 5,
    })
    assertEqual(await entriesOf({ handle, secret }), { '=a': '1' })
    assertEqual(await store.destroy({ handle, secret }, momentAt(7)), { ok: true })
    const after = await store.read({ handle, secret }, momentAt(8))
    assertEqual(after, { ok: false, gone: 'ended', at: start + 7 })
  })

  test('destroys only one session', async () => {
    const credential = await newSession({ '=a': '1' })
    const other = await newSession({ '=a': '2' })
    await store.destroy(credential, momentAt(0))
    assertEqual(await entriesOf(other), { '=a': '2' })
  })

  testIf(store.can.atomic, 'does not let a parallel write bring it back', async () => {
    const credential = await newSession({ '=a': '1' })
    await Promise.all([
      writing(credential, { set: [['=b', '1']] }),
      store.destroy(credential, momentAt(0)),
      writing(credential, { set: [['=c', '1']] }),
      store.read(credential, momentAt(TOUCH)),
    ])
    const after = await store.read(credential, momentAt(0))
    assertEqual(after, { ok: false, gone: 'ended', at: start })
  })
}
