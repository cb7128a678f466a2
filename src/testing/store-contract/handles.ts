import { newRandomText } from '../../codec/random.ts'
import type { Credential } from '../../record/store.ts'
import { assertEqual, assertExcludes, assertPattern } from './assert.ts'
import { setting, type Scene } from './scene.ts'

/** Registers the tests of handles and ids. */
export function testHandles({
  store,
  test,
  momentAt,
  newCredential,
  newSession,
  regenerated,
}: Scene): void {
  test('mints a new handle of base64url characters each time', () => {
    const handles = Array.from({ length: 100 }, () => store.newHandle())
    assertEqual(new Set(handles).size, 100)
    for (const handle of handles) assertPattern(handle, /^[\w-]{22,64}$/)
  })

  test('stores nothing for a new handle', async () => {
    const credential = newCredential()
    assertEqual(await store.read(credential, momentAt(0)), { ok: false, gone: 'ended' })
  })

  test('gives each handle a unique id, which is not the handle', () => {
    const handles = Array.from({ length: 100 }, () => store.newHandle())
    assertEqual(new Set(handles.map((handle) => store.idOf(handle))).size, 100)
    for (const handle of handles) {
      assertEqual(store.idOf(handle), store.idOf(handle))
      assertExcludes(store.idOf(handle), handle)
    }
  })

  test('keeps the id through every regenerate', async () => {
    const { handle, secret } = await newSession()
    let credential: Credential = { handle, secret }
    for (let round = 0; round < 3; round += 1) {
      credential = await regenerated(credential)
      assertPattern(credential.handle, /^[\w-]{22,64}$/)
      assertEqual(store.idOf(credential.handle), store.idOf(handle))
    }
  })

  for (const [kind, handle] of [
    ['an object', 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'],
    ['another KV', 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'],
    ['another memory', 'AAAAAAAAAAAAAAAAAAAAAAAA'],
    ['an unknown kind, short', 'A'],
    ['an unknown kind, as long as possible', '_'.repeat(64)],
    ['an unknown kind, empty', ''],
  ] as const)
    test(`answers that there is no session for a handle of ${kind}`, async () => {
      const credential = { handle, secret: newRandomText() }
      const moment = momentAt(0)
      const ended = { ok: false, gone: 'ended' }
      assertEqual(await store.read(credential, moment), ended)
      assertEqual(await store.write(credential, moment, setting({ '=a': '1' })), ended)
      assertEqual(await store.regenerate(credential, moment, { secret: newRandomText() }), ended)
      // Must not throw, although there is nothing to destroy, or nowhere to look.
      await store.destroy(credential, moment)
      assertEqual(await store.read(credential, moment), ended)
    })
}
