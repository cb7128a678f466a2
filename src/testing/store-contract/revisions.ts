import { newRandomText } from '../../codec/random.ts'
import type { Credential } from '../../record/store.ts'
import type { Changes } from '../../session/patch.ts'
import { assertAbsent, assertEqual, assertMatches } from './assert.ts'
import { newPatch, TOUCH, type Scene } from './scene.ts'

/** Registers the tests of the revision of the data. */
export function testRevisions({ store, test, momentAt, newSession, writing }: Scene): void {
  test('counts changes to what a read returns, and no others', async () => {
    const credential = await newSession({ '=a': '1' })
    const revisionAt = async (at: number, given: Credential = credential): Promise<unknown> => {
      const reply = await store.read(given, momentAt(at))
      return reply.ok ? reply.revision : reply
    }
    assertEqual(await revisionAt(0), 1)
    assertMatches(await writing(credential, { set: [['=a', '2']] }), { revision: 2 })
    assertMatches(await writing(credential, { set: [['=a', '2']] }), { revision: 2 })
    assertEqual(await revisionAt(TOUCH), 2)
    assertMatches(await writing(credential, { take: ['=a'] }), { revision: 3 })
    const secret = newRandomText()
    const renewed = await store.regenerate(credential, momentAt(0), { secret })
    assertMatches(renewed, { revision: 4 })
    assertEqual(await revisionAt(TOUCH, { ...credential, secret }), 4)
  })

  test('reports if this patch changed the revision', async () => {
    const credential = await newSession({ '=a': '1', '=n': '1' })
    const patch = newPatch({ increment: [['=n', 1]] })
    const first = await store.write(credential, momentAt(0), patch)
    assertMatches(first, { revision: 2, moved: true })
    const nothing: Changes[] = [
      { set: [['=a', '1']] },
      { delete: ['=missing'] },
      { take: ['=missing'] },
      { increment: [['=n', 0]] },
      { expect: [['=a', '1']], set: [['=a', '1']] },
    ]
    for (const changes of nothing) {
      const reply = await store.write(credential, momentAt(TOUCH), newPatch(changes))
      assertMatches(reply, { ok: true, revision: 2 })
      assertAbsent(reply, 'moved')
    }
    const again = await store.write(credential, momentAt(0), patch)
    assertMatches(again, { ok: true, revision: 2, counts: [2] })
    assertAbsent(again, 'moved')
    const refused = await writing(credential, { expect: [['=a', '2']] })
    assertAbsent(refused, 'moved')
  })
}
