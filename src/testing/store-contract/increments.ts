import { assertEqual, assertMatches } from './assert.ts'
import { type Scene } from './scene.ts'

/** Registers the tests of `increment`. */
export function testIncrements({ test, newSession, entriesOf, writing }: Scene): void {
  test('adds to a number, and counts an absent one as 0', async () => {
    const credential = await newSession({ '=n': '-2.5', '=e': '1e3' })
    const reply = await writing(credential, {
      increment: [
        ['=n', 0.5],
        ['=e', -1],
        ['=new', 0],
        ['=big', 9_007_199_254_740_991],
      ],
    })
    assertMatches(reply, { ok: true, counts: [-2, 999, 0, 9_007_199_254_740_991] })
    assertEqual(await entriesOf(credential), {
      '=n': '-2',
      '=e': '999',
      '=new': '0',
      '=big': '9007199254740991',
    })
  })

  for (const [text, by] of [
    ['9007199254740991', 1],
    ['-9007199254740991', -1],
    ['9007199254740990', 1.5],
    ['1e300', 1],
    ['9007199254740993', 1],
    ['0', 2 ** 53],
  ] as const)
    test(`refuses a sum that is not exact: ${text} + ${by}`, async () => {
      const credential = await newSession({ '=n': text })
      const reply = await writing(credential, { increment: [['=n', by]], set: [['=b', '2']] })
      assertMatches(reply, { ok: false, why: 'not-a-number' })
      assertEqual(await entriesOf(credential), { '=n': text })
    })

  test('adds fractions, counts up to the largest exact integer, and back from beyond it', async () => {
    const entries = { '=f': '0.5', '=n': '9007199254740990', '=large': '9007199254740992' }
    const credential = await newSession(entries)
    const increment = [
      ['=f', 0.25],
      ['=n', 1],
      ['=large', -1],
    ] as const
    const counts = [0.75, 9_007_199_254_740_991, 9_007_199_254_740_991]
    assertMatches(await writing(credential, { increment }), { ok: true, counts })
  })

  for (const text of [
    '"1"',
    'null',
    'true',
    '[1]',
    '{}',
    '',
    '~1',
    'NaN',
    'Infinity',
    '1e308',
    ' 1',
  ])
    test(`refuses to count from a text that is not a finite number: ${text}`, async () => {
      const entries = { '=n': text, '=a': '1', '=ok': '1' }
      const credential = await newSession(entries)
      const reply = await writing(credential, {
        delete: ['=a'],
        take: ['=a'],
        increment: [
          ['=ok', 1],
          ['=n', 1],
        ],
        set: [['=b', '2']],
      })
      assertMatches(reply, { ok: false, why: 'not-a-number' })
      assertEqual(await entriesOf(credential), entries)
    })

  for (const by of [Number.NaN, Infinity, -Infinity])
    test(`refuses to count by what is not a finite number: ${by}`, async () => {
      const credential = await newSession({ '=n': '1' })
      const reply = await writing(credential, { increment: [['=n', by]], set: [['=b', '2']] })
      assertMatches(reply, { ok: false, why: 'not-a-number' })
      assertEqual(await entriesOf(credential), { '=n': '1' })
    })

  test('counts each of 20 parallel increments', async () => {
    const credential = await newSession()
    const replies = await Promise.all(
      Array.from({ length: 20 }, async () => writing(credential, { increment: [['=n', 1]] })),
    )
    const counts = replies.map((reply) => (reply.ok ? reply.counts[0] : undefined))
    assertEqual(
      counts.toSorted((a = 0, b = 0) => a - b),
      Array.from({ length: 20 }, (_, index) => index + 1),
    )
    assertEqual(await entriesOf(credential), { '=n': '20' })
  })
}
