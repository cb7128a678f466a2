import { assertEqual, assertMatches } from './assert.ts'
import { type Scene } from './scene.ts'

/** Registers the tests of atomic writes. */
export function testAtomicWrites({
  store,
  test,
  newSession,
  entriesOf,
  writing,
  statusOf,
}: Scene): void {
  test('applies expect, clear, delete, take, increment and set in this order', async () => {
    const credential = await newSession({
      '=cleared': '1',
      '=kept': '1',
      '=deleted': '10',
      '=taken': '20',
      '!message': '"m"',
    })
    const reply = await writing(credential, {
      set: [['=taken', '"set"']],
      increment: [
        ['=deleted', 1],
        ['=taken', 2],
        ['=taken', 3],
        ['=cleared', 4],
      ],
      take: ['=taken', '=cleared', '=deleted'],
      delete: ['=deleted'],
      clear: ['=kept', '=deleted', '=taken'],
      expect: [
        ['=cleared', '1'],
        ['=taken', '20'],
      ],
    })
    assertEqual(reply, {
      ok: true,
      ...statusOf(2),
      ...(store.can.revise && { moved: true }),
      taken: ['20', null, null],
      counts: [1, 2, 5, 4],
    })
    assertEqual(await entriesOf(credential), {
      '=kept': '1',
      '=deleted': '1',
      '=taken': '"set"',
      '=cleared': '4',
      '!message': '"m"',
    })
  })

  test('answers a conflict with the current texts, and changes nothing', async () => {
    const entries = { '=a': '1', '=b': '2' }
    const credential = await newSession(entries)
    const others = {
      clear: [],
      delete: ['=a'],
      take: ['=b'],
      increment: [['=n', 1]],
      set: [['=c', '3']],
    } as const
    const expected = [
      [['=a', '2']],
      [
        ['=a', '1'],
        ['=b', null],
      ],
      [
        ['=b', '2'],
        ['=c', '3'],
      ],
    ] as const
    const currents = [['1'], ['1', '2'], ['2', null]]
    for (const [index, expectation] of expected.entries()) {
      assertMatches(await writing(credential, { ...others, expect: expectation }), {
        ok: false,
        why: 'conflict',
        current: currents[index],
      })
      assertEqual(await entriesOf(credential), entries)
    }
  })

  test('applies a patch whose expectations match, with null for an absent entry', async () => {
    const credential = await newSession({ '=a': '1' })
    const changes = {
      expect: [
        ['=a', '1'],
        ['=b', null],
      ],
      set: [['=b', '2']],
    } as const
    assertMatches(await writing(credential, changes), { ok: true })
    assertMatches(await writing(credential, changes), {
      ok: false,
      why: 'conflict',
      current: ['1', '2'],
    })
  })

  test('lets one of two writes with the same expectation win', async () => {
    const credential = await newSession({ '=a': '0' })
    const replies = await Promise.all(
      ['1', '2'].map(async (text) =>
        writing(credential, { expect: [['=a', '0']], set: [['=a', text]] }),
      ),
    )
    const winner = replies.findIndex(({ ok }) => ok)
    assertMatches(replies[1 - winner], {
      ok: false,
      why: 'conflict',
      current: [`${winner + 1}`],
    })
    assertEqual(await entriesOf(credential), { '=a': `${winner + 1}` })
  })

  test('gives a taken entry to exactly one of many requests', async () => {
    const credential = await newSession({ '=state': '"s"' })
    const replies = await Promise.all(
      Array.from({ length: 10 }, async () => writing(credential, { take: ['=state'] })),
    )
    const taken = replies.map((reply) => (reply.ok ? reply.taken[0] : 'refused'))
    assertEqual(taken.filter((text) => text === '"s"').length, 1)
    assertEqual(taken.filter((text) => text === null).length, 9)
    assertEqual(await entriesOf(credential), {})
  })

  test('keeps both of two parallel writes to different entries', async () => {
    const credential = await newSession({ '=c': '0' })
    await Promise.all([
      writing(credential, { set: [['=a', '1']] }),
      writing(credential, { set: [['=b', '2']] }),
      writing(credential, { delete: ['=c'] }),
    ])
    assertEqual(await entriesOf(credential), { '=a': '1', '=b': '2' })
  })
}
