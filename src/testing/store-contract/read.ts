import { newRandomText } from '../../codec/random.ts'
import { assertEqual } from './assert.ts'
import { setting, type Scene } from './scene.ts'

/** Registers the tests of `read`. */
export function testReads({
  store,
  start,
  test,
  momentAt,
  newSession,
  entriesOf,
  writing,
}: Scene): void {
  test('returns all entries, whatever their names and texts', async () => {
    const entries = Object.fromEntries([
      ['=__proto__', '{"polluted":true}'],
      ['=constructor', '"c"'],
      ['=prototype', '"p"'],
      ['=toJSON', '"j"'],
      ['=hasOwnProperty', '"h"'],
      ['!__proto__', '["a message"]'],
      ['!toString', '[]'],
      ['=', '"the empty name"'],
      ['=1', '1'],
      ['=0', '0'],
      ['=-1.5e3', '"number"'],
      ['=$', '"dollar"'],
      ['==', '"equals"'],
      ['=!', '"mark"'],
      ['= a\tb\nc\0d"e\\f\'g`h%i_j;--', '"strange"'],
      ['=\u{1F36A} ключ 鍵 \u202E \u2028 é e\u0301', '"\u{1F36A} 値 \0 \u2028"'],
      ['=null', 'null'],
      ['=empty', ''],
      [`=${'long'.repeat(250)}`, '"long"'],
    ])
    const credential = await newSession(entries)
    const read = await entriesOf(credential)
    assertEqual(read, entries)
    assertEqual('polluted' in {}, false)
  })

  test('gives 1,000 entries', async () => {
    const entries = Object.fromEntries(
      Array.from({ length: 1000 }, (_, index) => [`=key ${index}`, `"value ${index}"`]),
    )
    const credential = await newSession(entries)
    assertEqual(await entriesOf(credential), entries)
  })

  test('returns a text of 1,048,576 characters', async () => {
    const text = JSON.stringify('x'.repeat(1_048_574))
    const credential = await newSession({ '=large': text, '=small': '1' })
    const read = await entriesOf(credential)
    assertEqual(read['=large']?.length, 1_048_576)
    assertEqual(read['=large'] === text, true)
    assertEqual(read['=small'], '1')
  })

  test('sees each earlier write', async () => {
    const credential = await newSession({ '=a': '1', '=b': '1' })
    assertEqual(await entriesOf(credential), { '=a': '1', '=b': '1' })
    await writing(credential, { set: [['=a', '2']], delete: ['=b'] })
    assertEqual(await entriesOf(credential), { '=a': '2' })
    await writing(credential, { set: [['=b', '3']] })
    assertEqual(await entriesOf(credential), { '=a': '2', '=b': '3' })
  })

  test('refuses a secret that was never issued', async () => {
    const { handle, secret } = await newSession({ '=a': '1' })
    const gone = store.can.atomic
      ? { ok: false, gone: 'rotated', at: start }
      : { ok: false, gone: 'ended' }
    for (const wrong of [newRandomText(), '', `${secret} `, secret.toLowerCase()]) {
      const credential = { handle, secret: wrong }
      assertEqual(await store.read(credential, momentAt(1)), gone)
      assertEqual(await store.write(credential, momentAt(1), setting({ '=a': '2' })), gone)
      assertEqual(
        await store.regenerate(credential, momentAt(1), { secret: newRandomText() }),
        gone,
      )
    }
    assertEqual(await entriesOf({ handle, secret }), { '=a': '1' })
  })
}
